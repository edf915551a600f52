//! Which keys the database was filled under, readable before it is migrated.

use std::{io::ErrorKind, path::Path};

use rusqlite::{Connection, OptionalExtension, params};

use super::{
    open::{Absent, exclusively},
    transaction::Transaction,
};
use crate::{
    domain::{error::StoreError, installation::Installations},
    store::{error::OpenError, schema::Installation},
};

/// Tables whose rows are worth nothing without the keys they were made under.
const KEYED: [&str; 4] = ["sessions", "devices", "sends", "misses"];

/// Looks at the file at `path`, if there is one. Creates and changes nothing.
pub fn peek(path: &Path) -> Result<Installation, OpenError> {
    match path.metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Installation::default()),
        Err(error) => Err(OpenError::io(path, &error)),
        Ok(_) => {
            let (_lock, connection) = exclusively(path, Absent::Refuse)?;
            read(&connection).map_err(|error| OpenError::sqlite(path, &error))
        }
    }
}

/// Reads it from a database with any schema of this service.
pub fn read(connection: &Connection) -> rusqlite::Result<Installation> {
    let mut installation = Installation::default();
    if connection.table_exists(None, "installation")? {
        let sql = "SELECT keys FROM installation WHERE id = 1";
        let keys = connection.query_row(sql, [], |row| row.get(0));
        installation.keys = keys.optional()?;
    }
    // Made-up people know no keys, until somebody has served them.
    let was_served = installation.keys.is_some() || has_rows(connection, "latest")?;
    installation.is_occupied = was_served && has_rows(connection, "users")?;
    for table in KEYED {
        installation.is_occupied |= has_rows(connection, table)?;
    }
    Ok(installation)
}

fn has_rows(connection: &Connection, table: &str) -> rusqlite::Result<bool> {
    if !connection.table_exists(None, table)? {
        return Ok(false);
    }
    let sql = format!("SELECT EXISTS (SELECT 1 FROM {table})");
    connection.query_row(&sql, [], |row| row.get(0))
}

impl Installations for Transaction<'_> {
    fn set_installation_keys(
        &mut self,
        fingerprint: &str,
        known: Option<&str>,
    ) -> Result<bool, StoreError> {
        let set = self.change(
            "INSERT INTO installation (id, keys) VALUES (1, ?1)
             ON CONFLICT (id) DO UPDATE SET keys = excluded.keys WHERE installation.keys IN (?1, ?2)",
            params![fingerprint, known],
        )?;
        Ok(set == 1)
    }
}
