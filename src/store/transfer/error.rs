//! Why a database was not moved. Each is a sentence for the operator.

use std::fmt;

use super::table::Table;
use crate::store::error::OpenError;

/// One of the two databases, as the operator named it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Where rows come from.
    From,
    /// Where they go.
    To,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::From => "--from",
            Self::To => "--to",
        })
    }
}

/// Why a database was not moved.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// It was not opened.
    #[error("{0}: {1}")]
    Open(Side, OpenError),
    /// Others work with it.
    #[error(
        "{side}: {connections} other connections of invited to this database are open: stop the nodes and whatever \
         keeps connections for them, and run this again"
    )]
    InUse {
        /// Which.
        side: Side,
        /// How many connections.
        connections: i64,
    },
    /// There are not two.
    #[error("--from and --to are the same database: name another")]
    Same,
    /// What is there is not of this move.
    #[error(
        "--to: the database has rows in {0} that are not of this move, and was left as it is: name one that is new or \
         empty"
    )]
    Occupied(&'static str),
    /// What was moved is of another time, or of another database.
    #[error(
        "--from: what is in {0} is not what was moved of it: somebody wrote to the source since the move began, or it \
         is another database. Remove the target, which is of no use now, and begin again"
    )]
    Changed(&'static str),
    /// Another build does not know the same tables.
    #[error(
        "--to: a move to this database was begun by another version of invited: go on with that one, or remove the \
         target and begin again"
    )]
    OtherBuild,
    /// Two move to the same database at once.
    #[error("--to: another process moves rows to this database: wait for it, or stop it")]
    Together,
    /// The engine has no room for a value, or the other one's is none.
    #[error("{row}: {column} {reason}: put it right in the source, and run this again")]
    Unfit {
        /// Which row.
        row: String,
        /// Which of its columns.
        column: &'static str,
        /// Why not.
        reason: &'static str,
    },
    /// The database would not.
    #[error("{side}: {what}: {reason}. To go on, run this again")]
    Failed {
        /// Which.
        side: Side,
        /// What it was asked for, a table mostly.
        what: &'static str,
        /// In its own words.
        reason: String,
    },
}

impl TransferError {
    /// A value that is not moved.
    pub fn unfit(
        table: &Table,
        row: &super::value::Row,
        column: usize,
        reason: &'static str,
    ) -> Self {
        Self::Unfit {
            row: table.row_name(row),
            column: table.columns[column].name,
            reason,
        }
    }
}
