//! How many facts were acknowledged, how many were checked afterwards, and
//! every violation.

use std::{
    fmt,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

/// Counts for all clients together.
#[derive(Default)]
pub struct Report {
    acknowledged: AtomicU64,
    checked: AtomicU64,
    indeterminate: AtomicU64,
    executed: AtomicU64,
    violations: Mutex<Vec<String>>,
}

impl Report {
    pub fn acknowledged(&self, facts: u64) {
        self.acknowledged.fetch_add(facts, Ordering::Relaxed);
    }

    pub fn check(&self, holds: bool, violation: impl FnOnce() -> String) {
        self.checked.fetch_add(1, Ordering::Relaxed);
        if !holds {
            self.violation(violation());
        }
    }

    pub fn violation(&self, what: String) {
        self.violations.lock().unwrap().push(what);
    }

    /// A request without a response turned out to have been executed, or not.
    pub fn resolved(&self, executed: bool) {
        self.indeterminate.fetch_add(1, Ordering::Relaxed);
        self.executed
            .fetch_add(u64::from(executed), Ordering::Relaxed);
    }

    #[track_caller]
    pub fn assert_no_violation(&self, fault: &str) {
        super::say(&format!("{fault}: {self}"));
        let violations = self.violations.lock().unwrap();
        assert!(violations.is_empty(), "{fault}: {}", violations.join("\n"));
        assert!(self.acknowledged.load(Ordering::Relaxed) > 0);
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        write!(
            f,
            "facts acknowledged {}, checked {}, lost {}; responses lost {}, of these executed {}",
            count(&self.acknowledged),
            count(&self.checked),
            self.violations.lock().unwrap().len(),
            count(&self.indeterminate),
            count(&self.executed),
        )
    }
}
