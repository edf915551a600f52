//! `invited seed`: made-up people.

use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::harness::server::{command, run};

#[test]
fn seeded_people_are_the_same_every_time() {
    let folder = TempDir::new().unwrap();
    let seed = |database: &str, more: &[&str]| {
        let arguments = [
            "seed",
            "--database",
            database,
            "--users",
            "300",
            "--referrals",
            "200",
        ];
        run(folder.path(), &[&arguments, more].concat())
            .status
            .code()
    };
    assert_eq!(
        (seed("one.db", &[]), seed("two.db", &[])),
        (Some(0), Some(0))
    );
    assert_eq!(
        (seed("one.db", &[]), seed("two.db", &["--force"])),
        (Some(1), Some(0)),
        "a database with users is left alone"
    );
    let people = |database: &str| {
        let connection = rusqlite::Connection::open(folder.path().join(database)).unwrap();
        let sql = "SELECT count(*), count(referrer_id), sum(phone * (id % 1000)) FROM users";
        connection
            .query_row(sql, [], |row| {
                Ok((
                    row.get::<_, i64>(0)?,
                    row.get::<_, i64>(1)?,
                    row.get::<_, i64>(2)?,
                ))
            })
            .unwrap()
    };
    let (one, two) = (people("one.db"), people("two.db"));
    assert_eq!(((one.0, one.1), (two.0, two.1)), ((300, 200), (600, 400)));
    assert_eq!(seed("three.db", &[]), Some(0));
    assert_eq!(people("three.db"), one);
}

#[test]
fn seeding_that_is_stopped_tells_what_there_is() {
    let folder = TempDir::new().unwrap();
    let mut seed = command(folder.path());
    seed.args(["seed", "--users", "100000", "--referrals", "99999"]);
    let seed = seed.stderr(Stdio::piped()).spawn().unwrap();
    // It listens for signals by the time that it has made a database with a schema.
    let is_there = || {
        let connection = rusqlite::Connection::open_with_flags(
            folder.path().join("invited.db"),
            rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY,
        )
        .ok()?;
        let sql = "SELECT count(*) FROM users";
        connection
            .query_row(sql, [], |row| row.get::<_, i64>(0))
            .ok()
            .filter(|made| *made > 0)
    };
    while is_there().is_none() {
        std::thread::yield_now();
    }
    Command::new("kill")
        .args(["-INT", &seed.id().to_string()])
        .status()
        .unwrap();
    let output = seed.wait_with_output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    let (made, people) = (is_there().unwrap(), 100_000);
    if output.status.success() {
        assert_eq!(made, people);
        return;
    }
    let left = people - made;
    let sentence =
        format!("stopped: {made} of {people} people are in the database, each of them whole");
    let remedy = format!("`invited seed --force --users {left} --referrals ");
    assert!(told.contains(&sentence) && told.contains(&remedy), "{told}");
}
