//! Why there is no backup.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::{
    config::ConfigError,
    files,
    store::{CopyError, OpenError},
    token::key_file::KeysError,
};

/// Why there is no backup, or none that can be restored. Each is a sentence for
/// the operator.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// One is made already.
    #[error("a backup is being made already: try again when it is done")]
    Busy,
    /// The server stops.
    #[error("the server stops, and the backup was given up")]
    Stopped,
    /// A panic, which was reported when it happened.
    #[error("the backup broke off: the log says where")]
    Broken,
    /// It would be in the place of another.
    #[error("{0} exists already, and was left as it is: try again")]
    Exists(String),
    /// There is none.
    #[error("{0} is not a backup: name a folder that `invited backup` made")]
    NotOne(PathBuf),
    /// It is not what was written.
    #[error("{0} is damaged and cannot be restored: take another backup")]
    Damaged(PathBuf),
    /// It is encrypted.
    #[error("{0} is encrypted: name the file with the key that it is encrypted to by --identity")]
    Sealed(PathBuf),
    /// It is encrypted, and cannot be decrypted.
    #[error("{path} cannot be decrypted: {reason}")]
    NotOpened {
        /// Which file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A later version made it.
    #[error("{0} was made by a newer version of invited: restore it with that one")]
    Newer(PathBuf),
    /// It can be read, but is not to be relied on.
    #[error("{path} did not pass verification: {reason}")]
    Unsound {
        /// Which.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// The database was not copied.
    #[error("the database was not copied to {path}: {reason}")]
    NotCopied {
        /// The folder that it was to be in.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The disk would be full.
    #[error(
        "{path} has {free} MB free, and a backup takes up to {needed} MB there for a while: make room"
    )]
    NoSpace {
        /// The folder.
        path: PathBuf,
        /// Megabytes that it may take.
        needed: u64,
        /// Megabytes that there are.
        free: u64,
    },
    /// There is none in the bucket.
    #[error("{path} is not a backup: {latest}")]
    NotInBucket {
        /// What was named.
        path: String,
        /// What there is instead.
        latest: String,
    },
    /// The store would not, or was not reached.
    #[error("{target} cannot be used: {reason}")]
    Bucket {
        /// Which.
        target: String,
        /// Why, and what to look at.
        reason: String,
    },
    /// The configuration does not say how a bucket is reached.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The database cannot be opened at all.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The keys cannot be used.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The operating system would not.
    #[error("{path} cannot be used: {reason}")]
    Io {
        /// The file.
        path: PathBuf,
        /// In the system's words.
        reason: String,
    },
}

impl BackupError {
    /// For failures with a file.
    pub fn io(path: &Path) -> impl Fn(io::Error) -> Self {
        |error| Self::Io {
            path: path.to_owned(),
            reason: files::reason(path, &error),
        }
    }

    /// The database was not copied to `path`.
    pub fn not_copied(path: &Path, error: CopyError) -> Self {
        match error {
            CopyError::Open(error) => error.into(),
            CopyError::Stopped => Self::Stopped,
            error => Self::NotCopied {
                path: path.to_owned(),
                reason: error.to_string(),
            },
        }
    }
}
