//! The file that rows are read from.

use std::{path::Path, sync::Arc};

use rusqlite::{Connection, types::ValueRef};

use super::state::refuse_unfinished;
use crate::store::{
    error::OpenError,
    lock::Lock,
    sqlite::{
        migrate,
        open::{self, Absent},
    },
    transfer::{
        database::{Database, Take},
        error::{Side, TransferError},
        table::{Kind, Table},
        value::{Row, Value},
    },
};

/// A file that is read.
pub struct Reader {
    /// A connection to it.
    pub connection: Connection,
    side: Side,
    /// Let go of once the file is closed.
    pub lock: Arc<Lock>,
}

impl Reader {
    /// The file at `path`, whose schema must be this build's.
    pub fn open(path: &Path) -> Result<Self, TransferError> {
        let failed = |error| TransferError::Open(Side::From, error);
        let reader = Self::exclusively(path, Side::From).map_err(failed)?;
        refuse_unfinished(path, &reader.connection).map_err(failed)?;
        Ok(reader)
    }

    /// The same, as one of the two.
    pub fn exclusively(path: &Path, side: Side) -> Result<Self, OpenError> {
        let (lock, connection) = open::exclusively(path, Absent::Refuse)?;
        migrate::require(path, &connection)?;
        Ok(Self {
            connection,
            side,
            lock: Arc::new(lock),
        })
    }

    /// What a failure of SQLite's is told as.
    pub fn failed(&self, what: &'static str) -> impl Fn(rusqlite::Error) -> TransferError + use<> {
        let side = self.side;
        move |error| TransferError::Failed {
            side,
            what,
            reason: error.to_string(),
        }
    }
}

impl Database for Reader {
    fn require_alone(&self) -> Result<(), TransferError> {
        // It has the lock.
        Ok(())
    }

    fn count(&self, table: &Table) -> Result<u64, TransferError> {
        let sql = format!("SELECT count(*) FROM {}", table.name);
        let count = self
            .connection
            .query_row(&sql, [], |row| row.get::<_, i64>(0));
        Ok(count.map_err(self.failed(table.name))?.unsigned_abs())
    }

    fn each(&self, table: &Table, take: &mut Take<'_>) -> Result<(), TransferError> {
        let failed = self.failed(table.name);
        let (names, order) = (table.names(), table.order());
        let sql = format!("SELECT {names} FROM {} ORDER BY {order}", table.name);
        let mut statement = self.connection.prepare(&sql).map_err(&failed)?;
        let mut rows = statement.query([]).map_err(&failed)?;
        while let Some(row) = rows.next().map_err(&failed)? {
            let mut values = Row::with_capacity(table.columns.len());
            for (at, column) in table.columns.iter().enumerate() {
                let stored = row.get_ref(at).map_err(&failed)?;
                let value = value(column.kind, stored);
                values.push(
                    value.map_err(|reason| TransferError::unfit(table, &values, at, reason))?,
                );
            }
            take(values)?;
        }
        Ok(())
    }
}

/// What is stored, as it is moved; or why it is not.
fn value(kind: Kind, stored: ValueRef<'_>) -> Result<Value, &'static str> {
    Ok(match (kind, stored) {
        (Kind::Integer, ValueRef::Integer(number)) => Value::Integer(Some(number)),
        (Kind::Integer, ValueRef::Null) => Value::Integer(None),
        (Kind::Flag, ValueRef::Integer(number @ 0..=1)) => Value::Flag(Some(number == 1)),
        (Kind::Flag, ValueRef::Null) => Value::Flag(None),
        (Kind::Bytes, ValueRef::Blob(bytes)) => Value::Bytes(Some(bytes.to_owned())),
        (Kind::Bytes, ValueRef::Null) => Value::Bytes(None),
        (Kind::Text, ValueRef::Text(bytes)) => match str::from_utf8(bytes) {
            Ok(text) => Value::Text(Some(text.to_owned())),
            Err(_) => return Err("is not UTF-8"),
        },
        (Kind::Text, ValueRef::Null) => Value::Text(None),
        _ => return Err("is of a type that this build does not write there"),
    })
}
