//! The embedded store: one SQLite file in WAL mode, one writer, a pool of readers.
//!
//! SQL stands as text beside the function that reads its rows, one file a
//! table. Nothing is told apart by message text.

mod audits;
pub mod backup;
mod batch;
mod challenges;
mod check;
mod checkpoint;
#[cfg(test)]
mod checkpoint_tests;
mod cohorts;
mod counters;
mod damage;
mod deliveries;
mod devices;
mod emptying;
mod error;
mod families;
mod figures;
mod identity;
mod imported_tokens;
pub mod installation;
mod leases;
mod ledgers;
mod length;
mod locks;
mod mark;
mod merger;
pub mod migrate;
pub mod open;
mod operator_sessions;
mod operators;
#[cfg(test)]
mod page_tests;
#[cfg(debug_assertions)]
mod plan;
mod search;
mod service_keys;
mod sessions;
mod statistics;
mod transaction;
pub mod transfer;
mod tree;
mod users;
pub mod verify;
pub mod versions;
mod wal;
mod writer;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use check::Check;
pub use figures::{Commits, Figures, Outcome};
use figures::{Load, LogFigures};
pub use length::Length;
use r2d2::Pool;
use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::Connection;
use tokio::sync::oneshot;

use self::{
    backup::Source,
    checkpoint::Log,
    damage::Damage,
    error::failed,
    length::LENGTH,
    open::Absent,
    transaction::{Scope, Transaction},
    versions::Versions,
    writer::{WriteState, Writer},
};
use super::{
    error::{CopyError, OpenError},
    job::{Work, gone},
    lock::Lock,
    progress::Progress,
    schema::Installation,
};
use crate::domain::{
    error::StoreError,
    ledger::Ledgers,
    time::Timestamp,
    tx::Tx,
    {user::UserId, version::Version},
};

/// Readers at once. Reads are short and the file is in memory mostly, so a
/// few connections keep every core busy.
const READERS: u32 = 4;

/// How much room is taken.
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    /// KiB of pages that the writer may hold.
    pub cache: u32,
    /// Of the log.
    pub log: Length,
}

/// While serving: more than a batch changes, and what stands above the leaves
/// of all tables at a few million people. Beyond, pages come from the system's memory.
pub const SERVING: Sizes = Sizes {
    cache: 12 * 1024,
    log: LENGTH,
};
/// While a database is filled. Once a transaction has changed more pages than
/// fit, SQLite looks through all of them for each that it needs.
pub const FILLING: Sizes = Sizes {
    cache: 512 * 1024,
    log: LENGTH,
};

/// An open SQLite database. Readers are closed before the writer, which merges
/// the log on its way out.
pub struct Sqlite {
    check: Option<Check>,
    source: Source,
    readers: Pool<SqliteConnectionManager>,
    writer: Writer,
    damage: Damage,
    versions: Arc<Versions>,
    log: Arc<LogFigures>,
    load: Arc<Load>,
    path: PathBuf,
    /// The latest instant in any ledger.
    pub latest_time: Timestamp,
    /// Whose database it was when it was opened.
    pub installation: Installation,
    _lock: Arc<Lock>,
}

impl Sqlite {
    /// Opens the file at `path`, whose schema must be this build's.
    pub fn open(path: &Path, sizes: Sizes) -> Result<Self, OpenError> {
        let (lock, connection) = open::exclusively(path, Absent::Refuse)?;
        let lock = Arc::new(lock);
        migrate::require(path, &connection)?;
        transfer::refuse_unfinished(path, &connection)?;
        open::claim(path, &connection)?;
        connection
            .pragma_update(None, "cache_size", -i64::from(sizes.cache))
            .map_err(|error| OpenError::io(path, &error))?;
        let installation =
            installation::read(&connection).map_err(|error| OpenError::sqlite(path, &error))?;
        let latest_time = Transaction::new(&connection)
            .latest_time()
            .map_err(|error| OpenError::store(path, error))?;
        let observer = open::reader(path)?;
        let log = Log::of(path, &connection, observer, Arc::clone(&lock), sizes.log)
            .map_err(|error| OpenError::store(path, error))?
            .merged_beside(path)?;
        open::merge_on_close(&connection, false)
            .map_err(|error| OpenError::sqlite(path, &error))?;
        let (versions, damage, figures) = (Arc::default(), Damage::default(), log.figures());
        let load = Arc::new(Load::default());
        let state = WriteState::new(log, connection, Arc::clone(&lock));
        Ok(Self {
            check: None,
            source: Source::open(path, Arc::clone(&figures))?,
            readers: readers(path)?,
            writer: Writer::start(
                state,
                damage.clone(),
                Arc::clone(&versions),
                Arc::clone(&load),
            ),
            damage,
            versions,
            log: figures,
            load,
            path: path.to_owned(),
            latest_time,
            installation,
            _lock: lock,
        })
    }

