//! `invited migrate --from .. --to ..`: everything moves between the engines,
//! whatever breaks it off. Where PostgreSQL is not installed its tests are skipped,
//! and say so.

mod broken_off;
mod filled;
mod refused;
mod schema;
mod served;

use std::{
    collections::BTreeMap,
    path::Path,
    process::{Command, Output},
};

use rusqlite::{Connection, OpenFlags, types::Value};
use tempfile::TempDir;

use self::filled::filled;
use crate::harness::{postgres, server::command};

/// The rows of every table of a file.
type Contents = BTreeMap<String, Vec<Vec<Value>>>;

/// A folder whose database is a new one on the server.
fn on_server() -> Option<(TempDir, String)> {
    let folder = TempDir::new().unwrap();
    let url = postgres::url_if_there(folder.path())?;
    Some((folder, url))
}

/// A command that moves everything, in a folder with the keys.
fn migrate(folder: &Path, from: &str, to: &str) -> Command {
    let mut command = command(folder);
    command.args(["migrate", "--from", from, "--to", to]);
    command
}

/// Moves everything, and brings what is told of it.
#[track_caller]
fn moved(folder: &Path, from: &str, to: &str) -> String {
    told(&migrate(folder, from, to).output().unwrap())
}

#[track_caller]
fn told(output: &Output) -> String {
    let error = str::from_utf8(&output.stderr).unwrap();
    assert!(output.status.success(), "{error}");
    str::from_utf8(&output.stdout).unwrap().to_owned()
}

/// A file, which is only looked at.
fn look(path: &Path) -> rusqlite::Result<Connection> {
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
}

fn contents(path: &Path) -> Contents {
    let file = look(path).unwrap();
    let sql =
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'refinery_schema_history'";
    let mut names = file.prepare(sql).unwrap();
    let names = names.query_map([], |row| row.get::<_, String>(0)).unwrap();
    names
        .map(|name| {
            let name = name.unwrap();
            let mut rows = file.prepare(&format!("SELECT * FROM {name}")).unwrap();
            let width = rows.column_count();
            let row = |row: &rusqlite::Row<'_>| (0..width).map(|at| row.get(at)).collect();
            let rows = rows.query_map([], row).unwrap();
            let mut rows: Vec<Vec<Value>> = rows.map(Result::unwrap).collect();
            rows.sort_by_key(|row| format!("{row:?}"));
            (name, rows)
        })
        .collect()
}

#[test]
fn everything_that_a_month_of_life_left_moves_there_and_back() {
    let Some((_server, url)) = on_server() else {
        return;
    };
    let folder = filled();
    let path = |name: &str| folder.path().join(name);
    let there = moved(folder.path(), "sqlite:invited.db", &url);
    let back = moved(folder.path(), &url, "sqlite:back.db");
    assert_eq!(there, back, "both come to the same checksums");
    let (before, after) = (contents(&path("invited.db")), contents(&path("back.db")));
    for (name, rows) in &before {
        assert!(!rows.is_empty(), "nothing was in {name}");
        assert_eq!(Some(rows), after.get(name), "{name}");
    }
    assert_eq!(before.len(), after.len());
}

#[test]
fn files_and_servers_move_to_their_own_kind_too() {
    let folder = filled();
    let path = |name: &str| folder.path().join(name);
    let to_file = moved(folder.path(), "invited.db", "copy.db");
    assert_eq!(contents(&path("invited.db")), contents(&path("copy.db")));
    let (Some((_one, one)), Some((_other, other))) = (on_server(), on_server()) else {
        return;
    };
    assert_eq!(moved(folder.path(), "copy.db", &one), to_file);
    assert_eq!(moved(folder.path(), &one, &other), to_file);
}

#[test]
fn what_several_connections_counted_is_moved_as_their_sum() {
    let Some((server, url)) = on_server() else {
        return;
    };
    told(
        &command(server.path())
            .args(["migrate", "--database", &url])
            .output()
            .unwrap(),
    );
    postgres::Session::to(&url).run(
        "INSERT INTO counters (counter, span, start, last, count, amount, shard)
         VALUES (0, 3600000, 90000, 90007, 2, 20, 3), (0, 3600000, 90000, 90005, 3, 5, 61),
                (0, 3600000, 180000, 180001, 1, 1, 0);
         INSERT INTO cohorts (week, accounts, deleted, invited, shard) VALUES (-1, 5, 1, 0, 1), (-1, 2, 0, 4, 2)",
    );
    moved(server.path(), &url, "sqlite:back.db");
    let contents = contents(&server.path().join("back.db"));
    let numbers = |table: &str| -> Vec<Vec<i64>> {
        let number = |value: &Value| match value {
            Value::Integer(number) => *number,
            other => panic!("{other:?}"),
        };
        let rows = contents[table].iter();
        rows.map(|row| row.iter().map(number).collect()).collect()
    };
    let counters = [
        [0, 3_600_000, 180_000, 180_001, 1, 1],
        [0, 3_600_000, 90_000, 90_007, 5, 25],
    ];
    assert_eq!(numbers("counters"), counters);
    assert_eq!(numbers("cohorts"), [[-1, 7, 1, 4]]);
}

#[test]
fn families_are_there_before_those_that_point_to_them() {
    let Some((server, url)) = on_server() else {
        return;
    };
    let path = server.path().join("invited.db");
    let done = command(server.path())
        .args(["migrate", "--database", "invited.db"])
        .output();
    told(&done.unwrap());
    // More than are moved at once, each pointing to one with a higher identifier.
    let sql = "WITH RECURSIVE n (id) AS (VALUES (1) UNION ALL SELECT id + 1 FROM n WHERE id < 300)
         INSERT INTO families (id, parent_id, rank) SELECT id, iif(id % 3 = 0, NULL, id + 1), id % 3 + 2 * (id % 3 = 0) FROM n;
         UPDATE families SET rank = CASE id % 3 WHEN 0 THEN 2 WHEN 2 THEN 1 ELSE 0 END";
    let file = Connection::open(&path).unwrap();
    file.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
    file.execute_batch(sql).unwrap();
    drop(file);
    moved(server.path(), "invited.db", &url);
    moved(server.path(), &url, "back.db");
    assert_eq!(contents(&path), contents(&server.path().join("back.db")));
}
