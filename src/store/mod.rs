//! Where everything is kept: an enum outside, one transaction inside.
//!
//! Callers hand over a plain synchronous closure and await its outcome. It
//! runs in one transaction, and the outcome arrives only after the commit is
//! durable. A closure may be run more than once (an engine that resolves
//! conflicts by repetition will do so), hence `FnMut`.

mod error;
mod figures;
mod job;
mod lock;
pub mod postgres;
mod progress;
mod schema;
pub mod sqlite;
pub mod transfer;

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
};

use tracing::Instrument;

pub use self::{
    error::{CopyError, OpenError, VerifyError},
    figures::Figures,
    progress::Progress,
    schema::{Installation, Migration},
};
use self::{
    postgres::{Pace, Postgres, server::Server},
    sqlite::Sqlite,
};
use crate::domain::{
    error::StoreError, session::Bearer, time::Timestamp, tx::Tx, version::Version,
};

/// Where the store is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// An SQLite file.
    Sqlite(PathBuf),
    /// A database on a server that speaks PostgreSQL's protocol.
    Postgres(Box<Server>),
}

/// Beside which files are kept where the database is none.
const PLACE: &str = "invited.db";

impl Location {
    /// The database's file, if it is one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Sqlite(path) => Some(path),
            Self::Postgres(_) => None,
        }
    }

    /// Beside which the service keeps its own files: the database or, where that
    /// is on a server, what would be the database in the working directory.
    pub fn place(&self) -> &Path {
        self.file().unwrap_or(Path::new(PLACE))
    }
}

/// Without a password.
impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => path.display().fmt(f),
            Self::Postgres(server) => server.fmt(f),
        }
    }
}

impl FromStr for Location {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(Box::new(text.parse()?)));
        }
        let path = text.strip_prefix("sqlite:").unwrap_or(text);
        if path.is_empty() {
            return Err("is empty: write the path of a file".to_owned());
        }
        if path.starts_with(':') || path.contains("://") || path.starts_with("file:") {
            return Err("is not the path of a file, nor the URL of a PostgreSQL server".to_owned());
        }
        Ok(Self::Sqlite(PathBuf::from(path)))
    }
}

/// What is spoken to, and the engine that is built in, with its version.
pub fn engines() -> String {
    format!("PostgreSQL, SQLite {}", rusqlite::version())
}

/// The open store.
pub enum Store {
    /// An SQLite file that this process alone writes to.
    Sqlite(Box<Sqlite>),
    /// A database that other nodes write to as well.
    Postgres(Postgres),
}

impl Store {
    /// Opens the store to serve from it.
    pub fn open(location: &Location) -> Result<Self, OpenError> {
        match location {
            Location::Sqlite(path) => {
                let sqlite = Sqlite::open(path, sqlite::SERVING)?;
                Ok(Self::Sqlite(Box::new(sqlite.checked(path)?)))
            }
            Location::Postgres(server) => Postgres::open(server, Pace::Serving).map(Self::Postgres),
        }
    }

    /// Opens a file that was verified just now.
    pub fn open_verified(path: &Path) -> Result<Self, OpenError> {
        let sqlite = Sqlite::open(path, sqlite::SERVING)?;
        Ok(Self::Sqlite(Box::new(sqlite)))
    }

    /// Opens the store to fill it: large transactions, with memory and time to match.
    pub fn open_to_fill(location: &Location) -> Result<Self, OpenError> {
        match location {
            Location::Sqlite(path) => {
                let sqlite = Sqlite::open(path, sqlite::FILLING)?;
                Ok(Self::Sqlite(Box::new(sqlite)))
            }
            Location::Postgres(server) => Postgres::open(server, Pace::Filling).map(Self::Postgres),
        }
    }

    /// Whose database is there, whatever its schema. Creates and changes nothing.
    pub fn peek(location: &Location) -> Result<Installation, OpenError> {
        match location {
            Location::Sqlite(path) => sqlite::installation::peek(path),
            Location::Postgres(server) => postgres::apart(|| postgres::open::peek(server)),
        }
    }

