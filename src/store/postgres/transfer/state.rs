//! What is in a database before it is moved to.

use crate::store::{
    error::OpenError,
    postgres::{server::Server, session::Session},
    transfer::{
        database::{PROGRESS, State},
        error::{Side, TransferError},
        tables::TABLES,
    },
};

/// What is in a database, whatever its schema.
pub fn peek(server: &Server) -> Result<State, TransferError> {
    let peek = || state(&Session::open(server)?);
    peek().map_err(|error| TransferError::Open(Side::To, error))
}

/// What is in it.
pub fn state(session: &Session) -> Result<State, OpenError> {
    if session.has_table(PROGRESS)? {
        return Ok(State::Unfinished);
    }
    for table in &TABLES {
        let sql = format!("SELECT CAST(1 AS BIGINT) FROM {} LIMIT 1", table.name);
        if session.has_table(table.name)? && session.number(&sql)?.is_some() {
            return Ok(State::Occupied(table.name));
        }
    }
    Ok(State::Empty)
}
