//! A transaction, as the engine has it and as the rules see it.

use std::cell::Cell;

use rusqlite::{CachedStatement, Connection, OptionalExtension, Params, Row};

#[cfg(debug_assertions)]
use super::plan;
use super::{
    error::failed,
    versions::{Invalidated, Versions},
};
use crate::domain::error::StoreError;

/// What lies between a BEGIN and its end: taken back unless it is committed.
/// rusqlite's own would compile both statements each time, which takes as long
/// as a short transaction itself.
pub struct Scope<'c>(&'c Connection);

impl<'c> Scope<'c> {
    /// Begins.
    pub fn begin(connection: &'c Connection, begin: &'static str) -> rusqlite::Result<Self> {
        connection.prepare_cached(begin)?.execute([])?;
        Ok(Self(connection))
    }

    /// Keeps what was done.
    pub fn commit(self) -> rusqlite::Result<()> {
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

/// A transaction under way, as the rules see it. It remembers the engine's
/// last failure, in case the rules make something else of it.
pub struct Transaction<'c> {
    connection: &'c Connection,
    /// The engine's last failure.
    pub failure: Cell<Option<StoreError>>,
    /// Who is shown something else after it.
    pub invalidated: Vec<Invalidated>,
    /// Whether personal data was deleted.
    pub erases: bool,
    /// Whether anything was read or written yet.
    pub has_begun: Cell<bool>,
    /// Whether it said so.
    pub decides_on_invitations: bool,
    /// The versions of users, for those who keep what they read.
    pub versions: Option<&'c Versions>,
}

impl<'c> Transaction<'c> {
    /// Over a connection that a scope was begun on.
    pub fn new(connection: &'c Connection) -> Self {
        Self {
            connection,
            failure: Cell::new(None),
            invalidated: Vec::new(),
            erases: false,
            has_begun: Cell::new(false),
            decides_on_invitations: false,
            versions: None,
        }
    }

    fn failed(&self, error: rusqlite::Error) -> StoreError {
        let failure = failed(error);
        self.failure.set(Some(failure.clone()));
        failure
    }

    /// The statement, compiled once.
    pub fn statement(&self, sql: &str) -> Result<CachedStatement<'c>, StoreError> {
        self.has_begun.set(true);
        #[cfg(debug_assertions)]
        if let Some(step) = plan::scan(self.connection, sql).map_err(|error| self.failed(error))? {
            unreachable!("{step}, by {sql}");
        }
        let statement = self.connection.prepare_cached(sql);
        statement.map_err(|error| self.failed(error))
    }

    /// The one row, or none.
    pub fn one<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: fn(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, StoreError> {
        let row = self.statement(sql)?.query_row(params, read).optional();
        row.map_err(|error| self.failed(error))
    }

    /// Every row.
    pub fn all<T>(
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
    pub fn change(&self, sql: &str, params: impl Params) -> Result<usize, StoreError> {
        let changed = self.statement(sql)?.execute(params);
        changed.map_err(|error| self.failed(error))
    }
}

/// A column's text or number is not what this build writes there.
pub fn unreadable(column: usize) -> rusqlite::Error {
    rusqlite::Error::InvalidColumnType(
        column,
        "stored value".to_owned(),
        rusqlite::types::Type::Null,
    )
}
