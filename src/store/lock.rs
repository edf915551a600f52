//! One process a database: an advisory lock (`flock`) on the file itself, so
//! that it does not matter by which name the file was opened.
//!
//! The lock is the kernel's: it ends with the process, however that ends. It
//! does not meet the locks that SQLite takes on the same file (`fcntl`), but
//! closing any handle of the file would drop those; hence it must be opened
//! before SQLite opens it, and dropped after SQLite has closed it.

use std::{
    fs::{File, Metadata, OpenOptions, TryLockError},
    io,
    os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt},
    path::Path,
};

use crate::files;

/// Holds the database until it is dropped.
#[derive(Debug)]
pub struct Lock(File);

impl Lock {
    /// Takes the lock of the file at `path`; `None` when another process has it.
    pub fn take(path: &Path) -> io::Result<Option<Self>> {
        Self::of(OpenOptions::new().read(true).write(true).open(path)?)
    }

    /// Takes the lock of a file at `path` that is made for it.
    pub fn create(path: &Path) -> io::Result<Option<Self>> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        // Personal data: for the owner's eyes. SQLite gives its side files the same mode.
        let file = options.mode(0o600).open(path)?;
        files::keep_private(&file)?;
        Self::of(file)
    }

    fn of(file: File) -> io::Result<Option<Self>> {
        match file.try_lock() {
            Ok(()) => Ok(Some(Self(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Who may do what with the file.
    pub fn mode(&self) -> io::Result<u32> {
        Ok(self.0.metadata()?.mode())
    }

    /// The header of the file. It fails where there are fewer bytes.
    pub fn header(&self) -> io::Result<[u8; 100]> {
        let mut header = [0; 100];
        self.0.read_exact_at(&mut header, 0).map(|()| header)
    }

    /// Of the open file, whatever is at its path by now.
    pub fn metadata(&self) -> io::Result<Metadata> {
        self.0.metadata()
    }
}

impl Drop for Lock {
    /// Closing the file would do, unless a child process was forked just now:
    /// until that runs its own program, it holds the same lock.
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}
