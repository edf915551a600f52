//! Moves that are killed, and go on.

use std::path::Path;

use rusqlite::Connection;
use tempfile::TempDir;

use super::{contents, look, migrate, moved, on_server, told};
use crate::{
    backup::{sentence, until},
    harness::{
        postgres::Session,
        server::{command, run},
    },
};

/// People, of whom a build for tests moves fifty at once.
const PEOPLE: &str = "3000";

/// A folder with made-up people.
fn populated() -> TempDir {
    let folder = TempDir::new().unwrap();
    let mut seed = command(folder.path());
    seed.args(["seed", "--users", PEOPLE, "--database", "invited.db"]);
    told(&seed.output().unwrap());
    folder
}

/// Begins a move, and kills it once so many rows were moved; whether it was not over by then.
fn kill_at(rows: i64, folder: &Path, [from, to]: [&str; 2], moved: &dyn Fn() -> i64) -> bool {
    let mut process = migrate(folder, from, to).spawn().unwrap();
    let process = std::cell::RefCell::new(&mut process);
    until("moving", || {
        moved() >= rows || process.borrow_mut().try_wait().unwrap().is_some()
    });
    let process = process.into_inner();
    process.kill().unwrap();
    !process.wait().unwrap().success()
}

#[test]
fn a_move_that_is_killed_anywhere_goes_on_where_it_was() {
    let Some((_server, url)) = on_server() else {
        return;
    };
    let folder = populated();
    let (folder, session) = (folder.path(), Session::to(&url));
    let on_server = || -> i64 {
        let moved = session.try_run("SELECT sum(moved) FROM transfer");
        moved.map_or(0, |rows| rows[0][0].as_ref().unwrap().parse().unwrap())
    };
    let in_file = || -> i64 {
        let sql = "SELECT sum(moved) FROM transfer";
        let moved = look(&folder.join("back.db"))
            .and_then(|file| file.query_row(sql, [], |row| row.get(0)));
        moved.unwrap_or(0)
    };
    for (databases, moved) in [
        (["invited.db", &*url], &on_server as &dyn Fn() -> i64),
        ([&*url, "back.db"], &in_file),
    ] {
        let kills = [0, 50, 300, 600, 900].map(|rows| kill_at(rows, folder, databases, moved));
        assert!(
            kills.iter().filter(|killed| **killed).count() > 2,
            "{kills:?}"
        );
        let unfinished = sentence(run(folder, &["user", "list", "--database", databases[1]]));
        assert!(unfinished.contains("has only a part"), "{unfinished}");
        super::moved(folder, databases[0], databases[1]);
    }
    assert_eq!(
        contents(&folder.join("invited.db")),
        contents(&folder.join("back.db"))
    );
}

#[test]
fn a_source_that_was_changed_meanwhile_is_noticed() {
    let folder = populated();
    let folder = folder.path();
    let in_file = || -> i64 {
        let sql = "SELECT moved FROM transfer WHERE name = 'users'";
        let moved =
            look(&folder.join("new.db")).and_then(|file| file.query_row(sql, [], |row| row.get(0)));
        moved.unwrap_or(0)
    };
    let databases = ["invited.db", "new.db"];
    assert!(kill_at(100, folder, databases, &in_file));
    let change = |sql: &str| {
        let file = Connection::open(folder.join("invited.db")).unwrap();
        assert_eq!(file.execute(sql, []).unwrap(), 1, "{sql}");
    };
    let people = "WHERE id = (SELECT min(id) FROM users)";
    change(&format!(
        "UPDATE users SET first_name = first_name || '~' {people}"
    ));
    let refused = sentence(
        migrate(folder, databases[0], databases[1])
            .output()
            .unwrap(),
    );
    assert!(
        refused.starts_with("--from: what is in users is not what was moved"),
        "{refused}"
    );
    change(&format!(
        "UPDATE users SET first_name = rtrim(first_name, '~') {people}"
    ));
    // What was not moved yet may be another.
    change("UPDATE users SET email = 'new@example.com' WHERE id = (SELECT max(id) FROM users)");
    moved(folder, databases[0], databases[1]);
    assert_eq!(
        contents(&folder.join("invited.db")),
        contents(&folder.join("new.db"))
    );
}

#[test]
fn a_move_that_is_over_is_told_again_until_either_is_changed() {
    let folder = populated();
    let folder = folder.path();
    let first = moved(folder, "invited.db", "new.db");
    assert_eq!(moved(folder, "invited.db", "new.db"), first);
    let file = Connection::open(folder.join("new.db")).unwrap();
    let sql = "UPDATE users SET last_name = 'else' WHERE id = (SELECT min(id) FROM users)";
    file.execute(sql, []).unwrap();
    drop(file);
    let before = contents(&folder.join("new.db"));
    let refused = sentence(migrate(folder, "invited.db", "new.db").output().unwrap());
    assert!(
        refused.contains("rows in families that are not of this move"),
        "{refused}"
    );
    assert_eq!(contents(&folder.join("new.db")), before);
}
