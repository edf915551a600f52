//! A database on a server that everything is moved from, or to.

use std::{pin::pin, time::Duration};

use futures_util::StreamExt;
use tokio_postgres::{
    Error, Row as Stored,
    binary_copy::BinaryCopyInWriter,
    types::{ToSql, Type},
};

use super::{error::reason, migrate, open, server::Server, session::Session};
use crate::store::{
    error::OpenError,
    transfer::{
        checksum::Mark,
        database::{Database, PROGRESS, State, Take, Target},
        error::{Side, TransferError},
        table::{Column, Kind, Merge, Table},
        tables::TABLES,
        value::{Row, Value},
    },
};

/// Rows that are taken over at once.
const READ: usize = 1000;
/// How often it is looked whether the connections of others are closed, and how long between.
const LOOKS: (u32, Duration) = (100, Duration::from_millis(50));
/// No operator waits for a statement of this transaction to end.
const PATIENT: &str = "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0;
     SET LOCAL idle_in_transaction_session_timeout = 0";

/// A database that is read.
pub struct Reader {
    session: Session,
    side: Side,
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

    fn failed(&self, what: &'static str) -> impl Fn(Error) -> TransferError + use<> {
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

/// A database that is written to.
pub struct Writer(Reader);

impl Writer {
    /// The database, whose schema must be this build's.
    pub fn open(server: &Server) -> Result<Self, TransferError> {
        let open = || {
            let session = Session::open(server)?;
            migrate::require(&session)?;
            open::require_encoding(&session)?;
            Ok(Reader {
                session,
                side: Side::To,
            })
        };
        let reader = open().map_err(|error| TransferError::Open(Side::To, error))?;
        reader.require_alone()?;
        Ok(Self(reader))
    }

    /// Adds rows, and says whether what was known before still held.
    async fn copy(
        &self,
        table: &Table,
        rows: &[Row],
        [before, after]: [&Mark; 2],
    ) -> Result<bool, Error> {
        let client = &self.0.session.client;
        client.batch_execute(&format!("BEGIN; {PATIENT}")).await?;
        let (mut names, mut types) = (table.names(), Vec::new());
        types.extend(table.columns.iter().map(|column| stored_as(column.kind)));
        if table.is_sharded() {
            names += ", shard";
            types.push(Type::INT8);
        }
        let sql = format!("COPY {} ({names}) FROM STDIN (FORMAT BINARY)", table.name);
        let sink = client.copy_in(&sql).await?;
        let mut writer = pin!(BinaryCopyInWriter::new(sink, &types));
        for row in rows {
            let mut values: Vec<_> = row.iter().map(parameter).collect();
            if table.is_sharded() {
                values.push(&0_i64);
            }
            writer.as_mut().write(&values).await?;
        }
        writer.finish().await?;
        let [moved, known] = [after, before].map(|mark| mark.rows.cast_signed());
        let sql = "UPDATE transfer SET moved = $1, checksum = $2 WHERE name = $3 AND moved = $4";
        let changed = client
            .execute(sql, &[&moved, &after.checksum, &table.name, &known])
            .await?;
        let end = if changed == 1 { "COMMIT" } else { "ROLLBACK" };
        client.batch_execute(end).await.map(|()| changed == 1)
    }
}

fn stored_as(kind: Kind) -> Type {
    match kind {
        Kind::Integer => Type::INT8,
        Kind::Text => Type::TEXT,
        Kind::Bytes => Type::BYTEA,
        Kind::Flag => Type::BOOL,
    }
}

fn parameter(value: &Value) -> &(dyn ToSql + Sync) {
    match value {
        Value::Integer(value) => value,
        Value::Text(value) => value,
        Value::Bytes(value) => value,
        Value::Flag(value) => value,
    }
}

/// PostgreSQL's text has no zero characters.
fn require_fit(table: &Table, row: &Row) -> Result<(), TransferError> {
    let is_unfit = |value: &Value| matches!(value, Value::Text(Some(text)) if text.contains('\0'));
    match row.iter().position(is_unfit) {
        Some(column) => {
            let reason = "has a zero character (U+0000), which PostgreSQL cannot keep";
            Err(TransferError::unfit(table, row, column, reason))
        }
        None => Ok(()),
    }
}

impl Database for Writer {
    fn require_alone(&self) -> Result<(), TransferError> {
        self.0.require_alone()
    }

    fn count(&self, table: &Table) -> Result<u64, TransferError> {
        self.0.count(table)
    }

    fn each(&self, table: &Table, take: &mut Take<'_>) -> Result<(), TransferError> {
        self.0.each(table, take)
    }
}

impl Target for Writer {
    fn state(&self) -> Result<State, TransferError> {
        state(&self.0.session).map_err(|error| TransferError::Open(Side::To, error))
    }

    fn begin(&mut self, marks: &[(&Table, Mark)]) -> Result<(), TransferError> {
        let client = &self.0.session.client;
        let begin = async {
            client
                .batch_execute(
                    "BEGIN; CREATE TABLE transfer (name TEXT PRIMARY KEY, moved BIGINT NOT NULL, checksum TEXT NOT NULL)",
                )
                .await?;
            for (table, mark) in marks {
                let sql = "INSERT INTO transfer (name, moved, checksum) VALUES ($1, $2, $3)";
                let moved = mark.rows.cast_signed();
                client
                    .execute(sql, &[&table.name, &moved, &mark.checksum])
                    .await?;
            }
            client.batch_execute("COMMIT").await
        };
        self.0.session.run(begin).map_err(self.0.failed(PROGRESS))
    }

    fn mark(&self, table: &Table) -> Result<Option<Mark>, TransferError> {
        let sql = "SELECT moved, checksum FROM transfer WHERE name = $1";
        let client = &self.0.session.client;
        let row = self.0.session.run(client.query_opt(sql, &[&table.name]));
        let mark = |row: Stored| {
            Ok(Mark {
                rows: row.try_get::<_, i64>(0)?.unsigned_abs(),
                checksum: row.try_get(1)?,
            })
        };
        row.and_then(|row| row.map(mark).transpose())
            .map_err(self.0.failed(PROGRESS))
    }

    fn append(
        &mut self,
        table: &Table,
        rows: Vec<Row>,
        marks: [&Mark; 2],
    ) -> Result<(), TransferError> {
        rows.iter().try_for_each(|row| require_fit(table, row))?;
        let copied = self.0.session.run(self.copy(table, &rows, marks));
        if copied.map_err(self.0.failed(table.name))? {
            Ok(())
        } else {
            Err(TransferError::Together)
        }
    }

    fn finish(&mut self) -> Result<(), TransferError> {
        // Plans are made of what is known of the tables.
        let analyze = TABLES
            .iter()
            .map(|table| format!("ANALYZE {}; ", table.name));
        let finish = analyze.collect::<String>() + "DROP TABLE transfer";
        let finished = self
            .0
            .session
            .run(self.0.session.client.batch_execute(&finish));
        finished.map_err(self.0.failed(PROGRESS))
    }
}

/// What is in a database, whatever its schema.
pub fn peek(server: &Server) -> Result<State, TransferError> {
    let peek = || state(&Session::open(server)?);
    peek().map_err(|error| TransferError::Open(Side::To, error))
}

fn state(session: &Session) -> Result<State, OpenError> {
    if session.has_table(PROGRESS)? {
        return Ok(State::Unfinished);
    }
    for table in &TABLES {
        let sql = format!("SELECT CAST(1 AS BIGINT) FROM {} LIMIT 1", table.name);
        if session.has_table(table.name)? && session.number(&sql)?.is_some() {
            return Ok(State::Occupied(table.name));
        }
    }
    Ok(State::Empty)
}
