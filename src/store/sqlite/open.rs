//! Opening the file: whose it is, and what state it is in.
//!
//! A file that is not plainly ours is left as it is. Nothing is ever
//! "repaired" by starting afresh over it.

use std::{
    io::{self, ErrorKind},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, ErrorCode, OpenFlags, config::DbConfig};

use super::{
    mark,
    wal::{self, beside},
};
use crate::{
    files,
    store::{error::OpenError, lock::Lock},
};

/// "invd": what `PRAGMA application_id` says of a database of this service.
const APPLICATION_ID: i32 = 0x696e_7664;
/// Where that stands in the header, big-endian (the file format, section 1.3).
const OWNER: usize = 68;
/// The first sixteen bytes of every SQLite file.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
/// KiB of pages that each reader may hold.
const READER_CACHE: i64 = 1024;
/// Before this version SQLite could corrupt a WAL database in rare races.
const OLDEST_SQLITE: i32 = 3_053_000;

/// What to do where there is no file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    /// Say so.
    Refuse,
    /// Make an empty one.
    Create,
}

/// Takes the database for this process alone.
pub fn exclusively(path: &Path, absent: Absent) -> Result<(Lock, Connection), OpenError> {
    let lock = match Lock::take(path) {
        Err(error) if error.kind() == ErrorKind::NotFound && files::folder(path).exists() => {
            refuse_lone_log(path)?;
            match absent {
                Absent::Refuse => return Err(OpenError::Missing(path.to_owned())),
                Absent::Create => Lock::create(path),
            }
        }
        lock => lock,
    };
    let failed = |error: io::Error| OpenError::io(path, &files::reason(path, &error));
    let lock = lock.map_err(failed)?;
    let lock = lock.ok_or_else(|| OpenError::InUse(path.to_owned()))?;
    // SQLite itself would take a short file of anything for an empty database.
    let length = lock.metadata().map_err(failed)?.len();
    let is_foreign = match lock.header() {
        _ if length == 0 => {
            refuse_lone_log(path)?;
            false
        }
        Ok(header) if header.starts_with(MAGIC) => {
            mark::check(path, &lock)?;
            wal::number(&header, OWNER) != APPLICATION_ID.cast_unsigned()
        }
        _ => return Err(OpenError::Damaged(path.to_owned())),
    };
    let exposed = exposed(path, lock.mode().map_err(failed)?).map(OpenError::Exposed);
    match exposed {
        // Before SQLite makes its own files beside it, with the same rights.
        Some(error) if !is_foreign => Err(error),
        exposed => {
            let connection = open(path)?;
            exposed.map_or(Ok((lock, connection)), Err)
        }
    }
}

/// A log without the database it belongs to: SQLite would throw it away.
fn refuse_lone_log(path: &Path) -> Result<(), OpenError> {
    if beside(path, "-wal")
        .metadata()
        .is_ok_and(|log| log.len() > 0)
    {
        return Err(OpenError::Damaged(path.to_owned()));
    }
    Ok(())
}

/// One-time codes and people's names are in the database, and in what SQLite
/// keeps beside it: all of it is for the owner's eyes alone. The first file
/// that is not.
fn exposed(path: &Path, mode: u32) -> Option<PathBuf> {
    let beside = ["-wal", "-shm"].map(|ending| beside(path, ending));
    let modes = beside.map(|path| path.metadata().map(|file| (path, file.mode())));
    let mut files = std::iter::once((path.to_owned(), mode)).chain(modes.into_iter().flatten());
    let exposed = files.find(|(_, mode)| mode & 0o077 != 0);
    exposed.map(|(path, _)| path)
}

/// Settings of every connection. None merges the log by itself.
pub fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(128);
    // Or statements with a bound LIMIT are compiled again whenever they run.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.execute_batch(
        "PRAGMA busy_timeout = 1000;
         PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = ON;
         PRAGMA trusted_schema = OFF;
         PRAGMA secure_delete = ON;
         PRAGMA cell_size_check = ON;
         PRAGMA wal_autocheckpoint = 0;
         PRAGMA journal_size_limit = 41943040;",
    )?;
    merge_on_close(connection, false)
}

