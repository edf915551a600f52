//! Ties the write-ahead log to its database.
//!
//! SQLite replays whatever well-formed log it finds beside a database: that of
//! another database, or its own of last month, left behind when a backup was
//! put back. The pages of the one then overwrite the pages of the other, and
//! nothing tells. So both carry a mark: the `user_version` in the database's
//! header, drawn when it is made and raised by the first transaction of every
//! log. Read from the file alone and read through the log, it is then the same
//! or one apart. With a log that belongs elsewhere it is not.

use rusqlite::Connection;

/// Where the mark stands in the file, big-endian (the file format, section 1.3).
pub const PLACE: std::ops::Range<usize> = 60..64;

/// Gives a database that is being made a mark of its own.
pub fn draw(connection: &Connection) -> rusqlite::Result<()> {
    let drawn: i64 = connection.query_row("SELECT random() >> 33", [], |row| row.get(0))?;
    connection.pragma_update(None, "user_version", drawn)
}

/// Whether what `connection` reads through the log belongs to the file that
/// begins with `head`. A file without a header has no log to be wrong about.
pub fn fits(head: &[u8], connection: &Connection) -> rusqlite::Result<bool> {
    let Some(written) = head.get(PLACE).and_then(|bytes| bytes.try_into().ok()) else {
        return Ok(true);
    };
    let written = i32::from_be_bytes(written);
    let seen = read(connection)?;
    Ok(seen == written || seen == written.wrapping_add(1))
}

/// Whether all of the log is in the database, so that the next transaction may
/// begin the log anew, and is to [`raise`] the mark.
pub fn is_due(connection: &Connection) -> rusqlite::Result<bool> {
    let (log, merged) = frames(connection)?;
    Ok(log >= 0 && log == merged)
}

/// Raises the mark, within the transaction that begins a log.
pub fn raise(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "user_version", read(connection)?.wrapping_add(1))
}

/// Merges what can be merged of the log, and says whether that was all of it:
/// then the next transaction begins it anew, in the place that it has.
pub fn merge(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("PRAGMA main.wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
    is_due(connection)
}

/// Merges the log and raises the mark once more, so that no older copy of the
/// log that ends here fits any longer. Does nothing where nothing was written.
pub fn part(connection: &Connection) -> rusqlite::Result<()> {
    if frames(connection)?.0 > 0 {
        connection.query_row("PRAGMA main.wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        if is_due(connection)? {
            raise(connection)?;
        }
    }
    Ok(())
}

/// How many frames the log has, and how many of them are in the database.
fn frames(connection: &Connection) -> rusqlite::Result<(i64, i64)> {
    let mut statement = connection.prepare_cached("PRAGMA main.wal_checkpoint(NOOP)")?;
    statement.query_row([], |row| Ok((row.get(1)?, row.get(2)?)))
}

fn read(connection: &Connection) -> rusqlite::Result<i32> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}
