//! The schema's history: which migrations the file has, and which it lacks.

use std::{io, path::Path};

use rusqlite::Connection;

use super::{
    mark,
    open::{Absent, claim, exclusively},
};
use crate::store::{error::OpenError, schema::Migration};

mod embedded {
    refinery::embed_migrations!("migrations/sqlite");
}

/// Fails unless the schema is exactly this build's.
pub fn require(path: &Path, connection: &Connection) -> Result<(), OpenError> {
    match missing(path, connection)?.len() {
        0 => Ok(()),
        missing => Err(OpenError::OldSchema {
            path: path.to_owned(),
            missing,
        }),
    }
}

/// Fails if the schema is of another build than this or an older one.
pub fn require_known(path: &Path, connection: &Connection) -> Result<(), OpenError> {
    missing(path, connection).map(drop)
}

/// The migrations that the file at `path` lacks. Creates and changes nothing.
pub fn pending(path: &Path) -> Result<Vec<Migration>, OpenError> {
    match path.metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Ok(all().iter().map(named).collect())
        }
        Err(error) => Err(OpenError::io(path, &error)),
        Ok(_) => {
            let (_lock, connection) = exclusively(path, Absent::Refuse)?;
            missing(path, &connection)
        }
    }
}

/// Applies the migrations that the file at `path` lacks.
pub fn run(path: &Path) -> Result<Vec<Migration>, OpenError> {
    let (lock, mut connection) = exclusively(path, Absent::Create)?;
    claim(path, &connection)?;
    let missing = missing(path, &connection)?;
    if missing.is_empty() {
        return Ok(missing);
    }
    let sqlite = |error| OpenError::sqlite(path, &error);
    // Damage may be why they are missing.
    let check = |row: &rusqlite::Row<'_>| row.get::<_, String>(0);
    if connection
        .query_row("PRAGMA quick_check(1)", [], check)
        .map_err(sqlite)?
        != "ok"
    {
        return Err(OpenError::Damaged(path.to_owned()));
    }
    let (frames, merged) = mark::frames(&connection).map_err(sqlite)?;
    if frames == merged {
        mark::begin(&connection, &lock).map_err(|error| OpenError::store(path, error))?;
    }
    embedded::migrations::runner()
        // In one transaction, or a kill leaves a migration that is not written down.
        .set_grouped(true)
        .run(&mut connection)
        .map_err(|error| OpenError::io(path, &format!("migrating failed: {error}")))?;
    mark::draw(&connection).map_err(sqlite)?;
    Ok(missing)
}

/// In the order in which they are applied; refinery lists V11 before V2.
fn all() -> Vec<refinery::Migration> {
    let mut all = embedded::migrations::runner().get_migrations().clone();
    all.sort_by_key(refinery::Migration::version);
    all
}

fn named(migration: &refinery::Migration) -> Migration {
    Migration(migration.to_string())
}

fn missing(path: &Path, connection: &Connection) -> Result<Vec<Migration>, OpenError> {
    let applied = applied(connection).map_err(|error| OpenError::sqlite(path, &error))?;
    let all = all();
    let known = |row: &(i32, String)| {
        all.iter().any(|migration| {
            migration.version() == row.0 && migration.checksum().to_string() == row.1
        })
    };
    if !applied.iter().all(known) {
        return Err(OpenError::OtherSchema(path.to_owned()));
    }
    let lacks =
        |migration: &&refinery::Migration| !applied.iter().any(|row| row.0 == migration.version());
    Ok(all.iter().filter(lacks).map(named).collect())
}

/// Versions and checksums in refinery's own table, read without creating it.
fn applied(connection: &Connection) -> rusqlite::Result<Vec<(i32, String)>> {
    const TABLE: &str = "refinery_schema_history";
    if !connection.table_exists(None, TABLE)? {
        return Ok(Vec::new());
    }
    let mut statement = connection.prepare(&format!(
        "SELECT version, checksum FROM {TABLE} ORDER BY version"
    ))?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}
