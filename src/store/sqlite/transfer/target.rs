//! The file that rows are written to.

use std::{path::Path, sync::Arc};

use rusqlite::{
    Connection, params_from_iter,
    types::{ToSqlOutput, ValueRef},
};

use super::{source::Reader, state::state};
use crate::{
    domain::error::StoreError,
    store::{
        error::OpenError,
        sqlite::{checkpoint::Log, emptying::Done, length::LENGTH, mark, open},
        transfer::{
            checksum::Mark,
            database::{Database, PROGRESS, State, Take, Target},
            error::{Side, TransferError},
            table::Table,
            value::{Row, Value},
        },
    },
};

/// KiB of pages that may be held while rows are added.
const CACHE: i64 = 512 * 1024;

/// A file that is written to.
pub struct Writer {
    log: Log,
    reader: Reader,
}

impl Writer {
    /// The file at `path`, whose schema must be this build's.
    pub fn open(path: &Path) -> Result<Self, TransferError> {
        let open = || {
            let reader = Reader::exclusively(path, Side::To)?;
            let connection = &reader.connection;
            open::claim(path, connection)?;
            let observer = open::reader(path)?;
            let lock = Arc::clone(&reader.lock);
            let log = Log::of(path, connection, observer, lock, LENGTH)
                .map_err(|error| OpenError::store(path, error))?;
            connection
                .pragma_update(None, "cache_size", -CACHE)
                .and_then(|()| open::merge_on_close(connection, false))
                .map_err(|error| OpenError::sqlite(path, &error))?;
            Ok(Self { log, reader })
        };
        open().map_err(|error| TransferError::Open(Side::To, error))
    }

    /// Changes something in one transaction.
    fn change(
        &mut self,
        what: &'static str,
        work: impl FnOnce(&Connection) -> Result<(), TransferError>,
    ) -> Result<(), TransferError> {
        let (sqlite, store) = (self.reader.failed(what), |error| failed(what, &error));
        let connection = &self.reader.connection;
        let scope = self.log.begin(connection).map_err(store)?;
        work(connection)?;
        mark::draw(connection).map_err(&sqlite)?;
        scope.commit().map_err(&sqlite)?;
        self.log.check(connection).map_err(store)?;
        let done = Done {
            writes: true,
            erases: false,
        };
        self.log.after(connection, Ok(done));
        Ok(())
    }
}

fn failed(what: &'static str, error: &StoreError) -> TransferError {
    let cause = std::error::Error::source(error);
    TransferError::Failed {
        side: Side::To,
        what,
        reason: cause.map_or_else(|| error.to_string(), ToString::to_string),
    }
}

impl Database for Writer {
    fn require_alone(&self) -> Result<(), TransferError> {
        self.reader.require_alone()
    }

    fn count(&self, table: &Table) -> Result<u64, TransferError> {
        self.reader.count(table)
    }

    fn each(&self, table: &Table, take: &mut Take<'_>) -> Result<(), TransferError> {
        self.reader.each(table, take)
    }
}

impl Target for Writer {
    fn state(&self) -> Result<State, TransferError> {
        state(&self.reader.connection).map_err(self.reader.failed("its tables"))
    }

    fn begin(&mut self, marks: &[(&Table, Mark)]) -> Result<(), TransferError> {
        let failed = self.reader.failed(PROGRESS);
        self.change(PROGRESS, |connection| {
            let made = connection.execute_batch(
                "CREATE TABLE transfer (name TEXT PRIMARY KEY, moved INTEGER NOT NULL, checksum TEXT NOT NULL)
                 STRICT, WITHOUT ROWID",
            );
            made.map_err(&failed)?;
            for (table, mark) in marks {
                let values = (table.name, mark.rows.cast_signed(), &mark.checksum);
                let added = connection.execute("INSERT INTO transfer VALUES (?1, ?2, ?3)", values);
                added.map_err(&failed)?;
            }
            Ok(())
        })
    }

    fn mark(&self, table: &Table) -> Result<Option<Mark>, TransferError> {
        let sql = "SELECT moved, checksum FROM transfer WHERE name = ?1";
        let mark = self.reader.connection.query_row(sql, [table.name], |row| {
            Ok(Mark {
                rows: row.get::<_, i64>(0)?.unsigned_abs(),
                checksum: row.get(1)?,
            })
        });
        match mark {
            Err(rusqlite::Error::QueryReturnedNoRows) => Ok(None),
            mark => mark.map(Some).map_err(self.reader.failed(PROGRESS)),
        }
    }

    fn append(
        &mut self,
        table: &Table,
        rows: Vec<Row>,
        [before, after]: [&Mark; 2],
    ) -> Result<(), TransferError> {
        let failed = self.reader.failed(table.name);
        self.change(table.name, |connection| {
            let places: Vec<_> = (1..=table.columns.len())
                .map(|at| format!("?{at}"))
                .collect();
            let (names, places) = (table.names(), places.join(", "));
            let sql = format!("INSERT INTO {} ({names}) VALUES ({places})", table.name);
            let mut statement = connection.prepare_cached(&sql).map_err(&failed)?;
            for row in &rows {
                let added = statement.execute(params_from_iter(row.iter().map(stored)));
                added.map_err(&failed)?;
            }
            let sql =
                "UPDATE transfer SET moved = ?1, checksum = ?2 WHERE name = ?3 AND moved = ?4";
            let [moved, known] = [after, before].map(|mark| mark.rows.cast_signed());
            let changed = connection.execute(sql, (moved, &after.checksum, table.name, known));
            match changed.map_err(&failed)? {
                1 => Ok(()),
                _ => Err(TransferError::Together),
            }
        })
    }

    fn finish(&mut self) -> Result<(), TransferError> {
        let sqlite = self.reader.failed(PROGRESS);
        self.change(PROGRESS, |connection| {
            connection
                .execute_batch("DROP TABLE transfer")
                .map_err(&sqlite)
        })?;
        let connection = &self.reader.connection;
        let finished = self.log.finish(connection);
        finished.map_err(|error| failed(PROGRESS, &error))?;
        open::merge_on_close(connection, true).map_err(sqlite)
    }
}

fn stored(value: &Value) -> ToSqlOutput<'_> {
    let stored = match value {
        Value::Integer(value) => value.map(ValueRef::Integer),
        Value::Flag(value) => value.map(|flag| ValueRef::Integer(flag.into())),
        Value::Text(value) => value.as_ref().map(|text| ValueRef::Text(text.as_bytes())),
        Value::Bytes(value) => value.as_ref().map(|bytes| ValueRef::Blob(bytes)),
    };
    ToSqlOutput::Borrowed(stored.unwrap_or(ValueRef::Null))
}
