//! Looks through the whole database once after the start, for damage that
//! nobody may ever read: slowly, so that nobody notices.
//!
//! It holds one read transaction, which keeps the log from being begun anew.
//! Once the log is too long for that it starts over and takes less time, and
//! at full speed it gives up before the log has its greatest length.

use std::{
    path::Path,
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use rusqlite::{Connection, ErrorCode};

use super::{
    damage::{Damage, Unsound},
    error::{failed, unavailable},
    figures::{LogFigures, Outcome, now},
    length::Length,
    open,
};
use crate::{domain::error::StoreError, store::error::OpenError};

/// How much of its time the check works: first the one, then the next.
const SHARES: [u32; 3] = [4, 2, 1];
/// Steps of SQLite's between two looks at the clock.
const STEPS: i32 = 500;
/// How long it works before it rests.
const SPELL: Duration = Duration::from_millis(2);
/// How long it waits for the log to be merged before it starts over.
const BREAK: Duration = Duration::from_secs(2);
/// KiB of pages that it may hold.
const CACHE: i64 = 512;

/// What SQLite says of a database without flaws.
const SOUND: &str = "ok";

/// The check. Dropping it ends it.
pub struct Check {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    outcome: Mutex<Outcome>,
    stopping: Mutex<bool>,
    stop: Condvar,
    log: Arc<LogFigures>,
    length: Length,
}

impl Check {
    /// Begins to check the database at `path`. What is found is noted.
    pub fn start(
        path: &Path,
        damage: Damage,
        log: Arc<LogFigures>,
        length: Length,
    ) -> Result<Self, OpenError> {
        let connection = open::reader(path)?;
        let sqlite = |error| OpenError::sqlite(path, &error);
        let cache = connection.pragma_update(None, "cache_size", -CACHE);
        cache.map_err(sqlite)?;
        let shared = Arc::new(Shared {
            outcome: Mutex::new(Outcome::Running),
            stopping: Mutex::new(false),
            stop: Condvar::new(),
            log,
            length,
        });
        let its = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("check".to_owned())
            .spawn(move || its.run(&connection, &damage))
            .map_err(|error| OpenError::io(path, &error))?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// What came of it so far.
    pub fn outcome(&self) -> Outcome {
        *lock(&self.shared.outcome)
    }
}

impl Drop for Check {
    fn drop(&mut self) {
        *lock(&self.shared.stopping) = true;
        self.shared.stop.notify_all();
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was reported when it happened.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn run(self: &Arc<Self>, connection: &Connection, damage: &Damage) {
        tracing::debug!("checking the database in the background");
        let begun = now();
        let checked = self.check(connection);
        let seconds = begun.elapsed().as_secs();
        let outcome = match checked {
            Ok(Some(found)) if found == SOUND => {
                tracing::info!(seconds, "checked the database: it is sound");
                Outcome::Sound
            }
            Ok(Some(found)) => {
                damage.note(&unavailable(Unsound(found)));
                Outcome::Damaged
            }
            Ok(None) => {
                tracing::info!(seconds, "the check of the database was not finished");
                Outcome::Unfinished
            }
            Err(failure) => {
                damage.note(&failure);
                let cause = std::error::Error::source(&failure).map(ToString::to_string);
                tracing::warn!(cause, "the check of the database failed");
                Outcome::Unfinished
            }
        };
        *lock(&self.outcome) = outcome;
    }

    /// What SQLite says of the database; nothing if there was no time to find out.
    fn check(self: &Arc<Self>, connection: &Connection) -> Result<Option<String>, StoreError> {
        for share in SHARES {
            let held = Arc::new(AtomicBool::new(false));
            let mut pace = Pace {
                shared: Arc::clone(self),
                held: Arc::clone(&held),
                share,
                since: now(),
            };
            let handler = connection.progress_handler(STEPS, Some(move || !pace.goes_on()));
            handler.map_err(failed)?;
            let first = |row: &rusqlite::Row<'_>| row.get::<_, String>(0);
            let _read = self.log.begin_read();
            match connection.query_row("PRAGMA quick_check(1)", [], first) {
                Ok(found) => {
                    let last = found.lines().next_back().unwrap_or_default();
                    return Ok(Some(last.to_owned()));
                }
                Err(error)
                    if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) => {}
                Err(error) => return Err(failed(error)),
            }
            if !held.load(Ordering::Relaxed) || self.rests(BREAK) {
                break;
            }
        }
        Ok(None)
    }

    /// Rests, and says whether it is time to stop.
    fn rests(&self, time: Duration) -> bool {
        let stopping = lock(&self.stopping);
        let rested = self
            .stop
            .wait_timeout_while(stopping, time, |stopping| !*stopping);
        *rested.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// How fast one go of it is.
struct Pace {
    shared: Arc<Shared>,
    /// Whether it was broken off for the log's sake.
    held: Arc<AtomicBool>,
    share: u32,
    since: Instant,
}

impl Pace {
    fn goes_on(&mut self) -> bool {
        let worked = self.since.elapsed();
        if worked < SPELL {
            return true;
        }
        let length = self.shared.length;
        let most = if self.share > 1 {
            length.usual + length.usual / 2
        } else {
            length.most / 2
        };
        if self.shared.log.held.load(Ordering::Relaxed) >= most {
            self.held.store(true, Ordering::Relaxed);
            return false;
        }
        let stops = self.shared.rests(worked * (self.share - 1));
        self.since = now();
        !stops
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
