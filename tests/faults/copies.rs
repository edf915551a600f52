//! Files of one moment beside logs of another: copies that were made at any
//! time and in any way, put back beside any log that was ever there. Either
//! they are refused, or what is served is what had been acknowledged by the
//! moment of the log.

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
use crate::harness::{NOON, server::put};

/// A log that is merged after a few commits.
const SIZES: Sizes = Sizes {
    log: Length {
        usual: 24,
        most: 100_000,
    },
    ..SERVING
};

type People = BTreeSet<i64>;

/// A database that is written to, and what was kept of its past.
struct Past {
    folder: TempDir,
    store: Option<Store>,
    /// Somebody who reads, and keeps the log from being merged whole.
    reader: Option<Connection>,
    people: People,
    /// Who was there after every commit.
    ever: BTreeSet<People>,
    /// Whether another program wrote, and the server could not make up for it yet.
    meddled: bool,
    next: i64,
    moments: Vec<Moment>,
}

/// What was at one moment.
struct Moment {
    /// Copies of the database: of the file alone, of all of it in one file, and compacted.
    files: [PathBuf; 3],
    log: PathBuf,
    people: People,
    meddled: bool,
}

impl Past {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        Store::migrate(&Location::Sqlite(folder.path().join("x.db"))).unwrap();
        let mut past = Self {
            folder,
            store: None,
            reader: None,
            people: People::new(),
            ever: BTreeSet::from([People::new()]),
            meddled: false,
            next: 79_000_000_000,
            moments: Vec::new(),
        };
        past.store = Some(open(&past.path("x.db")).unwrap());
        past
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    async fn step(&mut self, dice: &mut StdRng) {
        match dice.random_range(0..11) {
            0..=3 => self.write(dice.random_range(1..8)).await,
            4 => self.delete().await,
            5 => self.merge(dice),
            6 if self.reader.is_none() => {
                let reader = self.connect();
                reader.execute_batch("BEGIN; SELECT * FROM users").unwrap();
                self.reader = Some(reader);
            }
            6 => self.reader = None,
            7 => self.restart(None, dice.random()),
            8 if !self.moments.is_empty() => {
                let moment = dice.random_range(0..self.moments.len());
                self.restart(Some(moment), false);
            }
            9 => self.write(30).await,
            _ => self.meddle(),
        }
        self.keep();
    }

    fn connect(&self) -> Connection {
        Connection::open(self.path("x.db")).unwrap()
    }

    async fn write(&mut self, how_many: u32) {
        self.meddled &= self.reader.is_some();
        let store = self.store.as_ref().unwrap();
        for _ in 0..how_many {
            self.next += 1;
            let phone = Phone::from_digits(&self.next.to_string()).unwrap();
            let work = store.write(move |tx| user::register(tx, phone, NOON, &mut dice()));
            let written: Result<_, StoreError> = work.await;
            written.unwrap();
            self.people.insert(self.next);
            self.ever.insert(self.people.clone());
        }
    }

    async fn delete(&mut self) {
        let store = self.store.as_ref().unwrap();
        for number in self.people.iter().copied().step_by(3).collect::<Vec<_>>() {
            let phone = Phone::from_digits(&number.to_string()).unwrap();
            let work = store.write(move |tx| {
                let user = tx.user_by_phone(phone)?;
                user.map_or(Ok(()), |user| tx.delete_user(&user))
            });
            let deleted: Result<(), StoreError> = work.await;
            deleted.unwrap();
            self.people.remove(&number);
            self.ever.insert(self.people.clone());
        }
    }

    /// As somebody outside may do at any time.
    fn merge(&self, dice: &mut StdRng) {
        let mode = ["PASSIVE", "FULL", "RESTART", "TRUNCATE"][dice.random_range(0..4)];
        let merge = format!("PRAGMA busy_timeout = 1; PRAGMA wal_checkpoint({mode})");
        self.connect().execute_batch(&merge).unwrap();
    }

    /// Another program writes, without a mark.
    fn meddle(&mut self) {
        if let Some(first) = self.people.pop_first() {
            let delete = "DELETE FROM users WHERE phone = ?1";
            self.connect().execute(delete, [first]).unwrap();
            self.ever.insert(self.people.clone());
            self.meddled = true;
        }
    }

