//! The database, or a file beside it, is moved, removed, replaced or
//! overwritten while the server runs. No success is answered any more for
//! what would be lost, and the log says why.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{ChildStderr, Command},
    sync::mpsc::channel,
    time::Duration,
};

use rusqlite::Connection;
use tempfile::TempDir;

use super::{disk_full::assert_unavailable, environment::TestEnv, say};
use crate::harness::{
    postgres::sqlite_only,
    server::{self, Server},
};

const PHONE: &str = "+79001234567";
const REMOVE_SIDE_FILES: &str = "rm -f invited.db-wal invited.db-shm";

/// Shell commands in the folder of the database, where `other.db` is another
/// one: a fault, and what repairs it, if anything can.
const FAULTS: [[&str; 2]; 12] = [
    ["mv other.db invited.db", ""],
    ["rm invited.db", ""],
    ["mv invited.db away.db", "mv away.db invited.db"],
    [
        "mv invited.db away.db && ln -s other.db invited.db",
        "mv away.db invited.db",
    ],
    [
        "cd .. && mv data away && mkdir data && cp away/other.db data/invited.db",
        "cd .. && rm -r data && mv away data",
    ],
    ["cat other.db > invited.db", ""],
    // A backup is put back.
    ["cat other.db > invited.db && rm invited.db-wal", ""],
    [": > invited.db", ""],
    ["rm invited.db-wal", REMOVE_SIDE_FILES],
    ["mv invited.db-wal away", REMOVE_SIDE_FILES],
    ["mv other.db invited.db-wal", REMOVE_SIDE_FILES],
    ["rm invited.db-shm", REMOVE_SIDE_FILES],
];

fn shell(folder: &Path, command: &str) {
    let mut shell = Command::new("sh");
    let ended = shell.args(["-c", command]).current_dir(folder).status();
    assert!(ended.unwrap().success(), "{command}");
}

/// An empty database of this service.
fn create_other_database(folder: &Path) {
    let elsewhere = TempDir::new().unwrap();
    let made = server::run(elsewhere.path(), &["migrate"]);
    assert!(made.status.success());
    let made_at = elsewhere.path().join("invited.db");
    let connection = Connection::open(&made_at).unwrap();
    let merge = "PRAGMA wal_checkpoint(TRUNCATE)";
    connection.query_row(merge, [], |_| Ok(())).unwrap();
    drop(connection);
    fs::copy(made_at, folder.join("other.db")).unwrap();
}

#[test]
fn nothing_is_acknowledged_for_a_file_that_was_taken_away() {
    sqlite_only!("the name of its file");
    for [fault, repair] in FAULTS {
        say(fault);
        let home = TempDir::new().unwrap();
        let folder = home.path().join("data");
        fs::create_dir(&folder).unwrap();
        create_other_database(&folder);
        let env = TestEnv::with_database_in(&folder);
        let server = env.start();
        let mut client = env.client(&server);
        let access = client.log_in(PHONE).text("access");
        shell(&folder, fault);
        // The first that would be lost is refused already, and so is everything after it.
        for _ in 0..3 {
            assert_unavailable(&client.ask("+79007654321"));
        }
        assert_unavailable(&client.health("ready"));
        if !repair.is_empty() {
            // What was open is still read, not what is at the path by now.
            assert_eq!(client.profile(&access).json["phone"], PHONE[1..]);
        }
        if fault.starts_with("cat") {
            let read = |name: &str| fs::read(folder.join(name)).unwrap();
            assert!(read("invited.db") == read("other.db"), "{fault}");
        }
        let left = read_files(&folder);
        assert!(server.stop().success());
        let is_same = read_files(&folder) == left;
        assert!(is_same, "{fault}: modified at the end");
        let error = env.read_only_error();
        assert!(error.contains("top the server"), "{error}");
        if !repair.is_empty() {
            shell(&folder, repair);
            let profile = env.client(&env.start()).profile(&access);
            assert_eq!(profile.json["phone"], PHONE[1..]);
        }
    }
}

fn read_files(folder: &Path) -> BTreeMap<OsString, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    // Not the socket of the server.
    let files = entries.filter(|entry| entry.file_type().unwrap().is_file());
    let read = files.map(|file| (file.file_name(), fs::read(file.path()).unwrap()));
    read.collect()
}

#[test]
fn a_server_that_nobody_asks_notices_by_itself() {
    sqlite_only!("the name of its file");
    let folder = TempDir::new().unwrap();
    create_other_database(folder.path());
    let (_server, log) = Server::with_log(folder.path());
    shell(folder.path(), "mv other.db invited.db");
    let error = line_with(log, "ERROR");
    let reason = "no longer the file that was opened";
    assert!(error.contains(reason), "{error}");
}

/// The first line of a server's log that contains this.
pub fn line_with(log: BufReader<ChildStderr>, text: &'static str) -> String {
    let (sender, found) = channel();
    std::thread::spawn(move || {
        let mut lines = log.lines().map_while(Result::ok);
        let line = lines.find(|line| line.contains(text));
        line.map(|line| sender.send(line))
    });
    found.recv_timeout(Duration::from_mins(1)).unwrap()
}
