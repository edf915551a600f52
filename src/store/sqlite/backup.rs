//! Copies the database while it is written to: SQLite's online backup, in steps,
//! from one read transaction, so that no write makes it begin anew.
//!
//! Writers do not wait for it. But the log cannot be begun anew meanwhile, so
//! that the copy is given up before the log has its greatest length.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError, atomic::Ordering},
};

use rusqlite::{
    Connection, ErrorCode, OpenFlags,
    backup::{Backup, StepResult},
};

use super::{
    figures::LogFigures,
    length::LENGTH,
    migrate,
    open::{self, Absent},
    transaction::Scope,
};
use crate::store::{
    error::{CopyError, OpenError},
    progress::Progress,
};

/// Pages of a step: a megabyte.
const STEP: i32 = 256;

/// A connection to copy from. Like every other one it is opened at once, for
/// what is at the path later may be another file.
pub struct Source {
    connection: Mutex<Connection>,
    log: Arc<LogFigures>,
}

impl Source {
    /// A connection to the database at `path`, which has this log.
    pub fn open(path: &Path, log: Arc<LogFigures>) -> Result<Self, OpenError> {
        Ok(Self {
            connection: Mutex::new(open::reader(path)?),
            log,
        })
    }

    /// See [`crate::store::Store::copy`].
    pub fn copy(&self, to: &Path, progress: &Progress) -> Result<(), CopyError> {
        let connection = self.connection.lock();
        let connection = connection.unwrap_or_else(PoisonError::into_inner);
        let has_room = || self.log.held.load(Ordering::Relaxed) < LENGTH.most / 2;
        let _read = self.log.begin_read();
        copy(&connection, to, progress, &has_room)
    }
}

/// See [`crate::store::Store::copy_closed`].
pub fn copy_closed(path: &Path, to: &Path, progress: &Progress) -> Result<(), CopyError> {
    let (_lock, connection) = open::exclusively(path, Absent::Refuse)?;
    migrate::require_known(path, &connection)?;
    copy(&connection, to, progress, &|| true)
}

fn copy(
    from: &Connection,
    to: &Path,
    progress: &Progress,
    has_room: &dyn Fn() -> bool,
) -> Result<(), CopyError> {
    let flags = OpenFlags::SQLITE_OPEN_CREATE | open::FLAGS;
    let mut target = Connection::open_with_flags(to, flags).map_err(|error| failed(&error))?;
    // What is left of it after a crash is removed: nothing of it need ever be rolled back.
    target
        .execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")
        .map_err(|error| failed(&error))?;
    let _scope = Scope::begin(from, "BEGIN DEFERRED").map_err(|error| failed(&error))?;
    // The transaction begins with its first read.
    let size: u32 = from
        .pragma_query_value(None, "page_size", |row| row.get(0))
        .map_err(|error| failed(&error))?;
    from.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
        .map_err(|error| failed(&error))?;
    let backup = Backup::new(from, &mut target).map_err(|error| failed(&error))?;
    let mut done = 0;
    loop {
        let step = backup.step(STEP).map_err(|error| failed(&error))?;
        let pages = backup.progress().pagecount - backup.progress().remaining;
        let new = u64::try_from(pages - done).unwrap_or(0);
        progress.advance(new * u64::from(size));
        done = pages;
        match step {
            StepResult::Done => return Ok(()),
            _ if progress.is_stopped() => return Err(CopyError::Stopped),
            _ if !has_room() => return Err(CopyError::LogTooLong),
            _ => {}
        }
    }
}

/// Which of the two files it is that a failure is of.
fn failed(error: &rusqlite::Error) -> CopyError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => CopyError::Damaged,
        _ => CopyError::Io(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_is_written_meanwhile_is_not_in_it_and_makes_nothing_begin_anew() {
        let folder = tempfile::TempDir::new().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        migrate::run(&from).unwrap();
        let (_lock, writer) = open::exclusively(&from, Absent::Refuse).unwrap();
        let write = |count: u32| {
            let row = "INSERT INTO retired_users SELECT coalesce(max(id), 0) + 1, hex(randomblob(1500)) FROM retired_users";
            for _ in 0..count {
                writer.execute(row, []).unwrap();
            }
        };
        writer.execute_batch("PRAGMA synchronous = OFF").unwrap();
        write(3 * STEP.unsigned_abs());
        let (progress, steps) = (Progress::default(), std::cell::Cell::new(0));
        let meanwhile = || {
            write(1);
            steps.set(steps.get() + 1);
            // If it began anew each time, it would never end.
            steps.get() < 100
        };
        copy(&open::reader(&from).unwrap(), &to, &progress, &meanwhile).unwrap();
        assert!(steps.get() > 2);
        assert_eq!(progress.so_far().0, fs::metadata(&to).unwrap().len());
        let rows: u32 = Connection::open(&to)
            .and_then(|copy| {
                copy.query_row("SELECT count(*) FROM retired_users", [], |row| row.get(0))
            })
            .unwrap();
        assert_eq!(rows, 3 * STEP.unsigned_abs());
    }

    #[test]
    fn it_is_given_up_when_it_is_stopped_or_the_log_is_too_long() {
        let folder = tempfile::TempDir::new().unwrap();
        let from = folder.path().join("from");
        migrate::run(&from).unwrap();
        let (_lock, writer) = open::exclusively(&from, Absent::Refuse).unwrap();
        writer
            .execute_batch(
                "CREATE TABLE filler (bytes); INSERT INTO filler VALUES (randomblob(3000000));",
            )
            .unwrap();
        let (source, progress) = (open::reader(&from).unwrap(), Progress::default());
        let too_long = copy(&source, &folder.path().join("one"), &progress, &|| false);
        assert!(
            matches!(too_long, Err(CopyError::LogTooLong)),
            "{too_long:?}"
        );
        progress.stop();
        let stopped = copy(&source, &folder.path().join("two"), &progress, &|| true);
        assert!(matches!(stopped, Err(CopyError::Stopped)), "{stopped:?}");
    }
}
