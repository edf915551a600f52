//! What a failure of the engine means, and what is done once it shows that
//! the file is damaged.

use std::sync::{Arc, OnceLock};

use rusqlite::ErrorCode;

use super::identity::Displaced;
use crate::domain::error::StoreError;

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

/// What a check found that no failure had shown.
#[derive(Debug, thiserror::Error)]
#[error(
    "the database is damaged ({0}): stop the server, move the database and its -wal and -shm files away, and put a \
     backup copy in its place"
)]
pub struct Unsound(pub String);

/// The first sign that the file is damaged, or not the one that was opened.
/// From then on nothing is written to it any more: what is sound in it can
/// still be read, and what is not might be overwritten for good.
#[derive(Debug, Clone, Default)]
pub struct Damage(Arc<OnceLock<StoreError>>);

impl Damage {
    /// Takes a failure for a sign, if it is one.
    pub fn note(&self, failure: &StoreError) {
        let StoreError::Unavailable(cause) = failure else {
            return;
        };
        // Only the first is kept.
        if is_damage(failure) && self.0.set(failure.clone()).is_ok() {
            tracing::error!(%cause, "nothing is written to the database any more");
        }
    }

    /// That sign, once there was one.
    pub fn sign(&self) -> Option<StoreError> {
        self.0.get().cloned()
    }
}

/// Whether it is a sign of damage.
pub fn is_damage(failure: &StoreError) -> bool {
    matches!(failure, StoreError::Unavailable(cause)
        if cause.is::<Damaged>() || cause.is::<Unsound>() || cause.is::<Displaced>())
}

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
