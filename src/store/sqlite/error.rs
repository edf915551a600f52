//! What a failure of the engine means.

use std::{path::Path, sync::Arc};

use rusqlite::ErrorCode;

use crate::{domain::error::StoreError, store::error::OpenError};

/// Sorts an engine's failure: what the rules got wrong is `Broken`, all else
/// is the machine's, and may pass.
pub fn failed(error: rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch | ErrorCode::ApiMisuse) => {
            StoreError::Broken(error.to_string())
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            StoreError::Unavailable(Arc::new(Damaged(error)))
        }
        Some(_) => StoreError::Unavailable(Arc::new(error)),
        None => StoreError::Broken(error.to_string()),
    }
}

/// A failure of the machine's, which may pass.
pub fn unavailable(error: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::Unavailable(Arc::new(error))
}

/// The file is damaged somewhere, which shows only when that place is read.
#[derive(Debug, thiserror::Error)]
#[error(
    "{0}: stop the server, move the database and its -wal and -shm files away, and put a backup copy in its place"
)]
pub struct Damaged(rusqlite::Error);

/// Whether there was no room left.
pub fn is_full(failure: &StoreError) -> bool {
    let StoreError::Unavailable(cause) = failure else {
        return false;
    };
    let cause = cause
        .downcast_ref()
        .and_then(rusqlite::Error::sqlite_error_code);
    cause == Some(ErrorCode::DiskFull)
}

impl OpenError {
    /// A failure of SQLite's, which knows damage when it meets it.
    pub fn sqlite(path: &Path, error: &rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                Self::Damaged(path.to_owned())
            }
            _ => Self::io(path, error),
        }
    }

    /// A failure of the store's, while it was opened.
    pub fn store(path: &Path, error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(cause) if cause.is::<Damaged>() => {
                Self::Damaged(path.to_owned())
            }
            StoreError::Unavailable(cause) => Self::io(path, &cause),
            error => Self::io(path, &error),
        }
    }
}
