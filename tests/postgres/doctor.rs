//! `invited doctor` of a database on a server.

use serde_json::Value;
use tempfile::TempDir;

use super::Database;
use crate::harness::server::{command, login};

/// What was found: of each thing its level and what was said.
fn found(database: &Database, folder: &TempDir, url: &str) -> Value {
    let mut command = command(folder.path());
    command.args(["doctor", "--json", "--database", url]);
    command.env("INVITED_STORE__CONNECTIONS", "7");
    let output = command.output().unwrap();
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let password = database.url.split([':', '@']).nth(2).unwrap();
    assert!(!found.to_string().contains(password), "{found}");
    found
}

#[track_caller]
fn assert_found(found: &Value, check: &str, level: &str, said: &str) {
    let all = found.as_array().unwrap();
    let is_it = |one: &&Value| one["check"] == check && one["level"] == level;
    let one = all.iter().find(is_it);
    let is_said = one.is_some_and(|one| one["said"].as_str().unwrap().contains(said));
    assert!(is_said, "{check} {level} {said}: {found}");
}

#[test]
fn the_server_is_looked_at_and_not_the_disk() {
    let Some(database) = Database::empty() else {
        return;
    };
    let folder = TempDir::new().unwrap();
    let before = found(&database, &folder, &database.url);
    assert_found(&before, "schema", "yellow", "migrations behind");
    let node = database.node(&folder);
    login(&node.address, folder.path(), "+79001234567").unwrap();
    let told = found(&database, &folder, &database.url);
    for (check, level, said) in [
        ("database", "green", "PostgreSQL "),
        ("server clock", "green", " ms ahead"),
        ("connections", "green", "each node opens up to 7"),
        (
            "durability",
            "red",
            "fsync, full_page_writes, synchronous_commit off",
        ),
        ("schema", "green", "up to date"),
        ("encoding", "green", "UTF8"),
        ("isolation", "green", "is "),
        ("backup", "green", "pg_dump"),
        ("alarm", "green", ""),
        ("time", "green", ""),
    ] {
        assert_found(&told, check, level, said);
    }
    for check in ["disk", "flush", "integrity", "writing", "log"] {
        let all = told.as_array().unwrap();
        assert!(
            !all.iter().any(|one| one["check"] == check),
            "{check}: {told}"
        );
    }
}

#[test]
fn a_database_that_cannot_be_had_is_told() {
    let Some(database) = Database::empty() else {
        return;
    };
    let folder = TempDir::new().unwrap();
    let name = database.url.rsplit_once('/').unwrap().1;
    let nowhere = database.url.replace(name, "nowhere");
    let told = found(&database, &folder, &nowhere);
    assert_found(&told, "database", "red", "\"nowhere\" does not exist");
    let standby = format!(
        "{}?options=-c%20default_transaction_read_only%3Don%20-c%20default_transaction_isolation%3Dserializable",
        database.url
    );
    let told = found(&database, &folder, &standby);
    assert_found(
        &told,
        "database",
        "red",
        "a standby: nothing can be written",
    );
    assert_found(&told, "isolation", "green", "is serializable");
}