/// Settings of a connection that only reads.
pub fn prepare_to_read(connection: &mut Connection) -> rusqlite::Result<()> {
    prepare(connection)?;
    connection.pragma_update(None, "cache_size", -READER_CACHE)?;
    connection.pragma_update(None, "query_only", true)
}

/// A connection that only reads.
pub fn reader(path: &Path) -> Result<Connection, OpenError> {
    let sqlite = |error| OpenError::sqlite(path, &error);
    let mut connection = Connection::open_with_flags(path, FLAGS).map_err(sqlite)?;
    prepare_to_read(&mut connection).map_err(sqlite)?;
    Ok(connection)
}

/// How every connection is opened: the file must be there by then.
pub const FLAGS: OpenFlags =
    OpenFlags::SQLITE_OPEN_READ_WRITE.union(OpenFlags::SQLITE_OPEN_NO_MUTEX);

fn open(path: &Path) -> Result<Connection, OpenError> {
    assert!(
        rusqlite::version_number() >= OLDEST_SQLITE,
        "built with an SQLite that is too old"
    );
    let sqlite = |error: rusqlite::Error| match error.sqlite_error_code() {
        // What is asked here is always right, so it is the file's header that is not.
        Some(ErrorCode::Unknown) => OpenError::Damaged(path.to_owned()),
        _ => OpenError::sqlite(path, &error),
    };
    let connection = Connection::open_with_flags(path, FLAGS).map_err(sqlite)?;
    prepare(&connection).map_err(sqlite)?;
    if !is_ours(&connection).map_err(sqlite)? {
        return Err(OpenError::Foreign(path.to_owned()));
    }
    if !is_kept_as_ours(&connection).map_err(sqlite)? {
        return Err(OpenError::Damaged(path.to_owned()));
    }
    merge_on_close(&connection, true).map_err(sqlite)?;
    Ok(connection)
}

/// Whether the connection, if it is the last to be closed, merges the log and
/// removes it, by its path.
pub fn merge_on_close(connection: &Connection, merge: bool) -> rusqlite::Result<()> {
    let switch = DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
    connection.set_db_config(switch, !merge).map(drop)
}

/// Whether the database is of this service, or nobody's yet.
fn is_ours(connection: &Connection) -> rusqlite::Result<bool> {
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let owner: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    Ok(owner == APPLICATION_ID || (owner == 0 && tables == 0))
}

/// Whether the header says of the file what it says of every file made here:
/// that it may be written, and that no page of it is a map of pages.
fn is_kept_as_ours(connection: &Connection) -> rusqlite::Result<bool> {
    let vacuum: i32 = connection.pragma_query_value(None, "auto_vacuum", |row| row.get(0))?;
    Ok(vacuum == 0 && !connection.is_readonly("main")?)
}

/// Marks the database as ours, and makes sure that it keeps a write-ahead log.
/// Writes nothing where that is so already: the file may be damaged elsewhere.
pub fn claim(path: &Path, connection: &Connection) -> Result<(), OpenError> {
    let sqlite = |error| OpenError::sqlite(path, &error);
    let text = |row: &rusqlite::Row<'_>| row.get::<_, String>(0);
    let owner: i32 = connection
        .pragma_query_value(None, "application_id", |row| row.get(0))
        .map_err(sqlite)?;
    let mut mode = connection
        .pragma_query_value(None, "journal_mode", text)
        .map_err(sqlite)?;
    if mode == "wal" && owner == APPLICATION_ID {
        return Ok(());
    }
    // Before there is a log, for it is what the first log has to fit.
    mark::draw(connection).map_err(sqlite)?;
    connection
        .pragma_update(None, "application_id", APPLICATION_ID)
        .map_err(sqlite)?;
    if mode != "wal" {
        mode = connection
            .pragma_update_and_check(None, "journal_mode", "wal", text)
            .map_err(sqlite)?;
    }
    if mode != "wal" {
        let reason = format!("its file system allows no journal mode but {mode}");
        return Err(OpenError::io(path, &reason));
    }
    Ok(())
}
