//! The write-ahead log beside the database is not what it should be. What was
//! merged into the database before is not lost by that: the server starts and
//! knows it, or refuses to start, changes nothing, and says how to restore.

use std::{fs, process::Command};

use invited::{
    domain::phone::Phone,
    store::{Location, Store},
};
use rand::{Rng, RngExt, SeedableRng, rngs::StdRng};
use tempfile::TempDir;

use super::{environment::TestEnv, workload::Workload};
use crate::harness::{Harness, intruder::Intruder, postgres::sqlite_only, server::put};

const WORKERS: usize = 16;

/// A workload whose facts are all merged into the database.
fn merged() -> Workload {
    let mut workload = Workload::new(TestEnv::new(), WORKERS);
    workload.run_and_kill(0);
    check(&mut workload);
    workload
}

fn check(workload: &mut Workload) {
    assert!(workload.start_and_check().stop().success());
    assert!(!workload.env.side_file("-wal").exists());
}

fn log_of(workload: &Workload) -> Vec<u8> {
    fs::read(workload.env.side_file("-wal")).unwrap()
}

fn check_beside(workload: &mut Workload, log: &[u8]) {
    let database = fs::read(&workload.env.database).unwrap();
    put(&workload.env.side_file("-wal"), log);
    match workload.env.try_start() {
        Ok(server) => {
            workload.check(&server);
            assert!(server.stop().success());
        }
        Err(error) => {
            assert!(error.message.contains("to restore"), "{error:?}");
            assert!(fs::read(&workload.env.database).unwrap() == database);
            assert!(log_of(workload) == log);
            // As the error says; the database itself is as good as its copy.
            fs::remove_file(workload.env.side_file("-wal")).unwrap();
            let _ = fs::remove_file(workload.env.side_file("-shm"));
            check(workload);
        }
    }
}

#[test]
fn a_garbage_log_costs_nothing_that_was_merged() {
    sqlite_only!("its write-ahead log");
    let mut workload = merged();
    let mut rng = StdRng::seed_from_u64(0);
    let mut garbage = vec![0; 100_000];
    rng.fill_bytes(&mut garbage);
    check_beside(&mut workload, &garbage);
    check_beside(&mut workload, b"not a log at all");
    // With the right first bytes (the file format, section 4.1).
    garbage[..12].copy_from_slice(&[0x37, 0x7f, 6, 0x82, 0, 0x2d, 0xe2, 0x18, 0, 0, 0x10, 0]);
    check_beside(&mut workload, &garbage);
    put(&workload.env.side_file("-shm"), &garbage);
    check(&mut workload);
    workload.assert_no_violation("a garbage log");
}

#[test]
fn a_log_of_another_database_costs_nothing_that_was_merged() {
    sqlite_only!("its write-ahead log");
    let mut workload = merged();
    let mut other = Workload::new(TestEnv::new(), WORKERS);
    other.run_and_kill(1);
    check_beside(&mut workload, &log_of(&other));
    workload.assert_no_violation("a foreign log");
}

#[test]
fn a_log_of_the_databases_own_past_costs_nothing_that_was_merged() {
    sqlite_only!("its write-ahead log");
    let mut workload = merged();
    workload.run_and_kill(2);
    let past = log_of(&workload);
    check(&mut workload);
    check_beside(&mut workload, &past);
    workload.run_and_kill(3);
    check(&mut workload);
    check_beside(&mut workload, &past);
    workload.assert_no_violation("a log of the past");
}

#[test]
fn a_log_that_is_cut_or_flipped_costs_nothing_that_was_merged() {
    sqlite_only!("its write-ahead log");
    let mut workload = merged();
    let mut rng = StdRng::seed_from_u64(0);
    for cut in [true, false, true, false] {
        write_and_end(&workload, "-KILL");
        let mut log = log_of(&workload);
        let offset = rng.random_range(0..log.len());
        if cut {
            log.truncate(offset);
        } else {
            log[offset] ^= 1;
        }
        check_beside(&mut workload, &log);
    }
    workload.assert_no_violation("a log cut or flipped");
}

/// The mistake that is made when a backup is put back in a hurry.
#[test]
fn a_backup_beside_the_log_of_what_came_after_it_is_not_mixed_with_that() {
    sqlite_only!("its write-ahead log");
    let mut workload = merged();
    let backup = fs::read(&workload.env.database).unwrap();
    write_and_end(&workload, "-TERM");
    write_and_end(&workload, "-KILL");
    let log = log_of(&workload);
    put(&workload.env.database, &backup);
    let error = workload.env.try_start().err().unwrap();
    let sentence = "invited.db-wal is the log of another database or of another time";
    assert!(error.message.contains(sentence), "{error:?}");
    check_beside(&mut workload, &log);
    workload.assert_no_violation("a backup beside a later log");
}

#[tokio::test]
async fn a_log_that_began_anew_fits_its_database_as_the_first_did() {
    sqlite_only!("its write-ahead log");
    let harness = Harness::new();
    for round in 0..20 {
        let phone = format!("+79{round:05}0000");
        harness.login(&phone).await;
        let Intruder::Sqlite(intruder) = harness.intruder() else {
            panic!("it has no log of this kind");
        };
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

/// Writes what no check asks for, and ends with this signal.
fn write_and_end(workload: &Workload, signal: &str) {
    let mut server = workload.env.start();
    let mut client = workload.env.client(&server);
    let access = client.log_in("+79995000000").text("access");
    for number in 0..50 {
        client.rename(&access, &number.to_string());
    }
    server.signal(signal);
    server.process.wait().unwrap();
}
