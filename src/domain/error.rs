//! What every rule may fail with: the store under it did.

use std::sync::Arc;

/// Why the store could not do what it was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// It cannot read or write now: disk full, input/output error, no connection.
    #[error("the store is unavailable")]
    Unavailable(#[source] Arc<dyn std::error::Error + Send + Sync>),
    /// More work is waiting for it than it will take on.
    #[error("the store has too much to do")]
    Overloaded,
    /// It holds something that cannot be, or a rule asked for nonsense.
    #[error("the store and the rules disagree: {0}")]
    Broken(String),
}

impl StoreError {
    /// No unused identifier was found in as many draws as are made.
    pub fn no_free_id(what: &str) -> Self {
        Self::Broken(format!("no free {what} identifier was drawn"))
    }
}
