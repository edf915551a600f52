//! Opening the two databases: what is refused before anything is changed, and
//! which of them gets the schema of this build.

use super::{
    database::{Database, State, Target},
    error::{Side, TransferError},
};
use crate::store::{Location, Store, postgres, sqlite};

/// Refuses one database under two names.
pub fn require_two(from: &Location, to: &Location) -> Result<(), TransferError> {
    let is_one_file = match (from.file(), to.file()) {
        (Some(from), Some(to)) => match (from.canonicalize(), to.canonicalize()) {
            (Ok(from), Ok(to)) => from == to,
            // What is not there is not the same as anything.
            _ => false,
        },
        _ => false,
    };
    if is_one_file || from == to {
        return Err(TransferError::Same);
    }
    Ok(())
}

/// The database to move, with the schema of this build, which nobody else has open.
pub fn source(from: &Location) -> Result<Box<dyn Database>, TransferError> {
    Ok(match from {
        Location::Sqlite(path) => Box::new(sqlite::transfer::Reader::open(path)?),
        Location::Postgres(server) => Box::new(postgres::transfer::Reader::open(server)?),
    })
}

/// The database to move to, with the schema of this build, which nobody else has open.
pub fn target(to: &Location) -> Result<Box<dyn Target>, TransferError> {
    let failed = |error| TransferError::Open(Side::To, error);
    let state = match to {
        Location::Sqlite(path) => sqlite::transfer::peek(path)?,
        Location::Postgres(server) => postgres::transfer::peek(server)?,
    };
    match state {
        State::Occupied(table) if !Store::pending(to).map_err(failed)?.is_empty() => {
            return Err(TransferError::Occupied(table));
        }
        State::Occupied(_) => {}
        State::Empty | State::Unfinished => {
            Store::migrate(to).map_err(failed)?;
        }
    }
    Ok(match to {
        Location::Sqlite(path) => Box::new(sqlite::transfer::Writer::open(path)?),
        Location::Postgres(server) => Box::new(postgres::transfer::Writer::open(server)?),
    })
}
