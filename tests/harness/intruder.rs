//! Another connection to the database of a service, to look into it or to be
//! in the way, whichever store it is.

use std::path::Path;

use rusqlite::{OpenFlags, types::ValueRef};

use super::postgres::{self, Rows, Session};

pub enum Intruder {
    Sqlite(rusqlite::Connection),
    Postgres(Session),
}

impl Intruder {
    /// One to the database that goes with a folder.
    pub fn of(folder: &Path) -> Self {
        if postgres::is_asked_for() {
            return Self::Postgres(Session::to(&postgres::url_of(folder)));
        }
        let opened = rusqlite::Connection::open(folder.join("invited.db"));
        Self::Sqlite(opened.unwrap())
    }

    /// Runs statements that bring no rows.
    #[track_caller]
    pub fn run(&self, sql: &str) {
        match self {
            Self::Sqlite(connection) => connection.execute_batch(sql).unwrap(),
            Self::Postgres(session) => drop(session.run(sql)),
        }
    }

    /// The rows of a statement, as text.
    #[track_caller]
    pub fn rows(&self, sql: &str) -> Rows {
        match self {
            Self::Sqlite(connection) => sqlite_rows(connection, sql).unwrap(),
            Self::Postgres(session) => session.run(sql),
        }
    }

    /// The only column of the only row.
    #[track_caller]
    pub fn text(&self, sql: &str) -> String {
        let [row] = &self.rows(sql)[..] else {
            panic!("not one row: {sql}")
        };
        row[0].clone().unwrap()
    }

    /// The only column of the only row, which is a number.
    #[track_caller]
    pub fn number(&self, sql: &str) -> i64 {
        self.text(sql).parse().unwrap()
    }

    /// Nobody else can write from now on. They can read.
    pub fn hold_writes(&self) {
        match self {
            Self::Sqlite(_) => self.run("BEGIN IMMEDIATE"),
            Self::Postgres(session) => {
                let tables = "SELECT string_agg(quote_ident(tablename), ', ') FROM pg_tables
                              WHERE schemaname = 'public'";
                let tables = self.text(tables);
                session.run(&format!("BEGIN; LOCK TABLE {tables} IN EXCLUSIVE MODE"));
            }
        }
    }

    /// Lets them write again.
    pub fn release_writes(&self) {
        self.run("COMMIT");
    }
}

/// How many users are in the database that goes with a folder, which somebody
/// may not have made so far.
pub fn users_so_far(folder: &Path) -> i64 {
    let count = "SELECT count(*) FROM users";
    if postgres::is_asked_for() {
        return Intruder::of(folder).number(count);
    }
    let path = folder.join("invited.db");
    let opened = rusqlite::Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY);
    let users = opened.and_then(|database| database.query_row(count, [], |row| row.get(0)));
    users.unwrap_or(0)
}

fn sqlite_rows(connection: &rusqlite::Connection, sql: &str) -> rusqlite::Result<Rows> {
    let mut statement = connection.prepare(sql)?;
    let columns = statement.column_count();
    let rows = statement.query_map([], |row| {
        let text = |at| {
            Ok(match row.get_ref(at)? {
                ValueRef::Null => None,
                ValueRef::Integer(number) => Some(number.to_string()),
                value => Some(value.as_str()?.to_owned()),
            })
        };
        (0..columns).map(text).collect()
    })?;
    rows.collect()
}
