//! Ties the write-ahead log to its database.
//!
//! SQLite replays whatever well-formed log it finds beside a database: that of
//! another database, or of another time, left behind when a backup was put
//! back. The pages of the one then overwrite the pages of the other, and
//! nothing tells. So every transaction draws a mark at random, the
//! `user_version` in the header, by which states of the file are told apart,
//! and every log begins with a transaction that changes nothing but the mark:
//! to the fingerprint of the header that the file had by then, all of the log
//! before being merged. A log is replayed only over that state of the file, or
//! over one that the log itself led to, for then it was merged in part. Where
//! another program began the log (Litestream does), such a transaction follows
//! as soon as that is noticed, and before anything more is answered.
//!
//! The whole header counts, since a copy that was compacted (`VACUUM INTO`)
//! keeps the mark and moves the pages. It lies within one sector, so that no
//! power cut leaves half of it.

use std::{io, path::Path};

use rusqlite::Connection;
use sha2::{Digest, Sha256};

use super::{
    error::{failed, unavailable},
    wal::{self, Frames, Header, Log, beside, number},
};
use crate::{
    domain::error::StoreError,
    store::{error::OpenError, lock::Lock},
};

/// Where the mark stands in the header, big-endian (the file format, section 1.3).
const PLACE: usize = 60;

/// How a file and the log beside it go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// The log continues the file, or there is nothing in it.
    Good,
    /// The log is another's, or damaged.
    Other,
    /// The file is shorter than it says, or than the log supposes.
    Cut,
}

/// How a file of so many bytes, which begins with `header`, and the log go together.
pub fn fit(header: &Header, length: u64, log: &Path) -> io::Result<Fit> {
    let frames = match wal::read(log)? {
        Log::Unreadable => return Ok(Fit::Other),
        Log::Empty => None,
        Log::Frames(frames) => Some(frames),
    };
    let page_size = page_size(header);
    let pages = match frames {
        Some(frames) if frames.page_size != page_size => return Ok(Fit::Other),
        Some(frames) => replay(header, frames)?,
        None => Replay::default(),
    };
    let pages = match pages {
        Replay {
            transactions: 0, ..
        } => pages_of(header),
        Replay { continues, .. } if !continues => return Ok(Fit::Other),
        Replay { fewest_pages, .. } => fewest_pages,
    };
    let is_whole = length >= u64::from(pages) * u64::from(page_size);
    Ok(if is_whole { Fit::Good } else { Fit::Cut })
}

/// Whether the file, which has a header, and what is beside it are what SQLite may be shown.
pub fn check(path: &Path, lock: &Lock) -> Result<(), OpenError> {
    let io = |error| OpenError::io(path, &error);
    let (header, length) = (
        lock.header().map_err(io)?,
        lock.metadata().map_err(io)?.len(),
    );
    let other = |log| OpenError::OtherLog {
        path: path.to_owned(),
        log,
    };
    // SQLite would roll back by a journal whatever it is of. Since the file has a
    // write-ahead log, it has no other.
    let journal = beside(path, "-journal");
    if header[18..20] == [2, 2] && journal.metadata().is_ok_and(|journal| journal.len() > 0) {
        return Err(other("-journal"));
    }
    match fit(&header, length, &beside(path, "-wal")).map_err(io)? {
        Fit::Good => Ok(()),
        Fit::Other => Err(other("-wal")),
        Fit::Cut => Err(OpenError::Damaged(path.to_owned())),
    }
}

#[derive(Default)]
struct Replay {
    transactions: usize,
    continues: bool,
    fewest_pages: u32,
}

/// What a log would do to a file that begins with `header`.
fn replay(header: &Header, mut frames: Frames) -> io::Result<Replay> {
    let mut replay = Replay::default();
    let mut is_known = false;
    while let Some(frame) = frames.next()? {
        let continues = number(&frame.header, PLACE) == fingerprint(header);
        is_known |= frame.page == 1 && (continues || frame.header == *header);
        if frame.pages > 0 {
            replay.fewest_pages = match replay.transactions {
                0 => frame.pages,
                _ => replay.fewest_pages.min(frame.pages),
            };
            replay.transactions += 1;
            replay.continues |= is_known;
        }
    }
    Ok(replay)
}

fn page_size(header: &Header) -> u32 {
    match u32::from(header[16]) << 8 | u32::from(header[17]) {
        1 => 65_536,
        size => size,
    }
}

/// How many pages the file has by its own account, which is good if the
/// version that wrote it is the one that wrote last.
fn pages_of(header: &Header) -> u32 {
    if number(header, 24) == number(header, 92) {
        number(header, 28)
    } else {
        0
    }
}

fn fingerprint(header: &Header) -> u32 {
    number(&Sha256::digest(header), 0)
}

/// Draws a mark, within the transaction that it is for.
pub fn draw(connection: &Connection) -> rusqlite::Result<()> {
    let mut drawn = connection.prepare_cached("SELECT random() >> 32")?;
    let drawn: i64 = drawn.query_row([], |row| row.get(0))?;
    connection.pragma_update(None, "user_version", drawn)
}

/// Begins a log, if all of the one before is in the file.
pub fn begin(connection: &Connection, lock: &Lock) -> Result<(), StoreError> {
    let header = lock.header().map_err(unavailable)?;
    let mark = fingerprint(&header).cast_signed();
    connection
        .pragma_update(None, "user_version", mark)
        .map_err(failed)
}

/// How many frames the log has, and how many of them are in the database.
/// Not to be asked of a connection within a transaction.
pub fn frames(connection: &Connection) -> rusqlite::Result<(u32, u32)> {
    let mut statement = connection.prepare_cached("PRAGMA main.wal_checkpoint(NOOP)")?;
    statement.query_row([], |row| Ok((row.get(1)?, row.get(2)?)))
}
