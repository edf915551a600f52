//! One process a database: an advisory lock on a file beside it.
//!
//! Not on the database file itself: closing any handle of that file would
//! drop the locks that SQLite holds on it (POSIX, `fcntl`). The lock is the
//! kernel's, so it ends with the process, however that ends.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
};

/// Holds the database until it is dropped.
#[derive(Debug)]
pub struct Lock(File);

impl Lock {
    /// Takes the lock; `None` when another process has it.
    pub fn take(database: &Path) -> io::Result<Option<Self>> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(Self::path(database))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn path(database: &Path) -> PathBuf {
        let mut path = database.as_os_str().to_owned();
        path.push(".lock");
        path.into()
    }
}

impl Drop for Lock {
    /// Closing the file would do, unless a child process was forked just now:
    /// until that runs its own program, it holds the same lock.
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}
