//! What a move needs of each of the two databases.

use super::{checksum::Mark, error::TransferError, table::Table, value::Row};

/// The table in the target that says how far a move is, a row a table. It is
/// there from the beginning of a move to its end, so that nobody serves from
/// half of what there was.
pub const PROGRESS: &str = "transfer";

/// Whoever is given the rows of a table.
pub type Take<'t> = dyn FnMut(Row) -> Result<(), TransferError> + 't;

/// A database that rows are read from.
pub trait Database {
    /// Fails while others have it open, who would go on writing.
    fn require_alone(&self) -> Result<(), TransferError>;
    /// How many rows a table has.
    fn count(&self, table: &Table) -> Result<u64, TransferError>;
    /// Hands over every row of a table, in the table's order.
    fn each(&self, table: &Table, take: &mut Take<'_>) -> Result<(), TransferError>;
}

/// The database that rows are moved to.
pub trait Target: Database {
    /// What is in it.
    fn state(&self) -> Result<State, TransferError>;
    /// Has it know that a move has begun, in which nothing was moved yet.
    fn begin(&mut self, marks: &[(&Table, Mark)]) -> Result<(), TransferError>;
    /// What of a table was moved before; none if the move knows no such table.
    fn mark(&self, table: &Table) -> Result<Option<Mark>, TransferError>;
    /// Adds the rows between two marks, all of them or none.
    fn append(
        &mut self,
        table: &Table,
        rows: Vec<Row>,
        marks: [&Mark; 2],
    ) -> Result<(), TransferError>;
    /// Has it forget that it was moved to: it can be served from now.
    fn finish(&mut self) -> Result<(), TransferError>;
}

/// What is in a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nothing.
    Empty,
    /// A part of what is to be in it.
    Unfinished,
    /// Something else, in this table.
    Occupied(&'static str),
}
