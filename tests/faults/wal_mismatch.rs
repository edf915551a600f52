//! A database of one moment beside the write-ahead log of another: copies made
//! at any time and in any way, put back beside any log that was ever there.
//! Either they are refused, or what is served is what had been acknowledged by
//! the moment of the log.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use invited::{
    clock::dice,
    domain::{error::StoreError, phone::Phone, user},
    store::{
        Location, OpenError, Store,
        sqlite::{Length, SERVING, Sizes, Sqlite},
    },
};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use rusqlite::Connection;
use tempfile::TempDir;

use super::say;
use crate::harness::{NOON, postgres::sqlite_only, server::put};

/// A log that is merged after a few commits.
const SIZES: Sizes = Sizes {
    log: Length {
        usual: 24,
        most: 100_000,
    },
    ..SERVING
};

type Phones = BTreeSet<i64>;

/// A database that is written to, and snapshots of it.
struct History {
    folder: TempDir,
    store: Option<Store>,
    /// A read transaction keeps the log from being merged whole.
    reader: Option<Connection>,
    phones: Phones,
    /// The phones after every commit.
    ever: BTreeSet<Phones>,
    /// Whether another program wrote, and the server could not make up for it yet.
    modified_outside: bool,
    next: i64,
    snapshots: Vec<Snapshot>,
}

struct Snapshot {
    /// Copies of the database: of the file alone, of all of it in one file, and compacted.
    files: [PathBuf; 3],
    log: PathBuf,
    phones: Phones,
    modified_outside: bool,
}

impl History {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        Store::migrate(&Location::Sqlite(folder.path().join("x.db"))).unwrap();
        let mut history = Self {
            folder,
            store: None,
            reader: None,
            phones: Phones::new(),
            ever: BTreeSet::from([Phones::new()]),
            modified_outside: false,
            next: 79_000_000_000,
            snapshots: Vec::new(),
        };
        history.store = Some(open(&history.path("x.db")).unwrap());
        history
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    async fn step(&mut self, rng: &mut StdRng) {
        match rng.random_range(0..11) {
            0..=3 => self.write(rng.random_range(1..8)).await,
            4 => self.delete().await,
            5 => self.checkpoint(rng),
            6 if self.reader.is_none() => {
                let reader = self.connect();
                reader.execute_batch("BEGIN; SELECT * FROM users").unwrap();
                self.reader = Some(reader);
            }
            6 => self.reader = None,
            7 => self.restart(None, rng.random()),
            8 if !self.snapshots.is_empty() => {
                let snapshot = rng.random_range(0..self.snapshots.len());
                self.restart(Some(snapshot), false);
            }
            9 => self.write(30).await,
            _ => self.modify_outside(),
        }
        self.take_snapshot();
    }

    fn connect(&self) -> Connection {
        Connection::open(self.path("x.db")).unwrap()
    }

    async fn write(&mut self, how_many: u32) {
        self.modified_outside = false;
        let store = self.store.as_ref().unwrap();
        for _ in 0..how_many {
            self.next += 1;
            let phone = phone(self.next);
            let work = store.write(move |tx| user::register(tx, phone, 6, NOON, &mut dice()));
            let written: Result<_, StoreError> = work.await;
            written.unwrap();
            self.phones.insert(self.next);
            self.ever.insert(self.phones.clone());
        }
    }

    async fn delete(&mut self) {
        let store = self.store.as_ref().unwrap();
        for number in self.phones.iter().copied().step_by(3).collect::<Vec<_>>() {
            let phone = phone(number);
            let work = store.write(move |tx| {
                let user = tx.user_by_phone(phone)?;
                user.map_or(Ok(()), |user| tx.delete_user(&user))
            });
            let deleted: Result<(), StoreError> = work.await;
            deleted.unwrap();
            self.phones.remove(&number);
            self.ever.insert(self.phones.clone());
        }
    }

    /// As another program may do at any time.
    fn checkpoint(&self, rng: &mut StdRng) {
        let mode = ["PASSIVE", "FULL", "RESTART", "TRUNCATE"][rng.random_range(0..4)];
        let merge = format!("PRAGMA busy_timeout = 1; PRAGMA wal_checkpoint({mode})");
        self.connect().execute_batch(&merge).unwrap();
    }

    /// Another program writes, without a mark (`src/store/sqlite/mark.rs`).
    fn modify_outside(&mut self) {
        if let Some(first) = self.phones.pop_first() {
            let delete = "DELETE FROM users WHERE phone = ?1";
            self.connect().execute(delete, [first]).unwrap();
            self.ever.insert(self.phones.clone());
            self.modified_outside = true;
        }
    }

    /// Stops, and starts again, maybe with a copy of all in one file put back.
    fn restart(&mut self, snapshot: Option<usize>, modify: bool) {
        (self.reader, self.store) = (None, None);
        if modify {
            self.modify_outside();
        }
        if let Some(snapshot) = snapshot {
            let snapshot = &self.snapshots[snapshot];
            let _ = fs::remove_file(self.path("x.db-wal"));
            fs::copy(&snapshot.files[1], self.path("x.db")).unwrap();
            self.phones.clone_from(&snapshot.phones);
        }
        self.store = Some(open(&self.path("x.db")).unwrap());
        self.modified_outside = false;
    }

