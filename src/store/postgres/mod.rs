//! The store of several nodes: a database that speaks PostgreSQL's protocol.
//!
//! Transactions of all nodes run at once. What each decides on it says first
//! ([`crate::domain::lock`]), and is run again when others were in the way.
//!
//! What a statement changes of what it finds by itself is an array in it: whatever
//! a planner takes the tables to be like, it looks each row up, and never reads a
//! whole table beside it, with which all that are SERIALIZABLE would contradict it.
//!
//! All that is answered comes from the database. What a node has in memory is
//! its own, and another never hears of it:
//!
//! | what | with several nodes |
//! |---|---|
//! | profiles that were answered | are answered again only at the version that the read which authorizes brings along |
//! | sessions, roles and keys of operators, devices | are read at each request |
//! | limits by source | are counted by each node: a source may do as often as many as there are nodes |
//! | solved proofs of work | work once at each node |
//! | circuit breakers, balances, shares of delivered messages | each node finds out by itself which gateway fails |
//! | lines of the log that are told once a minute | are told by each node |
//! | the alarm | is decided by counters, and told by the node that has its lease ([`crate::domain::lease`]) |
//! | statistics of hours and days | are added up in the database, each second |
//! | `/metrics`, `/health`, `invited why`, events at `/admin/` | are of the node that is asked |
//! | messages under way | are given up by whoever comes, once their lease is over |
//! | keys, configuration, certificates | are files of each node; the database refuses other keys than its own |

mod audits;
mod begin;
mod challenges;
mod cohorts;
pub mod condition;
mod connection;
mod counters;
mod deliveries;
mod devices;
mod error;
mod families;
mod imported_tokens;
mod installation;
mod leases;
mod ledgers;
mod locks;
pub mod migrate;
pub mod open;
mod operator_sessions;
mod operators;
mod pipeline;
#[cfg(debug_assertions)]
mod plan;
mod pool;
mod row;
mod run;
mod search;
pub mod server;
mod service_keys;
pub mod session;
mod sessions;
mod statistics;
mod transaction;
pub mod transfer;
mod tree;
mod user_row;
mod users;
mod value;
mod versions;

pub use self::pool::Load;
use self::{
    begin::Mode, open::Opened, pool::Connections, run::Runner, server::Server,
    versions::VersionReader,
};
use crate::{
    domain::{error::StoreError, session::Bearer, time::Timestamp, tx::Tx, version::Version},
    store::{error::OpenError, schema::Installation},
};

/// How long transactions may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// As long as somebody waits for an answer.
    Serving,
    /// As long as it takes.
    Filling,
}

/// An open database.
pub struct Postgres {
    runner: Runner,
    versions: VersionReader,
    opened: Opened,
}

impl Postgres {
    /// Opens a database whose schema must be this build's.
    pub fn open(server: &Server, pace: Pace) -> Result<Self, OpenError> {
        let is_patient = pace == Pace::Filling;
        let opened = apart(|| open::look(server))?;
        let connections = Connections::new(server, is_patient);
        Ok(Self {
            runner: Runner::new(connections, is_patient),
            versions: VersionReader::default(),
            opened,
        })
    }

    /// Whose database it was when it was opened.
    pub fn installation(&self) -> &Installation {
        &self.opened.installation
    }

    /// The latest instant in any ledger when it was opened.
    pub fn latest_time(&self) -> Timestamp {
        self.opened.latest_time
    }

    /// The engine and its version.
    pub fn engine(&self) -> &str {
        &self.opened.engine
    }

    /// What its connections have to do.
    pub fn load(&self) -> Load {
        self.runner.load()
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
        self.runner.run(Mode::Write, work).await
    }

    /// See [`super::Store::read`].
    pub async fn read<T, E>(
        &self,
        work: impl FnMut(&mut dyn Tx) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.runner.run(Mode::Read, work).await
    }

    /// See [`super::Store::version`].
    pub async fn version(&self, bearer: Bearer) -> Result<Option<Version>, StoreError> {
        self.versions.read(&self.runner, bearer).await
    }
}

/// Runs what waits on a thread of its own, since whoever asks may be on one that must not.
pub fn apart<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let working = scope.spawn(work).join();
        working.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}
