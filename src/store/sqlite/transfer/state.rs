//! What is in a file before it is moved to, or served from.

use std::path::Path;

use rusqlite::Connection;

use crate::store::{
    error::OpenError,
    sqlite::open::{self, Absent},
    transfer::{
        database::{PROGRESS, State},
        error::{Side, TransferError},
        tables::TABLES,
    },
};

/// What is in the file at `path`, whatever its schema, if there is one.
pub fn peek(path: &Path) -> Result<State, TransferError> {
    if !path.exists() {
        return Ok(State::Empty);
    }
    let peek = || {
        let (_lock, connection) = open::exclusively(path, Absent::Refuse)?;
        state(&connection).map_err(|error| OpenError::sqlite(path, &error))
    };
    peek().map_err(|error| TransferError::Open(Side::To, error))
}

/// What is in it, whatever its schema.
pub fn state(connection: &Connection) -> rusqlite::Result<State> {
    if connection.table_exists(None, PROGRESS)? {
        return Ok(State::Unfinished);
    }
    for table in &TABLES {
        let sql = format!("SELECT EXISTS (SELECT 1 FROM {})", table.name);
        if connection.table_exists(None, table.name)?
            && connection.query_row(&sql, [], |row| row.get(0))?
        {
            return Ok(State::Occupied(table.name));
        }
    }
    Ok(State::Empty)
}

/// Refuses what has only a part of what is to be in it.
pub fn refuse_unfinished(path: &Path, connection: &Connection) -> Result<(), OpenError> {
    let sqlite = |error| OpenError::sqlite(path, &error);
    if connection.table_exists(None, PROGRESS).map_err(sqlite)? {
        return Err(OpenError::Unfinished(path.to_owned()));
    }
    Ok(())
}
