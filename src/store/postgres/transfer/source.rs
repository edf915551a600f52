//! The database that rows are read from.

use std::{pin::pin, time::Duration};

use futures_util::StreamExt;
use tokio_postgres::{Error, Row as Stored};

use crate::store::{
    postgres::{error::reason, open, server::Server, session::Session},
    transfer::{
        database::{Database, Take},
        error::{Side, TransferError},
        table::{Column, Kind, Merge, Table},
        value::{Row, Value},
    },
};

/// Rows that are taken over at once.
const READ: usize = 1000;
/// How often it is looked whether the connections of others are closed, and how long between.
const LOOKS: (u32, Duration) = (100, Duration::from_millis(50));
/// No operator waits for a statement of this transaction to end.
pub const PATIENT: &str = "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0;
     SET LOCAL idle_in_transaction_session_timeout = 0";

/// A database that is read.
pub struct Reader {
    /// A connection to it.
    pub session: Session,
    /// Which of the two it is.
    pub side: Side,
}

impl Reader {
    /// The database, whose schema must be this build's, as it is at this instant.
    pub fn open(server: &Server) -> Result<Self, TransferError> {
        let failed = |error| TransferError::Open(Side::From, error);
        open::look(server).map_err(failed)?;
        let session = Session::open(server).map_err(failed)?;
        let reader = Self {
            session,
            side: Side::From,
        };
        reader.require_alone()?;
        let begin = format!("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {PATIENT}");
        reader.session.execute(&begin).map_err(failed)?;
        Ok(reader)
    }

    /// What a failure of the server is told as.
    pub fn failed(&self, what: &'static str) -> impl Fn(Error) -> TransferError + use<> {
        let side = self.side;
        move |error| TransferError::Failed {
            side,
            what,
            reason: reason(&error),
        }
    }
}

impl Database for Reader {
    /// Those who ended just now are connected for a moment longer.
    fn require_alone(&self) -> Result<(), TransferError> {
        let failed = |error| TransferError::Open(self.side, error);
        // CockroachDB does not tell.
        if self.session.is_cockroach().map_err(failed)? {
            return Ok(());
        }
        let sql = "SELECT CAST(count(*) AS BIGINT) FROM pg_stat_activity
             WHERE datname = current_database() AND application_name = 'invited' AND pid <> pg_backend_pid()";
        let mut connections = 0;
        for _ in 0..LOOKS.0 {
            connections = self.session.number(sql).map_err(failed)?.unwrap_or(0);
            if connections == 0 {
                return Ok(());
            }
            self.session
                .run(async { tokio::time::sleep(LOOKS.1).await });
        }
        Err(TransferError::InUse {
            side: self.side,
            connections,
        })
    }

    fn count(&self, table: &Table) -> Result<u64, TransferError> {
        let name = table.name;
        let rows = if table.is_sharded() {
            let key = table.key_names();
            format!("(SELECT DISTINCT {key} FROM {name}) AS rows_with_one_key")
        } else {
            name.to_owned()
        };
        let sql = format!("SELECT CAST(count(*) AS BIGINT) FROM {rows}");
        let count = self.session.run(self.session.client.query_one(&sql, &[]));
        let count = count.and_then(|row| row.try_get::<_, i64>(0));
        Ok(count.map_err(self.failed(name))?.unsigned_abs())
    }

    fn each(&self, table: &Table, take: &mut Take<'_>) -> Result<(), TransferError> {
        let failed = self.failed(table.name);
        let client = &self.session.client;
        let rows = self
            .session
            .run(client.query_raw(&select(table), Vec::<i64>::new()));
        let mut rows = pin!(rows.map_err(&failed)?);
        loop {
            let some = rows.by_ref().take(READ).collect::<Vec<_>>();
            let some = self.session.run(some);
            let is_last = some.len() < READ;
            for row in some {
                let row = row.and_then(|row| values(table, &row));
                take(row.map_err(&failed)?)?;
            }
            // Of what has ended nothing may be asked.
            if is_last {
                return Ok(());
            }
        }
    }
}

fn select(table: &Table) -> String {
    let column = |column: &Column| match column.merge {
        Merge::One => column.name.to_owned(),
        Merge::Sum => format!("CAST(sum({}) AS BIGINT)", column.name),
        Merge::Max => format!("max({})", column.name),
    };
    let columns: Vec<_> = table.columns.iter().map(column).collect();
    let group = if table.is_sharded() {
        format!("GROUP BY {}", table.key_names())
    } else {
        String::new()
    };
    let (columns, order) = (columns.join(", "), table.order());
    format!(
        "SELECT {columns} FROM {} {group} ORDER BY {order}",
        table.name
    )
}

fn values(table: &Table, row: &Stored) -> Result<Row, Error> {
    let columns = table.columns.iter().enumerate();
    let value = |(at, column): (usize, &Column)| {
        Ok(match column.kind {
            Kind::Integer => Value::Integer(row.try_get(at)?),
            Kind::Text => Value::Text(row.try_get(at)?),
            Kind::Bytes => Value::Bytes(row.try_get(at)?),
            Kind::Flag => Value::Flag(row.try_get(at)?),
        })
    };
    columns.map(value).collect()
}
