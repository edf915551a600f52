//! How many facts were written down, how many were asked for again, and what
//! came of those that were not as they had been told.

use std::{
    fmt,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

/// Counts for all clients together.
#[derive(Default)]
pub struct Tally {
    written: AtomicU64,
    checked: AtomicU64,
    doubts: AtomicU64,
    done: AtomicU64,
    losses: Mutex<Vec<String>>,
}

impl Tally {
    /// A client was told so many facts.
    pub fn told(&self, facts: u64) {
        self.written.fetch_add(facts, Ordering::Relaxed);
    }

    /// A fact was asked for again.
    pub fn check(&self, holds: bool, otherwise: impl FnOnce() -> String) {
        self.checked.fetch_add(1, Ordering::Relaxed);
        if !holds {
            self.lose(otherwise());
        }
    }

    /// Something is not as it was told, or was never to be.
    pub fn lose(&self, what: String) {
        self.losses.lock().unwrap().push(what);
    }

    /// A request whose answer was lost turned out to have been done, or not.
    pub fn settle(&self, done: bool) {
        self.doubts.fetch_add(1, Ordering::Relaxed);
        self.done.fetch_add(u64::from(done), Ordering::Relaxed);
    }

    /// Fails if anything was lost.
    #[track_caller]
    pub fn close(&self, fault: &str) {
        super::say(&format!("{fault}: {self}"));
        let losses = self.losses.lock().unwrap();
        assert!(losses.is_empty(), "{fault}: {}", losses.join("\n"));
        assert!(self.written.load(Ordering::Relaxed) > 0);
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        write!(
            f,
            "facts written down {}, checked {}, lost {}; answers lost {}, of these done {}",
            count(&self.written),
            count(&self.checked),
            self.losses.lock().unwrap().len(),
            count(&self.doubts),
            count(&self.done),
        )
    }
}
