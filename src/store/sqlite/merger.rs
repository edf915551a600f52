//! Merges the log on a thread of its own, while the writer goes on.
//!
//! That is nearly all of the work. What is committed during the last round is
//! left to the writer, since a log is begun anew only once all of it is in the
//! database.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
};

use rusqlite::Connection;

use super::{identity::Files, open};
use crate::store::error::OpenError;

/// How often the log is merged in a row at most.
const ROUNDS: usize = 8;
/// Frames that the writer merges without anybody noticing.
const FEW: i64 = 128;

/// How far the merging is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nobody asked for it.
    Idle,
    /// It is under way: the database changes without the writer.
    Merging,
    /// It is over; the writer merges the rest.
    Merged,
    /// It is over, and the database did not look like what the log leads to.
    Overwritten,
    /// The thread ends.
    Stopping,
}

/// The thread. Dropping it waits for what is under way.
pub struct Merger {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl Merger {
    /// Starts the thread, which has a connection of its own to the database at `path`.
    pub fn start(path: &Path, files: Files) -> Result<Self, OpenError> {
        let connection = open::reader(path)?;
        let shared = Arc::new(Shared {
            state: Mutex::new(State::Idle),
            changed: Condvar::new(),
        });
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("merger".to_owned())
            .spawn(move || theirs.serve(&connection, &files))
            .map_err(|error| OpenError::io(path, &error))?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// How far it is.
    pub fn state(&self) -> State {
        *self.shared.state()
    }

    /// Has the log merged as it is now, unless that is under way.
    pub fn begin(&self) {
        let mut state = self.shared.state();
        if *state == State::Idle {
            *state = State::Merging;
            self.shared.changed.notify_all();
        }
    }

    /// Waits until nothing is under way.
    pub fn wait(&self) {
        let state = self.shared.state();
        let is_merging = |state: &mut State| *state == State::Merging;
        let waited = self.shared.changed.wait_while(state, is_merging);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    /// Notes that the writer has merged the rest.
    pub fn rest_is_merged(&self) {
        let mut state = self.shared.state();
        if matches!(*state, State::Merged | State::Overwritten) {
            *state = State::Idle;
        }
    }
}

impl Drop for Merger {
    fn drop(&mut self) {
        self.wait();
        *self.shared.state() = State::Stopping;
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was reported when it happened.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, connection: &Connection, files: &Files) {
        loop {
            let has_nothing =
                |state: &mut State| ![State::Merging, State::Stopping].contains(state);
            let state = self.changed.wait_while(self.state(), has_nothing);
            if *state.unwrap_or_else(PoisonError::into_inner) == State::Stopping {
                return;
            }
            // If it fails, the writer finds out why when it merges the rest. It waits for
            // this thread now and then, so that not even a panic may end it.
            let merge = AssertUnwindSafe(|| merge(connection, files));
            let is_overwritten = catch_unwind(merge).unwrap_or(false);
            *self.state() = if is_overwritten {
                State::Overwritten
            } else {
                State::Merged
            };
            self.changed.notify_all();
        }
    }
}

/// Merges the log, again and again until little came meanwhile, and says
/// whether the database is not what it leads to.
fn merge(connection: &Connection, files: &Files) -> bool {
    let mut merged = 0;
    for _ in 0..ROUNDS {
        match merge_once(connection) {
            Ok(frames) if frames > merged + FEW => merged = frames,
            Ok(_) => break,
            Err(_) => return false,
        }
    }
    files.is_not_of_its_log()
}

/// Merges the log as it is now, and says how many frames it had.
fn merge_once(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA main.wal_checkpoint(PASSIVE)", [], |row| row.get(1))
}
