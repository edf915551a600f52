//! Where everything is kept: an enum outside, one transaction inside.
//!
//! Callers hand over a plain synchronous closure and await its outcome. It
//! runs in one transaction, and the outcome arrives only after the commit is
//! durable. A closure may be run more than once (an engine that resolves
//! conflicts by repetition will do so), hence `FnMut`.

mod error;
mod job;
mod lock;
mod progress;
mod schema;
pub mod sqlite;

use std::{
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
};

use tracing::Instrument;

use self::sqlite::Sqlite;
pub use self::{
    error::{CopyError, OpenError, VerifyError},
    progress::Progress,
    schema::{Installation, Migration},
};
use crate::domain::{error::StoreError, session::Bearer, time::Timestamp, tx::Tx, user::Version};

/// Where the store is: an embedded file, so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// An SQLite file.
    Sqlite(PathBuf),
}

impl FromStr for Location {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let path = text.strip_prefix("sqlite:").unwrap_or(text);
        if path.is_empty() {
            return Err("is empty: write the path of a file".to_owned());
        }
        if text.starts_with("postgres:") || text.starts_with("postgresql:") {
            return Err(
                "names a PostgreSQL server, which this build cannot use: write the path of a file"
                    .to_owned(),
            );
        }
        if path.starts_with(':') || path.contains("://") || path.starts_with("file:") {
            return Err("is not the path of a file".to_owned());
        }
        Ok(Self::Sqlite(PathBuf::from(path)))
    }
}

/// The engine that is built in, and its version.
pub fn engine() -> String {
    format!("SQLite {}", rusqlite::version())
}

/// The open store.
pub enum Store {
    /// An SQLite file that this process alone writes to.
    Sqlite(Sqlite),
}

impl Store {
    /// Opens the store to serve from it.
    pub fn open(location: &Location) -> Result<Self, OpenError> {
        let Location::Sqlite(path) = location;
        let sqlite = Sqlite::open(path, sqlite::SERVING)?;
        sqlite.checked(path).map(Self::Sqlite)
    }

    /// Opens a store that was verified just now.
    pub fn open_verified(location: &Location) -> Result<Self, OpenError> {
        let Location::Sqlite(path) = location;
        Sqlite::open(path, sqlite::SERVING).map(Self::Sqlite)
    }

    /// Opens the store to fill it: large transactions, with memory to match.
    pub fn open_to_fill(location: &Location) -> Result<Self, OpenError> {
        let Location::Sqlite(path) = location;
        Sqlite::open(path, sqlite::FILLING).map(Self::Sqlite)
    }

    /// Whose database is there, whatever its schema. Creates and changes nothing.
    pub fn peek(location: &Location) -> Result<Installation, OpenError> {
        let Location::Sqlite(path) = location;
        sqlite::installation::peek(path)
    }

    /// Whose database it was when it was opened.
    pub fn installation(&self) -> &Installation {
        match self {
            Self::Sqlite(sqlite) => &sqlite.installation,
        }
    }

    /// The migrations that were not applied yet.
    pub fn pending(location: &Location) -> Result<Vec<Migration>, OpenError> {
        let Location::Sqlite(path) = location;
        sqlite::migrate::pending(path)
    }

    /// Applies what migrations are missing, and says which those were.
    pub fn migrate(location: &Location) -> Result<Vec<Migration>, OpenError> {
        let Location::Sqlite(path) = location;
        sqlite::migrate::run(path)
    }

    /// Copies it as it is at this instant to a new file, while others go on writing.
    pub fn copy(&self, to: &Path, progress: &Progress) -> Result<(), CopyError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.copy(to, progress),
        }
    }

    /// Copies a store that nobody has open, whatever older schema it has.
    pub fn copy_closed(
        location: &Location,
        to: &Path,
        progress: &Progress,
    ) -> Result<(), CopyError> {
        let Location::Sqlite(path) = location;
        sqlite::backup::copy_closed(path, to, progress)
    }

    /// Looks through all of a store that nobody has open for what must not be.
    pub fn verify(location: &Location, progress: &Arc<Progress>) -> Result<(), VerifyError> {
        let Location::Sqlite(path) = location;
        sqlite::verify::verify(path, progress)
    }

    /// Runs `work` in one transaction that can write: committed on `Ok`,
    /// rolled back on `Err`, answered after that.
    pub async fn write<T, E>(
        &self,
        work: impl FnMut(&mut dyn Tx) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        match self {
            Self::Sqlite(sqlite) => {
                let span = tracing::debug_span!(target: "invited::span", "store.write");
                sqlite.write(work).instrument(span).await
            }
        }
    }

    /// Runs `work` in one transaction that sees one state and changes nothing.
    pub async fn read<T, E>(
        &self,
        work: impl FnMut(&mut dyn Tx) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        match self {
            Self::Sqlite(sqlite) => {
                let span = tracing::debug_span!(target: "invited::span", "store.read");
                sqlite.read(work).instrument(span).await
            }
        }
    }

    /// What stays the same for as long as what was read for this caller after it
    /// was taken would be read again; `None` when the session has ended.
    pub async fn version(&self, bearer: Bearer) -> Result<Option<Version>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => Ok(Some(sqlite.version(bearer.user))),
        }
    }

    /// What there is to know of it from outside.
    pub fn figures(&self) -> sqlite::Figures {
        match self {
            Self::Sqlite(sqlite) => sqlite.figures(),
        }
    }

    /// Whether the store answers: reads something, and writes down that it is `at`.
    pub async fn check(&self, at: Timestamp) -> Result<(), StoreError> {
        self.read(|tx| tx.any_user().map(drop)).await?;
        match self {
            Self::Sqlite(sqlite) => sqlite.try_to_write(at).await,
        }
    }

    /// The latest instant that was written down when the store was opened.
    pub fn latest_time(&self) -> Timestamp {
        match self {
            Self::Sqlite(sqlite) => sqlite.latest_time,
        }
    }
}