    /// Whose database it was when it was opened.
    pub fn installation(&self) -> &Installation {
        match self {
            Self::Sqlite(sqlite) => &sqlite.installation,
            Self::Postgres(postgres) => postgres.installation(),
        }
    }

    /// The migrations that were not applied yet.
    pub fn pending(location: &Location) -> Result<Vec<Migration>, OpenError> {
        match location {
            Location::Sqlite(path) => sqlite::migrate::pending(path),
            Location::Postgres(server) => postgres::apart(|| postgres::migrate::pending(server)),
        }
    }

    /// Applies what migrations are missing, and says which those were.
    pub fn migrate(location: &Location) -> Result<Vec<Migration>, OpenError> {
        match location {
            Location::Sqlite(path) => sqlite::migrate::run(path),
            Location::Postgres(server) => postgres::apart(|| postgres::migrate::run(server)),
        }
    }

    /// The same before it is served from. Left to [`Self::migrate`] where several
    /// who migrate at once could not wait for one another.
    pub fn migrate_to_serve(location: &Location) -> Result<Vec<Migration>, OpenError> {
        match location {
            Location::Sqlite(path) => sqlite::migrate::run(path),
            Location::Postgres(server) => {
                postgres::apart(|| postgres::migrate::run_to_serve(server))
            }
        }
    }

    /// Whether other nodes may use it at the same time.
    pub fn is_shared(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// Copies it as it is at this instant to a new file, while others go on writing.
    pub fn copy(&self, to: &Path, progress: &Progress) -> Result<(), CopyError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.copy(to, progress),
            Self::Postgres(_) => Err(CopyError::NoFile),
        }
    }

    /// Copies a store that nobody has open, whatever older schema it has.
    pub fn copy_closed(
        location: &Location,
        to: &Path,
        progress: &Progress,
    ) -> Result<(), CopyError> {
        let path = location.file().ok_or(CopyError::NoFile)?;
        sqlite::backup::copy_closed(path, to, progress)
    }

    /// Looks through all of a file that nobody has open for what must not be.
    pub fn verify(path: &Path, progress: &Arc<Progress>) -> Result<(), VerifyError> {
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
            Self::Postgres(postgres) => {
                let span = tracing::debug_span!(target: "invited::span", "store.write");
                postgres.write(work).instrument(span).await
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
            Self::Postgres(postgres) => {
                let span = tracing::debug_span!(target: "invited::span", "store.read");
                postgres.read(work).instrument(span).await
            }
        }
    }

    /// What stays the same for as long as what was read for this caller after it
    /// was taken would be read again; `None` when the session has ended.
    pub async fn version(&self, bearer: Bearer) -> Result<Option<Version>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => Ok(Some(sqlite.version(bearer.user))),
            Self::Postgres(postgres) => postgres.version(bearer).await,
        }
    }

    /// What there is to know of it from outside.
    pub fn figures(&self) -> Figures {
        match self {
            Self::Sqlite(sqlite) => Figures {
                file: Some(sqlite.figures()),
                ..Figures::default()
            },
            Self::Postgres(postgres) => Figures {
                connections: Some(postgres.load()),
                ..Figures::default()
            },
        }
    }

    /// Whether the store answers: reads something, and writes down that it is `at`.
    pub async fn check(&self, at: Timestamp) -> Result<(), StoreError> {
        self.read(|tx| tx.any_user().map(drop)).await?;
        match self {
            Self::Sqlite(sqlite) => sqlite.try_to_write(at).await,
            Self::Postgres(postgres) => postgres.write(move |tx| tx.mark_time(at)).await,
        }
    }

    /// The latest instant that was written down when the store was opened.
    pub fn latest_time(&self) -> Timestamp {
        match self {
            Self::Sqlite(sqlite) => sqlite.latest_time,
            Self::Postgres(postgres) => postgres.latest_time(),
        }
    }
}
