//! Whether the files at their paths are still those that are open.
//!
//! What is written to a file that was moved, removed or replaced is lost with
//! the process, and nothing tells: the system goes on reading and writing it.
//! So device and inode are compared after every commit, before it is answered,
//! and once a second. A file that is overwritten in its place keeps both; it
//! is known by its header, which only a merge of the log changes.

use std::{
    fs,
    io::{self, ErrorKind},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf, absolute},
    sync::Arc,
};

use super::{
    mark::{self, Fit},
    wal::{Header, beside},
};
use crate::store::lock::Lock;

/// What became of the files.
#[derive(Debug, thiserror::Error)]
pub enum Displaced {
    /// The path leads elsewhere.
    #[error(
        "{0} is no longer the file that was opened: it, or a folder above it, was moved, removed or replaced. What was \
         answered until then is in the file that was moved. Stop the server, put the right file in its place \
         (with the -wal file that belongs to it, or none), and start again"
    )]
    Database(PathBuf),
    /// The path leads there, but somebody has written to it.
    #[error(
        "{0} was overwritten while it was open: stop the server, move it and its -wal and -shm files away, put a \
         backup copy in its place, and start again"
    )]
    Overwritten(PathBuf),
    /// A side file was taken away.
    #[error(
        "{path} is no longer the file that was opened: it was moved, removed or replaced. Stop the server, move the \
         -wal and -shm files away, and start again: {}", outcome(*.is_merged)
    )]
    Side {
        /// Which.
        path: PathBuf,
        /// Whether all of the log is in the database.
        is_merged: bool,
    },
}

fn outcome(is_merged: bool) -> &'static str {
    if is_merged {
        "the database holds all that was answered"
    } else {
        "what was answered lately could not be merged into the database, and is lost with the server"
    }
}

/// The database and its side files, as they were opened.
#[derive(Clone)]
pub struct Files {
    lock: Arc<Lock>,
    /// As it was given, whatever the working folder is by now.
    path: PathBuf,
    sides: [(PathBuf, Option<Identity>); 2],
    /// The header and the length of the file when it was looked at last.
    seen: Option<(Header, u64)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Identity {
    device: u64,
    inode: u64,
}

impl Files {
    /// The files of the database at `path`. Each of them is there by now.
    pub fn of(path: &Path, lock: Arc<Lock>) -> io::Result<Self> {
        let path = absolute(path)?;
        let side = |ending| {
            let path = beside(&path, ending);
            identity(&path).map(|identity| (path, identity))
        };
        Ok(Self {
            sides: [side("-wal")?, side("-shm")?],
            path,
            seen: None,
            lock,
        })
    }

    /// The lock, which has the database open.
    pub fn lock(&self) -> &Lock {
        &self.lock
    }

    /// Where the log is.
    pub fn log(&self) -> &Path {
        &self.sides[0].0
    }

    /// Remembers what the file is like after the log was merged into it.
    pub fn note(&mut self) -> io::Result<()> {
        self.seen = Some(self.state()?);
        Ok(())
    }

    /// Whether the file is as it was when it was looked at last.
    pub fn is_as_noted(&self) -> bool {
        self.seen.is_some() && self.state().ok() == self.seen
    }

    /// What became of the files, if they are not where they were. While the
    /// log is merged elsewhere, the database changes without having been overwritten.
    pub fn displaced(&mut self, is_merging: bool) -> io::Result<Option<Displaced>> {
        let opened = Identity::of(&self.lock.metadata()?);
        if identity(&self.path)? != Some(opened) {
            return Ok(Some(Displaced::Database(self.path.clone())));
        }
        for (path, opened) in &self.sides {
            if identity(path)? != *opened {
                return Ok(Some(Displaced::Side {
                    path: path.clone(),
                    is_merged: false,
                }));
            }
        }
        if !is_merging && self.is_overwritten()? {
            return Ok(Some(self.overwritten()));
        }
        Ok(None)
    }

    /// Whether the file is in a state that this log does not lead to. It may
    /// be in another than it was: others can merge the log, too.
    fn is_overwritten(&mut self) -> io::Result<bool> {
        let state = match self.state() {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(true),
            state => state?,
        };
        if self.seen == Some(state) {
            return Ok(false);
        }
        let (header, length) = state;
        let fit = mark::fit(&header, length, self.log())?;
        // Unless it was looked at in the middle of such a merge.
        if fit != Fit::Good && self.state()? == state {
            return Ok(true);
        }
        self.seen = (fit == Fit::Good).then_some(state);
        Ok(false)
    }

    /// That the database was overwritten.
    pub fn overwritten(&self) -> Displaced {
        Displaced::Overwritten(self.path.clone())
    }

    /// Whether the database is in a state that its log does not lead to.
    pub fn is_not_of_its_log(&self) -> bool {
        // The writer may begin the log anew while it is read here, but not twice.
        (0..2).all(|_| {
            let fits = |(header, length): (Header, u64)| mark::fit(&header, length, self.log());
            matches!(self.state().and_then(fits), Ok(fit) if fit != Fit::Good)
        })
    }

    fn state(&self) -> io::Result<(Header, u64)> {
        Ok((self.lock.header()?, self.lock.metadata()?.len()))
    }
}

impl Identity {
    fn of(file: &fs::Metadata) -> Self {
        Self {
            device: file.dev(),
            inode: file.ino(),
        }
    }
}

/// Of the file that a path leads to, if it leads to one.
fn identity(path: &Path) -> io::Result<Option<Identity>> {
    match fs::metadata(path) {
        Ok(file) => Ok(Some(Identity::of(&file))),
        Err(error) if is_absence(error.kind()) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_absence(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::NotFound | ErrorKind::NotADirectory)
}
