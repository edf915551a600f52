//! One process a database: an advisory lock (`flock`) on the file itself, so
//! that it does not matter by which name the file was opened.
//!
//! The lock is the kernel's: it ends with the process, however that ends. It
//! does not meet the locks that SQLite takes on the same file (`fcntl`), but
//! closing any handle of the file would drop those; hence it must be opened
//! before SQLite opens it, and dropped after SQLite has closed it.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

/// Holds the database until it is dropped.
#[derive(Debug)]
pub struct Lock(File);

impl Lock {
    /// Takes the lock of the file at `path`, which is created if there is
    /// none; `None` when another process has it.
    pub fn take(path: &Path) -> io::Result<Option<Self>> {
        // Personal data: for the owner's eyes. SQLite gives its side files the same mode.
        let mut options = OpenOptions::new();
        options
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600);
        let file = options.open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// The first bytes of the file.
    pub fn head<const MOST: usize>(&self) -> io::Result<Vec<u8>> {
        let mut head = Vec::new();
        (&self.0).take(MOST as u64).read_to_end(&mut head)?;
        Ok(head)
    }
}

impl Drop for Lock {
    /// Closing the file would do, unless a child process was forked just now:
    /// until that runs its own program, it holds the same lock.
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}
