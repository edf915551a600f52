//! Why a database was not opened, copied or found to be sound.

use std::path::{Path, PathBuf};

/// Why a database was not opened. Each is a sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it.
    #[error(
        "{0} is in use by another invited process: stop that one, or give this one a file of its own"
    )]
    InUse(PathBuf),
    /// Not readable as a database.
    #[error(
        "{0} is damaged or no SQLite database, and was left as it is: to restore, move it and its -wal and -shm \
         files away, put a backup copy in its place, and start again"
    )]
    Damaged(PathBuf),
    /// The log beside it is not its own.
    #[error(
        "{path}{log} is the log of another database or of another time, or damaged, and both were left as they are: \
         to restore, move the -wal, -shm and -journal files away, put a backup copy in the place of {path} unless it \
         is one already, and start again"
    )]
    OtherLog {
        /// The file.
        path: PathBuf,
        /// What the log's name has more.
        log: &'static str,
    },
    /// A database, but not of this service.
    #[error(
        "{0} is a database of another program, and was left as it is: give this one a file of its own or, if it was \
         this one's and is damaged, to restore, put a backup copy in its place"
    )]
    Foreign(PathBuf),
    /// There is none.
    #[error("{0} does not exist: run `invited migrate --database {0}` first")]
    Missing(PathBuf),
    /// Other people could read or change what is in it.
    #[error(
        "{0} can be read or written by others on this machine: take that right away (chmod 600 {0}), \
         and start again"
    )]
    Exposed(PathBuf),
    /// Migrations are missing.
    #[error(
        "{path} has an old schema ({missing} migrations behind): run `invited migrate --database {path}` first"
    )]
    OldSchema {
        /// The file.
        path: PathBuf,
        /// How many migrations.
        missing: usize,
    },
    /// It knows migrations that this build does not.
    #[error(
        "{0} was written by a newer version of invited, or its migrations are not this build's"
    )]
    OtherSchema(PathBuf),
    /// Not all that is to be moved to it is there.
    #[error(
        "{0} has only a part of what is to be moved to it: run the `invited migrate --from .. --to ..` again that was \
         not finished"
    )]
    Unfinished(PathBuf),
    /// A database on a server was not opened.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// The operating system or the engine would not.
    #[error("{path} cannot be opened: {reason}")]
    Io {
        /// The file.
        path: PathBuf,
        /// In the system's words.
        reason: String,
    },
}

impl OpenError {
    /// A failure in the system's own words.
    pub fn io(path: &Path, reason: &dyn std::fmt::Display) -> Self {
        Self::Io {
            path: path.to_owned(),
            reason: reason.to_string(),
        }
    }
}

/// Why a database on a server was not opened. Each is a sentence for the operator.
#[derive(Debug, thiserror::Error)]
#[error("{server} {flaw}")]
pub struct ServerError {
    /// Which, without its password.
    pub server: String,
    /// What is not as it has to be.
    pub flaw: Flaw,
}

/// What keeps a database on a server from being opened.
#[derive(Debug, thiserror::Error)]
pub enum Flaw {
    /// It is not there, does not answer, or lets nobody in.
    #[error("cannot be opened: {0}")]
    Closed(String),
    /// It does not prove who it is.
    #[error(
        "has a certificate that is refused ({0}): the host in the URL must be one of its names (sslmode=verify-full), \
         and sslrootcert name the certificates of its issuer"
    )]
    Certificate(String),
    /// Migrations are missing.
    #[error("has an old schema ({0} migrations behind): run `invited migrate` first")]
    OldSchema(usize),
    /// It knows migrations that this build does not.
    #[error("was written by a newer version of invited, or its migrations are not this build's")]
    OtherSchema,
    /// A database, but not of this service.
    #[error(
        "is a database of another program, and was left as it is: give this one a database of its own"
    )]
    Foreign,
    /// Not all that is to be moved to it is there.
    #[error(
        "has only a part of what is to be moved to it: run the `invited migrate --from .. --to ..` again that was not \
         finished"
    )]
    Unfinished,
    /// It stores text in another way than this build.
    #[error("has the encoding {0}: create the database with the encoding UTF8")]
    Encoding(String),
    /// This machine and the server disagree about the time.
    #[error(
        "has a clock that differs by {0} ms from this machine's, more than 2 seconds: have both follow a time server (chrony, systemd-timesyncd)"
    )]
    Clock(i64),
}

/// Why a database was not copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// It was not opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It is on a server.
    #[error(
        "the database is on a server: back it up and restore it there (pg_dump, pgBackRest), together with the key file"
    )]
    NoFile,
    /// What was read of it is not of a database.
    #[error("the database is damaged")]
    Damaged,
    /// The log grew too long meanwhile.
    #[error(
        "the write-ahead log grew too long meanwhile: try again when less is written, or to a faster disk"
    )]
    LogTooLong,
    /// Somebody asked for it.
    #[error("it was stopped")]
    Stopped,
    /// The operating system would not.
    #[error("{0}")]
    Io(String),
}

/// Why a database is not one to rely on.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It was not opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It holds what must not be.
    #[error("{0}")]
    Unsound(String),
    /// Somebody asked for it.
    #[error("it was stopped")]
    Stopped,
}