    /// The same, which is looked through for damage from now on.
    pub fn checked(mut self, path: &Path) -> Result<Self, OpenError> {
        let log = Arc::clone(&self.log);
        let check = Check::start(path, self.damage.clone(), log, LENGTH)?;
        self.check = Some(check);
        Ok(self)
    }

    /// See [`super::Store::copy`].
    pub fn copy(&self, to: &Path, progress: &Progress) -> Result<(), CopyError> {
        self.source.copy(to, progress)
    }

    /// See [`super::Store::figures`].
    pub fn figures(&self) -> Figures {
        let (database_bytes, disk_free_bytes) = figures::room(&self.path);
        Figures {
            database_bytes,
            disk_free_bytes,
            log_bytes: self.log.bytes.load(Ordering::Relaxed),
            log_blocked: Duration::from_secs(self.log.blocked.load(Ordering::Relaxed)),
            is_stopped: self.damage.sign().is_some(),
            check: self.check.as_ref().map(Check::outcome),
            queue: self.load.queue.load(Ordering::Relaxed),
            commits: self.load.commits(),
        }
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
        self.writer.submit(Box::new(Work::new(work, answer)))?;
        outcome.await.unwrap_or_else(|_| Err(gone().into()))
    }

    /// Whether something can be written: writes down that it is `at`.
    pub async fn try_to_write(&self, at: Timestamp) -> Result<(), StoreError> {
        let (answer, outcome) = oneshot::channel();
        let work = move |tx: &mut dyn Tx| tx.mark_time(at);
        self.writer.submit(Box::new(Work::probe(work, answer)))?;
        outcome.await.unwrap_or_else(|_| Err(gone()))
    }

    /// See [`super::Store::version`].
    pub fn version(&self, user: UserId) -> Version {
        self.versions.of(user)
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
        if let Some(connection) = self.readers.try_get() {
            return read(&connection, &self.damage, &self.versions, &mut work);
        }
        let (readers, damage) = (self.readers.clone(), self.damage.clone());
        let versions = Arc::clone(&self.versions);
        let reading = tokio::task::spawn_blocking(move || {
            let connection = readers
                .get()
                .map_err(|error| StoreError::Unavailable(Arc::new(error)))?;
            read(&connection, &damage, &versions, &mut work)
        });
        reading.await.unwrap_or_else(|_| Err(gone().into()))
    }
}

/// All are opened at once: what is at the path later may be another file.
fn readers(path: &Path) -> Result<Pool<SqliteConnectionManager>, OpenError> {
    let manager = SqliteConnectionManager::file(path)
        .with_flags(open::FLAGS)
        .with_init(open::prepare_to_read);
    Pool::builder()
        .max_size(READERS)
        .min_idle(Some(READERS))
        .test_on_check_out(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .connection_timeout(Duration::from_secs(5))
        .build(manager)
        .map_err(|error| OpenError::io(path, &error))
}

fn read<T, E: From<StoreError>>(
    connection: &Connection,
    damage: &Damage,
    versions: &Versions,
    work: &mut impl FnMut(&mut dyn Tx) -> Result<T, E>,
) -> Result<T, E> {
    let _scope = Scope::begin(connection, "BEGIN DEFERRED").map_err(failed)?;
    let mut transaction = Transaction::new(connection);
    transaction.versions = Some(versions);
    let outcome = work(&mut transaction);
    if let Some(failure) = transaction.failure.take() {
        damage.note(&failure);
    }
    outcome
}
