//! Moves everything from one database to another, of any two engines.
//!
//! Rows are read in the order of a key, and added in batches, each with what it
//! leads to (how many rows of that table, and their checksum) in the same
//! transaction. Whoever is killed and starts again reads the source from the
//! beginning, finds that what was moved is still what it has, and goes on. At
//! the end the target is read, and has to come to the same checksums.

pub mod checksum;
pub mod database;
pub mod error;
mod open;
pub mod table;
pub mod tables;
pub mod value;

use self::error::TransferError;
use self::{
    checksum::{Checksum, Mark},
    database::{Database, State, Target},
    table::Table,
    tables::TABLES,
    value::Row,
};
use super::{Location, progress::Progress};

/// Rows in one transaction. A build for tests ends it sooner, so that what ends a
/// move at any time also ends it within a table.
const BATCH: usize = if cfg!(debug_assertions) { 50 } else { 20_000 };

/// A table of both databases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// Its name.
    pub table: &'static str,
    /// What the source has.
    pub source: Mark,
    /// What the target has.
    pub target: Mark,
}

impl Compared {
    /// Whether both have the same.
    pub fn is_same(&self) -> bool {
        self.source == self.target
    }
}

/// Moves everything, and says what both have then: the move is over if that is
/// the same, and the target cannot be served from if it is not.
pub fn run(
    from: &Location,
    to: &Location,
    progress: &Progress,
) -> Result<Vec<Compared>, TransferError> {
    open::require_two(from, to)?;
    let source = open::source(from)?;
    let mut target = open::target(to)?;
    let mut total = 0;
    for table in &TABLES {
        total += source.count(table)?;
    }
    // Each row is moved, and read where it is then.
    progress.expect(2 * total);
    if let State::Occupied(table) = target.state()? {
        return find_moved(&*source, &*target, table, progress);
    }
    if target.state()? == State::Empty {
        let nothing: Vec<_> = TABLES.iter().map(nothing_of).collect();
        target.begin(&nothing)?;
    }
    let mut moved = Vec::new();
    for table in &TABLES {
        moved.push(move_rows(table, &*source, &mut *target, progress)?);
    }
    let compared = compare(moved, &*target, progress)?;
    if compared.iter().all(Compared::is_same) {
        // What a node wrote since the beginning would be lost.
        source.require_alone()?;
        target.finish()?;
    }
    Ok(compared)
}

/// Compares what the tables of the source have with a target.
fn compare(
    sources: Vec<Mark>,
    target: &dyn Database,
    progress: &Progress,
) -> Result<Vec<Compared>, TransferError> {
    let compared = TABLES.iter().zip(sources).map(|(table, source)| {
        Ok(Compared {
            table: table.name,
            source,
            target: read(table, target, progress)?,
        })
    });
    compared.collect()
}

/// Finds that everything is there already, for whoever was killed at the very
/// end of a move; or that what is there is something else.
fn find_moved(
    source: &dyn Database,
    target: &dyn Database,
    occupied: &'static str,
    progress: &Progress,
) -> Result<Vec<Compared>, TransferError> {
    require_same_counts(source, target, occupied)?;
    let sources = TABLES.iter().map(|table| read(table, source, progress));
    let compared = compare(sources.collect::<Result<_, _>>()?, target, progress)?;
    if compared.iter().all(Compared::is_same) {
        Ok(compared)
    } else {
        Err(TransferError::Occupied(occupied))
    }
}

fn nothing_of(table: &Table) -> (&Table, Mark) {
    (table, Checksum::of(table).mark())
}

/// Refuses soon what has rows of another origin.
fn require_same_counts(
    source: &dyn Database,
    target: &dyn Database,
    occupied: &'static str,
) -> Result<(), TransferError> {
    for table in &TABLES {
        if source.count(table)? != target.count(table)? {
            return Err(TransferError::Occupied(occupied));
        }
    }
    Ok(())
}

/// What a table has.
fn read(
    table: &Table,
    database: &dyn Database,
    progress: &Progress,
) -> Result<Mark, TransferError> {
    let mut checksum = Checksum::of(table);
    database.each(table, &mut |row| {
        checksum.add(&row);
        progress.advance(1);
        Ok(())
    })?;
    Ok(checksum.mark())
}

/// Moves the rows of a table that were not moved before, and says what it has.
fn move_rows(
    table: &Table,
    source: &dyn Database,
    target: &mut dyn Target,
    progress: &Progress,
) -> Result<Mark, TransferError> {
    let before = target.mark(table)?.ok_or(TransferError::OtherBuild)?;
    let mut moving = Moving {
        table,
        target,
        seen: Checksum::of(table),
        batch: Vec::new(),
        moved: before,
    };
    moving.require_moved()?;
    source.each(table, &mut |row| {
        progress.advance(1);
        moving.take(row)
    })?;
    moving.end()
}

/// A table that is being moved.
struct Moving<'t> {
    table: &'t Table,
    target: &'t mut dyn Target,
    /// What the source was seen to have.
    seen: Checksum,
    /// What of it is not in the target.
    batch: Vec<Row>,
    /// What the target has.
    moved: Mark,
}

impl Moving<'_> {
    fn take(&mut self, row: Row) -> Result<(), TransferError> {
        self.seen.add(&row);
        if self.seen.rows() <= self.moved.rows {
            return self.require_moved();
        }
        self.batch.push(row);
        if self.batch.len() >= BATCH {
            self.append()?;
        }
        Ok(())
    }

    /// Where all that was moved before was seen: it has to be what was seen.
    fn require_moved(&self) -> Result<(), TransferError> {
        if self.seen.rows() == self.moved.rows && self.seen.mark() != self.moved {
            return Err(TransferError::Changed(self.table.name));
        }
        Ok(())
    }

    fn append(&mut self) -> Result<(), TransferError> {
        let seen = self.seen.mark();
        let rows = std::mem::take(&mut self.batch);
        self.target.append(self.table, rows, [&self.moved, &seen])?;
        self.moved = seen;
        Ok(())
    }

    fn end(mut self) -> Result<Mark, TransferError> {
        if self.seen.rows() < self.moved.rows {
            return Err(TransferError::Changed(self.table.name));
        }
        if !self.batch.is_empty() {
            self.append()?;
        }
        Ok(self.moved)
    }
}
