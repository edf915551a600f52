//! The database that rows are written to, by COPY.

use std::pin::pin;

use tokio_postgres::{
    Error, Row as Stored,
    binary_copy::BinaryCopyInWriter,
    types::{ToSql, Type},
};

use super::{
    source::{PATIENT, Reader},
    state::state,
};
use crate::store::{
    postgres::{migrate, open, server::Server, session::Session},
    transfer::{
        checksum::Mark,
        database::{Database, PROGRESS, State, Take, Target},
        error::{Side, TransferError},
        table::{Kind, Table},
        tables::TABLES,
        value::{Row, Value},
    },
};

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
