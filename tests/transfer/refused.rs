//! What is not moved, and why.

use rusqlite::Connection;
use tempfile::TempDir;

use super::{contents, migrate, moved, on_server, told};
use crate::{
    backup::sentence,
    harness::{
        postgres::Session,
        server::{Server, command},
    },
    migrate::of_version,
};

#[track_caller]
fn refused(folder: &TempDir, from: &str, to: &str, why: &str) {
    let told = sentence(migrate(folder.path(), from, to).output().unwrap());
    assert!(told.contains(why), "{told}");
}

fn seed(folder: &TempDir, database: &str, users: &str) {
    let mut seed = command(folder.path());
    seed.args(["seed", "--users", users, "--database", database]);
    told(&seed.output().unwrap());
}

#[test]
fn what_cannot_be_moved_is_refused_in_a_sentence() {
    let (folder, old) = (TempDir::new().unwrap(), of_version(19));
    seed(&folder, "invited.db", "20");
    seed(&folder, "full.db", "21");
    let before = contents(&folder.path().join("full.db"));
    let old = old.path().join("invited.db");
    for (from, to, why) in [
        ("nothing.db", "new.db", "--from: nothing.db does not exist"),
        (
            "invited.db",
            "./invited.db",
            "--from and --to are the same database",
        ),
        (
            "invited.db",
            "full.db",
            "--to: the database has rows in families that are not of this move",
        ),
        (old.to_str().unwrap(), "new.db", "has an old schema ("),
        (
            "mysql://localhost/db",
            "new.db",
            "--from is not the path of a file",
        ),
        ("invited.db", "postgres:///db", "--to names no host"),
        ("invited.db", "nowhere/new.db", "--to: nowhere/new.db"),
        (
            "invited.db",
            "postgres://invited@127.0.0.1:1/db",
            "--to: postgres://127.0.0.1:1/db cannot be opened",
        ),
    ] {
        refused(&folder, from, to, why);
    }
    assert_eq!(contents(&folder.path().join("full.db")), before);
    assert!(!folder.path().join("new.db").exists());
}

#[test]
fn what_a_server_has_open_is_not_moved() {
    let folder = TempDir::new().unwrap();
    let serve = |database: &str| {
        let server = Server::with(
            folder.path(),
            &["--sms", "file:sms.jsonl", "--database", database],
        );
        assert_eq!(
            server.call("GET", "/health/ready", &[], None).unwrap().0,
            200
        );
        server
    };
    let server = serve("invited.db");
    refused(
        &folder,
        "invited.db",
        "new.db",
        "is in use by another invited process",
    );
    drop(server);
    let Some((_server, url)) = on_server() else {
        return;
    };
    let server = serve(&url);
    refused(&folder, &url, "new.db", "--from: ");
    refused(&folder, &url, "new.db", "stop the nodes");
    drop(server);
    moved(folder.path(), &url, "new.db");
}

#[test]
fn text_that_postgresql_has_no_room_for_is_told_and_not_lost() {
    let Some((_server, url)) = on_server() else {
        return;
    };
    let folder = TempDir::new().unwrap();
    seed(&folder, "invited.db", "300");
    let path = folder.path().join("invited.db");
    let change = |value: &str| {
        let sql =
            format!("UPDATE users SET last_name = {value} WHERE id = (SELECT max(id) FROM users)");
        Connection::open(&path).unwrap().execute(&sql, []).unwrap();
    };
    change("'a' || char(0) || 'b'");
    let file = Connection::open(&path).unwrap();
    let id: i64 = file
        .query_row("SELECT max(id) FROM users", [], |row| row.get(0))
        .unwrap();
    drop(file);
    let why = format!("the row of users with id = {id}: last_name has a zero character");
    refused(&folder, "invited.db", &url, &why);
    // A file has room for it.
    moved(folder.path(), "invited.db", "copy.db");
    assert_eq!(contents(&path), contents(&folder.path().join("copy.db")));
    change("CAST(x'ff' AS TEXT)");
    refused(&folder, "invited.db", &url, "last_name is not UTF-8");
    change("'ab'");
    moved(folder.path(), "invited.db", &url);
    let names = Session::to(&url).run("SELECT count(*) FROM users WHERE last_name = 'ab'");
    assert_eq!(names, [[Some("1".to_owned())]]);
}

#[test]
fn a_database_of_another_encoding_or_program_is_left_as_it_is() {
    let (Some((_one, one)), Some((_other, other))) = (on_server(), on_server()) else {
        return;
    };
    let folder = TempDir::new().unwrap();
    seed(&folder, "invited.db", "20");
    Session::to(&one).run("CREATE TABLE users (name TEXT); INSERT INTO users VALUES ('x')");
    refused(
        &folder,
        "invited.db",
        &one,
        "is a database of another program",
    );
    let session = Session::to(&other);
    session.run("CREATE DATABASE latin ENCODING latin1 LOCALE 'C' TEMPLATE template0");
    let latin = other.rsplit_once('/').unwrap().0.to_owned() + "/latin";
    refused(&folder, "invited.db", &latin, "has the encoding LATIN1");
    session.run("DROP DATABASE latin WITH (FORCE)");
}
