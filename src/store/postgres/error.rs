//! What a failure of the server means, or of the way to it.

use std::sync::Arc;

use tokio_postgres::error::{DbError, SqlState};

use crate::domain::error::StoreError;

/// Why a transaction ended before its end.
#[derive(Debug, Clone)]
pub struct Failure {
    /// What comes of it.
    pub kind: Kind,
    /// As the rules are told.
    pub error: StoreError,
}

/// What comes of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Nothing was kept, and it may be run again at once: others were in the way.
    Conflict,
    /// The connection is of no use any more. What was not sent was not kept.
    Lost,
    /// It would fail again.
    Final,
}

/// The server did not answer in time.
#[derive(Debug, thiserror::Error)]
#[error("the database does not answer")]
pub struct Silent;

impl Failure {
    /// The server did not answer in time. It may do so yet, so the connection is lost.
    pub fn silent() -> Self {
        Self {
            kind: Kind::Lost,
            error: unavailable(Silent),
        }
    }

    /// What this build cannot read, or what a rule got wrong.
    pub fn broken(what: &dyn std::fmt::Display) -> Self {
        Self {
            kind: Kind::Final,
            error: StoreError::Broken(what.to_string()),
        }
    }
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        let kind = match error.as_db_error() {
            Some(refused) => kind_of(refused),
            // A value that does not fit its parameter was never sent.
            None if is_of_ours(&error) => Kind::Final,
            None => Kind::Lost,
        };
        let error = match kind {
            Kind::Final => StoreError::Broken(reason(&error)),
            Kind::Conflict | Kind::Lost => unavailable(Refused(reason(&error))),
        };
        Self { kind, error }
    }
}

/// What is violated where an identifier is taken that was drawn. The next is another.
const DRAWN: &str = "sessions_pkey";

fn kind_of(refused: &DbError) -> Kind {
    let state = refused.code();
    let class = &state.code()[..2];
    if [
        &SqlState::T_R_SERIALIZATION_FAILURE,
        &SqlState::T_R_DEADLOCK_DETECTED,
        &SqlState::LOCK_NOT_AVAILABLE,
    ]
    .contains(&state)
        || (*state == SqlState::UNIQUE_VIOLATION && refused.constraint() == Some(DRAWN))
    {
        return Kind::Conflict;
    }
    match class {
        // The connection, the server's resources, an operator who ends it, the
        // system under it; a plan of before a migration, a statement that a pooler
        // prepared elsewhere, a server that is a standby by now.
        "08" | "53" | "57" | "58" | "XX" | "0A" | "26" | "25" => Kind::Lost,
        _ => Kind::Final,
    }
}

fn is_of_ours(error: &tokio_postgres::Error) -> bool {
    let text = error.to_string();
    text.starts_with("error serializing parameter") || text.starts_with("expected ")
}

/// A failure, in the server's own words. Its details, which may be of people, are left out.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Refused(String);

/// What the server, or the system, says of it.
pub fn reason(error: &tokio_postgres::Error) -> String {
    if let Some(refused) = error.as_db_error() {
        return format!("{} (SQLSTATE {})", refused.message(), refused.code().code());
    }
    let cause = std::error::Error::source(error);
    cause.map_or_else(|| error.to_string(), ToString::to_string)
}

/// A failure that may pass.
pub fn unavailable(error: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::Unavailable(Arc::new(error))
}
