//! The database, or a file beside it, is moved, removed, replaced or
//! overwritten while the server runs. No success is answered any more for
//! what would be lost, and the log says why.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    os::unix::fs::symlink,
    path::Path,
    process::ChildStderr,
    sync::mpsc::channel,
    time::Duration,
};

use rusqlite::Connection;
use serde_json::json;
use tempfile::TempDir;

use super::{desk::Desk, disk::expect_unavailable, say, site::Site, tally::Tally};
use crate::harness::server::{self, Server};

const PHONE: &str = "+79001234567";

/// A way to take away what a running server has open: of the folder with
/// `invited.db`, its side files and another database, `other.db`.
struct Way {
    name: &'static str,
    strike: fn(&Path),
    /// Puts right what can be, so that all that was answered is there again.
    repair: Option<fn(&Path)>,
}

fn mv(folder: &Path, from: &str, to: &str) {
    fs::rename(folder.join(from), folder.join(to)).unwrap();
}

fn rm(folder: &Path, name: &str) {
    fs::remove_file(folder.join(name)).unwrap();
}

/// In its place: the file stays the same, and all in it is another's.
fn overwrite(folder: &Path, name: &str) {
    let other = fs::read(folder.join("other.db")).unwrap();
    let mut file = fs::File::create(folder.join(name)).unwrap();
    file.write_all(&other).unwrap();
}

/// As the sentence says.
fn put_side_files_away(folder: &Path) {
    for name in ["invited.db-wal", "invited.db-shm"] {
        let _ = fs::remove_file(folder.join(name));
    }
}

const WAYS: [Way; 12] = [
    Way {
        name: "another file in its place",
        strike: |folder| mv(folder, "other.db", "invited.db"),
        repair: None,
    },
    Way {
        name: "removed",
        strike: |folder| rm(folder, "invited.db"),
        repair: None,
    },
    Way {
        name: "moved away",
        strike: |folder| mv(folder, "invited.db", "away.db"),
        repair: Some(|folder| mv(folder, "away.db", "invited.db")),
    },
    Way {
        name: "a link to another",
        strike: |folder| {
            mv(folder, "invited.db", "away.db");
            symlink("other.db", folder.join("invited.db")).unwrap();
        },
        repair: Some(|folder| mv(folder, "away.db", "invited.db")),
    },
    Way {
        name: "the folder is another's",
        strike: |folder| {
            let away = folder.with_extension("away");
            fs::rename(folder, &away).unwrap();
            fs::create_dir(folder).unwrap();
            fs::copy(away.join("other.db"), folder.join("invited.db")).unwrap();
        },
        repair: Some(|folder| {
            fs::remove_dir_all(folder).unwrap();
            fs::rename(folder.with_extension("away"), folder).unwrap();
        }),
    },
    Way {
        name: "overwritten",
        strike: |folder| overwrite(folder, "invited.db"),
        repair: None,
    },
    Way {
        name: "overwritten, and its log removed: a backup put back",
        strike: |folder| {
            overwrite(folder, "invited.db");
            rm(folder, "invited.db-wal");
        },
        repair: None,
    },
    Way {
        name: "cut",
        strike: |folder| drop(fs::File::create(folder.join("invited.db")).unwrap()),
        repair: None,
    },
    Way {
        name: "its log removed",
        strike: |folder| rm(folder, "invited.db-wal"),
        repair: Some(put_side_files_away),
    },
    Way {
        name: "its log moved away",
        strike: |folder| mv(folder, "invited.db-wal", "away"),
        repair: Some(put_side_files_away),
    },
    Way {
        name: "another's log in the place of its own",
        strike: |folder| mv(folder, "other.db", "invited.db-wal"),
        repair: Some(put_side_files_away),
    },
    Way {
        name: "its index of the log removed",
        strike: |folder| rm(folder, "invited.db-shm"),
        repair: Some(put_side_files_away),
    },
];

/// A sound database of this service, with nobody in it.
fn make_another(folder: &Path) {
    let elsewhere = TempDir::new().unwrap();
    let made = server::run(elsewhere.path(), &["migrate"]);
    assert!(made.status.success());
    let connection = Connection::open(elsewhere.path().join("invited.db")).unwrap();
    let merge = "PRAGMA wal_checkpoint(TRUNCATE)";
    connection.query_row(merge, [], |_| Ok(())).unwrap();
    drop(connection);
    let other = folder.join("other.db");
    fs::copy(elsewhere.path().join("invited.db"), other).unwrap();
}

#[test]
fn nothing_is_answered_for_a_file_that_was_taken_away() {
    for way in &WAYS {
        say(way.name);
        let home = TempDir::new().unwrap();
        let folder = home.path().join("data");
        fs::create_dir(&folder).unwrap();
        make_another(&folder);
        let (site, tally) = (Site::on(&folder), Tally::default());
        let server = site.start();
        let mut desk = Desk::new(&server.address, &site, &tally, &[]);
        let access = desk.log_in(PHONE).text("access");
        (way.strike)(&folder);
        // The first that would be lost is refused already, and so is everything after it.
        let body = json!({ "phone": "+79007654321" });
        for _ in 0..3 {
            expect_unavailable(&desk.answer("POST", "/login/", &[], &body));
        }
        expect_unavailable(&desk.answer("GET", "/health/ready", &[], &json!(null)));
        if way.repair.is_some() {
            // What was open is still read, not what is at the path by now.
            assert_eq!(desk.profile(&access).json["phone"], PHONE[1..]);
        }
        if way.name.starts_with("overwritten") {
            let read = |name: &str| fs::read(folder.join(name)).unwrap();
            assert!(read("invited.db") == read("other.db"), "{}", way.name);
        }
        let left = read(&folder);
        assert!(server.stop().success());
        assert!(
            read(&folder) == left,
            "{}: invalidated at the end",
            way.name
        );
        let errors = site.log_lines("nothing is written to the database any more");
        assert_eq!(errors.len(), 1, "{}: {errors:?}", way.name);
        assert!(errors[0].contains("top the server"), "{errors:?}");
        if let Some(repair) = way.repair {
            repair(&folder);
            let server = site.start();
            let mut desk = Desk::new(&server.address, &site, &tally, &[]);
            assert_eq!(desk.profile(&access).json["phone"], PHONE[1..]);
        }
    }
}

/// What is in the files of a folder.
fn read(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let files = entries.map(|file| {
        let name = file.file_name().into_string().unwrap();
        (name, fs::read(file.path()).unwrap())
    });
    let mut files: Vec<_> = files.collect();
    files.sort();
    files
}

#[test]
fn a_server_that_nobody_asks_notices_by_itself() {
    let folder = TempDir::new().unwrap();
    make_another(folder.path());
    let (_server, log) = Server::with_log(folder.path());
    mv(folder.path(), "other.db", "invited.db");
    let line = line_with(log, "ERROR");
    assert!(
        line.contains("no longer the file that was opened"),
        "{line}"
    );
}

/// The first line of a server's log that holds this.
pub fn line_with(log: BufReader<ChildStderr>, text: &'static str) -> String {
    let (found, is_found) = channel();
    std::thread::spawn(move || {
        let mut lines = log.lines().map_while(Result::ok);
        lines
            .find(|line| line.contains(text))
            .map(|line| found.send(line))
    });
    is_found.recv_timeout(Duration::from_mins(1)).unwrap()
}
