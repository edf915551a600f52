//! Why nothing came of what an operator asked for.

use crate::{
    app::backup::BackupError,
    domain::{admin::Refused, error::StoreError},
};

/// Why nothing came of it: a sentence for the operator.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct AdminError(pub String);

impl From<StoreError> for AdminError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(cause) => Self(cause.to_string()),
            error => Self(error.to_string()),
        }
    }
}

impl From<Refused> for AdminError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Store(error) => error.into(),
            refused => Self(refused.to_string()),
        }
    }
}

impl From<BackupError> for AdminError {
    fn from(error: BackupError) -> Self {
        Self(error.to_string())
    }
}
