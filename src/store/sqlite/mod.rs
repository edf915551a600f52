//! The embedded store: one SQLite file in WAL mode, one writer, a pool of readers.
//!
//! SQL stands as text beside the function that reads its rows, one file a
//! table. Nothing is told apart by message text.

mod challenges;
mod devices;
mod ledgers;
mod mark;
pub mod migrate;
pub mod open;
#[cfg(debug_assertions)]
mod plan;
mod sessions;
pub mod stamps;
mod users;
mod writer;

use std::{
    cell::Cell,
    path::Path,
    sync::{Arc, OnceLock},
    time::Duration,
};

use r2d2::Pool;
use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::{CachedStatement, Connection, ErrorCode, OptionalExtension, Params, Row};
use tokio::sync::oneshot;

use self::{
    open::OpenError,
    stamps::{Stamps, Touched},
    writer::Writer,
};
use super::lock::Lock;
use crate::domain::{
    time::Timestamp,
    tx::{Ledgers, Stamp, StoreError, Tx},
    user::UserId,
};

/// Readers at once. Reads are short and the file is in memory mostly, so a
/// few connections keep every core busy.
const READERS: u32 = 4;

/// KiB of pages that the writer may hold while it serves.
pub const SERVING_CACHE: u32 = 8 * 1024;
/// The same while a database is filled. Once a transaction has changed more
/// pages than fit, SQLite looks through all of them for each that it needs.
pub const FILLING_CACHE: u32 = 512 * 1024;

/// An open SQLite database.
pub struct Sqlite {
    writer: Writer,
    readers: Pool<SqliteConnectionManager>,
    stamps: Arc<Stamps>,
    /// The latest instant in any ledger.
    pub latest_time: Timestamp,
    _lock: Lock,
}

impl Sqlite {
    /// Opens the file at `path`, whose schema must be this build's, with so
    /// many KiB for the writer's pages.
    pub fn open(path: &Path, cache: u32) -> Result<Self, OpenError> {
        let (lock, connection) = open::exclusively(path)?;
        open::claim(path, &connection)?;
        connection
            .pragma_update(None, "cache_size", -i64::from(cache))
            .map_err(|error| OpenError::io(path, &error))?;
        migrate::require(path, &connection)?;
        let latest_time =
            Transaction::new(&connection)
                .latest_time()
                .map_err(|error| match error {
                    StoreError::Unavailable(cause) if cause.is::<Damaged>() => {
                        OpenError::Damaged(path.to_owned())
                    }
                    error => OpenError::io(path, &error),
                })?;
        let manager = SqliteConnectionManager::file(path)
            .with_flags(open::FLAGS)
            .with_init(|connection| {
                open::prepare(connection)?;
                connection.pragma_update(None, "query_only", true)
            });
        let readers = Pool::builder()
            .max_size(READERS)
            .test_on_check_out(false)
            .min_idle(Some(1))
            .idle_timeout(None)
            .max_lifetime(None)
            .connection_timeout(Duration::from_secs(5))
            .build(manager)
            .map_err(|error| OpenError::io(path, &error))?;
        let stamps = Arc::new(Stamps::default());
        Ok(Self {
            writer: Writer::start(connection, Arc::clone(&stamps)),
            readers,
            stamps,
            latest_time,
            _lock: lock,
        })
    }

    /// See [`super::Store::write`].
    pub async fn write<T, E>(
        &self,
        work: impl FnMut(&mut dyn Tx) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (answer, outcome) = oneshot::channel();
        self.writer.submit(work, answer)?;
        outcome.await.unwrap_or_else(|_| Err(gone().into()))
    }

    /// See [`super::Store::stamp`].
    pub fn stamp(&self, user: UserId) -> Stamp {
        self.stamps.of(user)
    }

    /// See [`super::Store::read`]. Reads are short and mostly find their pages
    /// in memory: handing one to another thread would cost more than it. So it
    /// runs where it is asked for, unless it would have to wait for a connection.
    pub async fn read<T, E>(
        &self,
        mut work: impl FnMut(&mut dyn Tx) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let damage = self.writer.damage();
        if let Some(connection) = self.readers.try_get() {
            return read(&connection, &damage, &mut work);
        }
        let readers = self.readers.clone();
        let reading = tokio::task::spawn_blocking(move || {
            let connection = readers
                .get()
                .map_err(|error| StoreError::Unavailable(Arc::new(error)))?;
            read(&connection, &damage, &mut work)
        });
        reading.await.unwrap_or_else(|_| Err(gone().into()))
    }
}

