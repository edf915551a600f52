//! What there is to know of the database from outside.

use std::{
    fs,
    path::Path,
    sync::atomic::{AtomicU32, AtomicU64, Ordering},
    time::{Duration, Instant},
};

/// All of it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Figures {
    /// Bytes of the database.
    pub database_bytes: u64,
    /// Bytes that are left where it is.
    pub disk_free_bytes: u64,
    /// Bytes of the write-ahead log.
    pub log_bytes: u64,
    /// For how long it could not be merged.
    pub log_blocked: Duration,
    /// Whether nothing is written any more, because of damage or of what became of the file.
    pub is_stopped: bool,
    /// What came of the check after the start.
    pub check: Option<Outcome>,
    /// Transactions that wait for the writer.
    pub queue: u64,
    /// What was committed since the start.
    pub commits: Commits,
}

/// What was committed, and how long it took.
#[derive(Debug, Clone, Copy, Default)]
pub struct Commits {
    /// How often was committed.
    pub commits: u64,
    /// How many transactions.
    pub transactions: u64,
    /// How long that took, the transactions themselves included.
    pub time: Duration,
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

/// What the writer has to do, and has done.
#[derive(Debug, Default)]
pub struct Load {
    /// Transactions that wait for it.
    pub queue: AtomicU64,
    commits: AtomicU64,
    transactions: AtomicU64,
    micros: AtomicU64,
}

impl Load {
    /// Notes a commit of so many transactions, begun then.
    pub fn note(&self, transactions: usize, begun: Instant) {
        let micros = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.transactions
            .fetch_add(transactions as u64, Ordering::Relaxed);
        self.micros.fetch_add(micros, Ordering::Relaxed);
    }

    /// What was committed so far.
    pub fn commits(&self) -> Commits {
        Commits {
            commits: self.commits.load(Ordering::Relaxed),
            transactions: self.transactions.load(Ordering::Relaxed),
            time: Duration::from_micros(self.micros.load(Ordering::Relaxed)),
        }
    }
}

/// Bytes of the file at a path, and how many are left on its disk.
pub fn room(path: &Path) -> (u64, u64) {
    let bytes = fs::metadata(path).map_or(0, |file| file.len());
    let free = rustix::fs::statvfs(path);
    (bytes, free.map_or(0, |disk| disk.f_bavail * disk.f_frsize))
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
    /// How many of this process read for long, and keep it from being begun anew.
    own: AtomicU32,
}

/// A long read of this process, until it is dropped.
pub struct OwnRead<'a>(&'a LogFigures);

impl Drop for OwnRead<'_> {
    fn drop(&mut self) {
        self.0.own.fetch_sub(1, Ordering::Relaxed);
    }
}

impl LogFigures {
    /// Begins a long read of this process.
    pub fn begin_read(&self) -> OwnRead<'_> {
        self.own.fetch_add(1, Ordering::Relaxed);
        OwnRead(self)
    }

    /// Whether there is one.
    pub fn has_own_read(&self) -> bool {
        self.own.load(Ordering::Relaxed) > 0
    }

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
