//! Why nothing came of what an operator asked for.

use crate::{
    app::backup::BackupError,
    domain::{admin::Refused, audit::Forbidden, error::StoreError},
};

/// Why nothing came of it: each is a sentence for the operator.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AdminError {
    /// What was said cannot be what was meant.
    #[error("{0}")]
    Invalid(String),
    /// What was asked for is not there.
    #[error("{0}")]
    Missing(&'static str),
    /// Nobody knows who asks, or not any more.
    #[error("whoever asks is not logged in")]
    Unauthenticated,
    /// The rules are against it.
    #[error(transparent)]
    Refused(Refused),
    /// The store failed.
    #[error("{}", cause(.0))]
    Store(StoreError),
    /// Something else did.
    #[error("{0}")]
    Failed(String),
}

fn cause(error: &StoreError) -> String {
    match error {
        StoreError::Unavailable(cause) => cause.to_string(),
        error => error.to_string(),
    }
}

impl From<StoreError> for AdminError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Refused> for AdminError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Store(error) => error.into(),
            refused => Self::Refused(refused),
        }
    }
}

impl From<Forbidden> for AdminError {
    fn from(forbidden: Forbidden) -> Self {
        Self::Refused(forbidden.into())
    }
}

impl From<BackupError> for AdminError {
    fn from(error: BackupError) -> Self {
        Self::Failed(error.to_string())
    }
}