fn read<T, E: From<StoreError>>(
    connection: &Connection,
    damage: &Damage,
    work: &mut impl FnMut(&mut dyn Tx) -> Result<T, E>,
) -> Result<T, E> {
    let scope = Scope::begin(connection, "BEGIN DEFERRED").map_err(failed)?;
    let mut transaction = Transaction::new(scope.0);
    let outcome = work(&mut transaction);
    if let Some(failure) = transaction.failure.take() {
        damage.note(&failure);
    }
    outcome
}

/// What lies between a BEGIN and its end: taken back unless it is committed.
/// rusqlite's own would compile both statements each time, which takes as long
/// as a short transaction itself.
struct Scope<'c>(&'c Connection);

impl<'c> Scope<'c> {
    fn begin(connection: &'c Connection, begin: &'static str) -> rusqlite::Result<Self> {
        connection.prepare_cached(begin)?.execute([])?;
        Ok(Self(connection))
    }

    fn commit(self) -> rusqlite::Result<()> {
        self.0.prepare_cached("COMMIT")?.execute([]).map(drop)
    }
}

impl Drop for Scope<'_> {
    fn drop(&mut self) {
        // SQLite ends some that fail by itself.
        if !self.0.is_autocommit() {
            let end = self.0.prepare_cached("ROLLBACK");
            let _ = end.and_then(|mut end| end.execute([]));
        }
    }
}

fn gone() -> StoreError {
    StoreError::Broken("the work was given up, most likely by a panic".to_owned())
}

/// A transaction under way, as the rules see it. It remembers the engine's
/// last failure, in case the rules make something else of it.
struct Transaction<'c> {
    connection: &'c Connection,
    failure: Cell<Option<StoreError>>,
    /// Who is shown something else after it.
    touched: Vec<Touched>,
}

impl<'c> Transaction<'c> {
    fn new(connection: &'c Connection) -> Self {
        Self {
            connection,
            failure: Cell::new(None),
            touched: Vec::new(),
        }
    }

    fn failed(&self, error: rusqlite::Error) -> StoreError {
        let failure = failed(error);
        self.failure.set(Some(failure.clone()));
        failure
    }

    fn statement(&self, sql: &str) -> Result<CachedStatement<'c>, StoreError> {
        #[cfg(debug_assertions)]
        if let Some(step) = plan::scan(self.connection, sql).map_err(|error| self.failed(error))? {
            unreachable!("{step}, by {sql}");
        }
        let statement = self.connection.prepare_cached(sql);
        statement.map_err(|error| self.failed(error))
    }

    /// The one row, or none.
    fn one<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: fn(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, StoreError> {
        let row = self.statement(sql)?.query_row(params, read).optional();
        row.map_err(|error| self.failed(error))
    }

    /// Every row.
    fn all<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: fn(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        let mut statement = self.statement(sql)?;
        let rows = statement
            .query_map(params, read)
            .and_then(Iterator::collect);
        rows.map_err(|error| self.failed(error))
    }

    /// Changes rows, and says how many.
    fn change(&self, sql: &str, params: impl Params) -> Result<usize, StoreError> {
        let changed = self.statement(sql)?.execute(params);
        changed.map_err(|error| self.failed(error))
    }
}

/// Sorts an engine's failure: what the rules got wrong is `Broken`, all else
/// is the machine's, and may pass.
fn failed(error: rusqlite::Error) -> StoreError {
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

/// The file is damaged somewhere, which shows only when that place is read.
#[derive(Debug, thiserror::Error)]
#[error(
    "{0}: stop the server, move the database and its -wal and -shm files away, and put a backup copy in its place"
)]
struct Damaged(rusqlite::Error);

/// The first sign that the file is damaged. From then on nothing is written
/// to it any more: what is sound in it can still be read, and what is not
/// might be overwritten for good.
#[derive(Debug, Clone, Default)]
struct Damage(Arc<OnceLock<StoreError>>);

impl Damage {
    /// Takes a failure for a sign, if it is one.
    fn note(&self, failure: &StoreError) {
        if is_damage(failure) {
            // Only the first is kept.
            let _ = self.0.set(failure.clone());
        }
    }

    fn sign(&self) -> Option<StoreError> {
        self.0.get().cloned()
    }
}

fn is_damage(failure: &StoreError) -> bool {
    matches!(failure, StoreError::Unavailable(cause) if cause.is::<Damaged>())
}

fn is_full(failure: &StoreError) -> bool {
    let StoreError::Unavailable(cause) = failure else {
        return false;
    };
    let cause = cause
        .downcast_ref()
        .and_then(rusqlite::Error::sqlite_error_code);
    cause == Some(ErrorCode::DiskFull)
}

/// A column's text or number is not what this build writes there.
fn unreadable(column: usize) -> rusqlite::Error {
    rusqlite::Error::InvalidColumnType(
        column,
        "stored value".to_owned(),
        rusqlite::types::Type::Null,
    )
}
