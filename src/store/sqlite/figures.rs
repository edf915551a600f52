//! What there is to know of the database from outside.

use std::{
    fs,
    path::Path,
    sync::atomic::{AtomicU32, AtomicU64, Ordering},
    time::{Duration, Instant},
};

/// All of it.
#[derive(Debug, Clone, Copy)]
pub struct Figures {
    /// Bytes of the write-ahead log.
    pub log_bytes: u64,
    /// For how long it could not be merged.
    pub log_blocked: Duration,
    /// Whether nothing is written any more, because of damage or of what became of the file.
    pub is_stopped: bool,
    /// What came of the check after the start.
    pub check: Option<Outcome>,
}

/// What came of the check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It goes on.
    Running,
    /// Nothing was found.
    Sound,
    /// Something was found.
    Damaged,
    /// It could not be finished.
    Unfinished,
}

impl Outcome {
    /// In a word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Sound => "sound",
            Self::Damaged => "damaged",
            Self::Unfinished => "unfinished",
        }
    }
}

/// What whoever looks after the log knows of it.
#[derive(Debug, Default)]
pub struct LogFigures {
    /// Its bytes.
    pub bytes: AtomicU64,
    /// For how many seconds it could not be merged.
    pub blocked: AtomicU64,
    /// How many frames it has if it could not be merged; else 0.
    pub held: AtomicU32,
}

impl LogFigures {
    /// Looks at the log once a second.
    pub fn look(&self, log: &Path, is_blocked: bool) {
        let bytes = fs::metadata(log).map_or(0, |log| log.len());
        self.bytes.store(bytes, Ordering::Relaxed);
        if is_blocked {
            self.blocked.fetch_add(1, Ordering::Relaxed);
        } else {
            self.blocked.store(0, Ordering::Relaxed);
        }
    }
}

/// This instant.
#[expect(
    clippy::disallowed_methods,
    reason = "how often files are looked after is the machine's affair, not the service's"
)]
pub fn now() -> Instant {
    Instant::now()
}