    /// Stops, and starts again, maybe with a copy of all in one file put back.
    fn restart(&mut self, moment: Option<usize>, meddle: bool) {
        (self.reader, self.store) = (None, None);
        if meddle {
            self.meddle();
        }
        if let Some(moment) = moment {
            let moment = &self.moments[moment];
            let _ = fs::remove_file(self.path("x.db-wal"));
            fs::copy(&moment.files[1], self.path("x.db")).unwrap();
            self.people.clone_from(&moment.people);
        }
        self.store = Some(open(&self.path("x.db")).unwrap());
        self.meddled = false;
    }

    /// Keeps copies; made by others, for closing a file gives up its locks.
    fn keep(&mut self) {
        let number = self.moments.len();
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
        let connection = self.connect();
        connection.execute("VACUUM INTO ?1", [compact]).unwrap();
        self.moments.push(Moment {
            files,
            log,
            people: self.people.clone(),
            meddled: self.meddled,
        });
    }

    /// Puts every file beside every log.
    fn try_all(&self, dice: &mut StdRng) -> (usize, usize) {
        let (mut served, mut refused) = (0, 0);
        for (i, of_file) in self.moments.iter().enumerate() {
            for (j, of_log) in self.moments.iter().enumerate() {
                for (kind, file) in of_file.files.iter().enumerate() {
                    let log = fs::read(&of_log.log).unwrap();
                    let place = format!("file {i} of kind {kind} beside log {j}");
                    let Some(people) = serve(file, &log) else {
                        let may_be = i != j || kind != 0 || of_file.meddled;
                        assert!(may_be, "{place}: refused");
                        refused += 1;
                        continue;
                    };
                    let is_right = match (log.is_empty(), kind) {
                        (false, _) => people == of_log.people,
                        // The file alone may be older.
                        (true, 0) => self.ever.contains(&people),
                        (true, _) => people == of_file.people,
                    };
                    assert!(is_right, "{place}: {people:?}");
                    served += 1;
                }
            }
            self.try_cut(of_file, dice);
        }
        (served, refused)
    }

    /// A log of which the end is missing may be refused; it never leads to what never was.
    fn try_cut(&self, moment: &Moment, dice: &mut StdRng) {
        let log = fs::read(&moment.log).unwrap();
        for _ in 0..4 {
            let cut = &log[..dice.random_range(0..=log.len())];
            if let Some(people) = serve(&moment.files[0], cut) {
                assert!(self.ever.contains(&people), "{people:?}");
            }
        }
    }
}

fn open(path: &Path) -> Result<Store, OpenError> {
    Sqlite::open(path, SIZES).map(Store::Sqlite)
}

/// What is served of a file with this log beside it, unless that is refused.
fn serve(file: &Path, log: &[u8]) -> Option<People> {
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
    let check = |row: &rusqlite::Row<'_>| row.get::<_, String>(0);
    let check = connection.query_row("PRAGMA integrity_check", [], check);
    assert_eq!(check.unwrap(), "ok");
    let mut people = connection.prepare("SELECT phone FROM users").unwrap();
    let people = people.query_map([], |row| row.get(0)).unwrap();
    Some(people.map(Result::unwrap).collect())
}

async fn mix(seed: u64, steps: usize) {
    let mut dice = StdRng::seed_from_u64(seed);
    let mut past = Past::new();
    past.keep();
    for _ in 0..steps {
        past.step(&mut dice).await;
    }
    let (served, refused) = past.try_all(&mut dice);
    say(&format!(
        "copies, seed {seed}: {served} served, {refused} refused"
    ));
    assert!(served > steps && refused > steps);
}

#[tokio::test]
async fn a_copy_beside_a_log_of_another_moment_is_refused_or_exact() {
    for seed in 0..3 {
        mix(seed, 9).await;
    }
}

#[tokio::test]
#[ignore = "long"]
async fn copies_beside_logs_of_other_moments_are_refused_or_exact() {
    for seed in 10..40 {
        mix(seed, 24).await;
    }
}
