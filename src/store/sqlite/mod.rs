//! The embedded store: one SQLite file in WAL mode, one writer, a pool of readers.
//!
//! SQL stands as text beside the function that reads its rows, one file a
//! table. Nothing is told apart by message text.

mod challenges;
mod damage;
mod deliveries;
mod devices;
mod families;
pub mod installation;
mod ledgers;
mod mark;
pub mod migrate;
pub mod open;
#[cfg(debug_assertions)]
mod plan;
mod sessions;
pub mod stamps;
mod transaction;
mod users;
mod writer;

use std::{path::Path, sync::Arc, time::Duration};

use r2d2::Pool;
use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::Connection;
use tokio::sync::oneshot;

use self::{
    damage::{Damage, Damaged, failed},
    open::{Absent, OpenError},
    stamps::Stamps,
    transaction::{Scope, Transaction},
    writer::Writer,
};
use super::{Installation, lock::Lock};
use crate::domain::{
    time::Timestamp,
    tx::{Ledgers, Stamp, StoreError, Tx},
    user::UserId,
};

/// Readers at once. Reads are short and the file is in memory mostly, so a
/// few connections keep every core busy.
const READERS: u32 = 4;

/// KiB of pages that the writer may hold while it serves: more than a batch
/// changes, and what stands above the leaves of all tables at a few million
/// people. Beyond, pages come from the system's memory.
pub const SERVING_CACHE: u32 = 12 * 1024;
/// The same for each reader.
const READER_CACHE: u32 = 1024;
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
    /// Whose database it was when it was opened.
    pub installation: Installation,
    _lock: Lock,
}

impl Sqlite {
    /// Opens the file at `path`, whose schema must be this build's, with so
    /// many KiB for the writer's pages.
    pub fn open(path: &Path, cache: u32) -> Result<Self, OpenError> {
        let (lock, connection) = open::exclusively(path, Absent::Refuse)?;
        migrate::require(path, &connection)?;
        open::claim(path, &connection)?;
        connection
            .pragma_update(None, "cache_size", -i64::from(cache))
            .map_err(|error| OpenError::io(path, &error))?;
        let installation =
            installation::read(&connection).map_err(|error| OpenError::sqlite(path, &error))?;
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
                connection.pragma_update(None, "cache_size", -i64::from(READER_CACHE))?;
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
            installation,
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
    let _scope = Scope::begin(connection, "BEGIN DEFERRED").map_err(failed)?;
    let mut transaction = Transaction::new(connection);
    let outcome = work(&mut transaction);
    if let Some(failure) = transaction.failure.take() {
        damage.note(&failure);
    }
    outcome
}

fn gone() -> StoreError {
    StoreError::Broken("the work was given up, most likely by a panic".to_owned())
}