    /// Keeps copies; made by others, for closing a file gives up its locks.
    fn take_snapshot(&mut self) {
        let number = self.snapshots.len();
        let name = |what: &str| self.path(&format!("{number}.{what}"));
        let files = ["file", "whole", "compact"].map(name);
        let log = name("log");
        let script = r#"cp "$0" "$1" && cp "$0" "$2" && cp "$0"-wal "$3" && cp "$0"-wal "$2"-wal"#;
        let arguments = [&self.path("x.db"), &files[0], &files[1], &log];
        let mut copying = Command::new("sh");
        let copied = copying.args(["-c", script]).args(arguments).status();
        assert!(copied.unwrap().success());
        let whole = Connection::open(&files[1]).unwrap();
        let merge = "PRAGMA wal_checkpoint(TRUNCATE)";
        whole.query_row(merge, [], |_| Ok(())).unwrap();
        drop(whole);
        let compact = files[2].to_str().unwrap();
        self.connect().execute("VACUUM INTO ?1", [compact]).unwrap();
        self.snapshots.push(Snapshot {
            files,
            log,
            phones: self.phones.clone(),
            modified_outside: self.modified_outside,
        });
    }

    /// Puts every file beside every log.
    fn check_all(&self, rng: &mut StdRng) -> (usize, usize) {
        let (mut served, mut refused) = (0, 0);
        for (i, of_file) in self.snapshots.iter().enumerate() {
            for (j, of_log) in self.snapshots.iter().enumerate() {
                for (kind, file) in of_file.files.iter().enumerate() {
                    let log = fs::read(&of_log.log).unwrap();
                    let place = format!("file {i} of kind {kind} beside log {j}");
                    let Some(phones) = serve(file, &log) else {
                        let may_be = i != j || kind != 0 || of_file.modified_outside;
                        assert!(may_be, "{place}: refused");
                        refused += 1;
                        continue;
                    };
                    let is_right = match (log.is_empty(), kind) {
                        (false, _) => phones == of_log.phones,
                        // The file alone may be older.
                        (true, 0) => self.ever.contains(&phones),
                        (true, _) => phones == of_file.phones,
                    };
                    assert!(is_right, "{place}: {phones:?}");
                    served += 1;
                }
            }
            self.check_truncated(of_file, rng);
        }
        (served, refused)
    }

    /// A log of which the end is missing may be refused; it never leads to what never was.
    fn check_truncated(&self, snapshot: &Snapshot, rng: &mut StdRng) {
        let log = fs::read(&snapshot.log).unwrap();
        for _ in 0..4 {
            let cut = &log[..rng.random_range(0..=log.len())];
            if let Some(phones) = serve(&snapshot.files[0], cut) {
                assert!(self.ever.contains(&phones), "{phones:?}");
            }
        }
    }
}

fn phone(number: i64) -> Phone {
    Phone::from_digits(&number.to_string()).unwrap()
}

fn open(path: &Path) -> Result<Store, OpenError> {
    Sqlite::open(path, SIZES).map(|sqlite| Store::Sqlite(Box::new(sqlite)))
}

/// What is served of a file with this log beside it, unless that is refused.
fn serve(file: &Path, log: &[u8]) -> Option<Phones> {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("x.db");
    put(&path, fs::read(file).unwrap());
    put(&folder.path().join("x.db-wal"), log);
    let before = fs::read(&path).unwrap();
    match open(&path) {
        Ok(store) => drop(store),
        Err(OpenError::OtherLog { .. } | OpenError::Damaged(_)) => {
            assert!(fs::read(&path).unwrap() == before);
            assert!(fs::read(folder.path().join("x.db-wal")).unwrap() == log);
            return None;
        }
        Err(error) => panic!("{error}"),
    }
    let connection = Connection::open(&path).unwrap();
    let sql = "PRAGMA integrity_check";
    let check = connection.query_row(sql, [], |row| row.get::<_, String>(0));
    assert_eq!(check.unwrap(), "ok");
    let mut phones = connection.prepare("SELECT phone FROM users").unwrap();
    let phones = phones.query_map([], |row| row.get(0)).unwrap();
    Some(phones.map(Result::unwrap).collect())
}

async fn check_history(seed: u64, steps: usize) {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut history = History::new();
    history.take_snapshot();
    for _ in 0..steps {
        history.step(&mut rng).await;
    }
    let (served, refused) = history.check_all(&mut rng);
    say(&format!("seed {seed}: {served} served, {refused} refused"));
    assert!(served > steps && refused > steps);
}

#[tokio::test]
async fn a_copy_beside_a_log_of_another_moment_is_refused_or_exact() {
    sqlite_only!("its write-ahead log");
    for seed in 0..3 {
        check_history(seed, 9).await;
    }
}

#[tokio::test]
#[ignore = "long"]
async fn copies_beside_logs_of_other_moments_are_refused_or_exact() {
    sqlite_only!("its write-ahead log");
    for seed in 10..40 {
        check_history(seed, 24).await;
    }
}
