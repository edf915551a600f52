//! The write-ahead log beside the database is not what it should be. What was
//! merged into the database before is not lost by that: the server starts and
//! knows it, or refuses to start, changes nothing, and says how to restore.

use std::{fs, path::Path, process::Command};

use invited::{
    domain::phone::Phone,
    store::{Location, Store},
};
use rand::{Rng, RngExt, SeedableRng, rngs::StdRng};
use serde_json::json;
use tempfile::TempDir;

use super::{
    crowd::{Crowd, some_moment},
    site::Site,
};
use crate::harness::{Harness, server::put};

const CLIENTS: usize = 16;

/// A crowd whose facts are all merged into the database.
fn merged() -> Crowd {
    let mut crowd = Crowd::new(Site::new(), CLIENTS);
    live_and_kill(&mut crowd, 0);
    check(&mut crowd);
    crowd
}

/// Leaves a log behind.
fn live_and_kill(crowd: &mut Crowd, seed: u64) {
    let server = crowd.site.start();
    crowd.live(&server, |answers| {
        some_moment(answers, CLIENTS, &mut StdRng::seed_from_u64(seed));
        server.signal("-KILL");
    });
}

fn check(crowd: &mut Crowd) {
    let server = crowd.site.start();
    crowd.check(&server);
    assert!(server.stop().success());
    assert!(!crowd.site.beside("-wal").exists());
}

/// The log of a database that somebody lived in.
fn log_of_another() -> Vec<u8> {
    let mut other = Crowd::new(Site::new(), CLIENTS);
    live_and_kill(&mut other, 1);
    fs::read(other.site.beside("-wal")).unwrap()
}

fn check_beside(crowd: &mut Crowd, log: &[u8]) {
    let database = fs::read(&crowd.site.database).unwrap();
    let path = crowd.site.beside("-wal");
    put(&path, log);
    match crowd.site.try_start() {
        Ok(server) => {
            crowd.check(&server);
            assert!(server.stop().success());
        }
        Err(refusal) => {
            assert!(refusal.told.contains("to restore"), "{refusal:?}");
            assert!(fs::read(&crowd.site.database).unwrap() == database);
            assert!(fs::read(&path).unwrap() == log);
            put_away(crowd);
            check(crowd);
        }
    }
}

/// As the sentence says; the database itself is as good as its copy.
fn put_away(crowd: &Crowd) {
    let remove = |path: &Path| fs::remove_file(path);
    remove(&crowd.site.beside("-wal")).unwrap();
    let _ = remove(&crowd.site.beside("-shm"));
}

#[test]
fn a_garbage_log_costs_nothing_that_was_merged() {
    let mut crowd = merged();
    let mut dice = StdRng::seed_from_u64(0);
    let mut garbage = vec![0; 100_000];
    dice.fill_bytes(&mut garbage);
    check_beside(&mut crowd, &garbage);
    check_beside(&mut crowd, b"not a log at all");
    // With the right first bytes (the file format, section 4.1).
    garbage[..12].copy_from_slice(&[0x37, 0x7f, 6, 0x82, 0, 0x2d, 0xe2, 0x18, 0, 0, 0x10, 0]);
    check_beside(&mut crowd, &garbage);
    put(&crowd.site.beside("-shm"), &garbage);
    check(&mut crowd);
    crowd.tally.close("a garbage log");
}

#[test]
fn a_log_of_another_database_costs_nothing_that_was_merged() {
    let mut crowd = merged();
    check_beside(&mut crowd, &log_of_another());
    crowd.tally.close("a foreign log");
}

#[test]
fn a_log_of_the_databases_own_past_costs_nothing_that_was_merged() {
    let mut crowd = merged();
    live_and_kill(&mut crowd, 2);
    let past = fs::read(crowd.site.beside("-wal")).unwrap();
    check(&mut crowd);
    check_beside(&mut crowd, &past);
    live_and_kill(&mut crowd, 3);
    check(&mut crowd);
    check_beside(&mut crowd, &past);
    crowd.tally.close("a log of the past");
}

#[test]
fn a_log_that_is_cut_or_flipped_costs_nothing_that_was_merged() {
    let mut crowd = merged();
    let mut dice = StdRng::seed_from_u64(0);
    for cut in [true, false, true, false] {
        scribble(&crowd, "-KILL");
        let mut log = fs::read(crowd.site.beside("-wal")).unwrap();
        let place = dice.random_range(0..log.len());
        if cut {
            log.truncate(place);
        } else {
            log[place] ^= 1;
        }
        check_beside(&mut crowd, &log);
    }
    crowd.tally.close("a log cut or flipped");
}

/// The mistake that is made when a backup is put back in a hurry.
#[test]
fn a_backup_beside_the_log_of_what_came_after_it_is_not_mixed_with_that() {
    let mut crowd = merged();
    let backup = fs::read(&crowd.site.database).unwrap();
    scribble(&crowd, "-TERM");
    scribble(&crowd, "-KILL");
    let log = fs::read(crowd.site.beside("-wal")).unwrap();
    put(&crowd.site.database, &backup);
    let refusal = crowd.site.try_start().err().unwrap();
    let sentence = "invited.db-wal is the log of another database or of another time";
    assert!(refusal.told.contains(sentence), "{refusal:?}");
    check_beside(&mut crowd, &log);
    crowd.tally.close("a backup beside a later log");
}

#[tokio::test]
async fn a_log_that_began_anew_fits_its_database_as_the_first_did() {
    let harness = Harness::new();
    for round in 0..20 {
        let phone = format!("+79{round:05}0000");
        harness.login(&phone).await;
        let intruder = harness.intruder();
        if round % 3 > 0 {
            let merge = "PRAGMA wal_checkpoint(PASSIVE)";
            intruder.query_row(merge, [], |_| Ok(())).unwrap();
        }
        // What a crash would leave; copied by others, for closing a file gives up its locks.
        let crash = TempDir::new().unwrap();
        let script = "cp \"$0\" \"$0\"-wal \"$1\"";
        let files = [intruder.path().unwrap(), crash.path().to_str().unwrap()];
        let copied = Command::new("sh").args(["-c", script]).args(files).status();
        assert!(copied.unwrap().success());
        let store = Store::open(&Location::Sqlite(crash.path().join("invited.db"))).unwrap();
        let phone = Phone::from_digits(&phone[1..]).unwrap();
        let user = store.read(move |tx| tx.user_by_phone(phone)).await;
        assert!(user.unwrap().is_some(), "round {round}");
    }
}

/// Writes what nobody will ask for, and ends like this.
fn scribble(crowd: &Crowd, signal: &str) {
    let mut server = crowd.site.start();
    let mut desk = crowd.desk(&server);
    let access = desk.log_in("+79995000000").text("access");
    let bearer = format!("Bearer {access}");
    for number in 0..50 {
        let name = json!({ "first_name": number.to_string() });
        desk.answer("PATCH", "/profile/", &[("authorization", &bearer)], &name);
    }
    server.signal(signal);
    server.process.wait().unwrap();
}
