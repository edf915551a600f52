//! What is done once a failure shows that the file is damaged.

use std::sync::{Arc, OnceLock};

use super::{error::Damaged, identity::Displaced};
use crate::domain::error::StoreError;

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
