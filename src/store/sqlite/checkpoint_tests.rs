//! Tests of what is done about the log, tick by tick.

use std::{fs, path::PathBuf, sync::Arc};

use rusqlite::{Connection, params};
use tempfile::TempDir;

use super::{
    checkpoint::Log,
    emptying::Done,
    length::Length,
    mark, migrate,
    open::{self, merge_on_close},
};
use crate::domain::error::StoreError;

const WRITTEN: Done = Done {
    writes: true,
    erases: false,
};

struct Database {
    log: Log,
    connection: Connection,
    folder: TempDir,
}

impl Database {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("x.db");
        migrate::run(&path).unwrap();
        let (lock, connection) = open::exclusively(&path, open::Absent::Refuse).unwrap();
        let length = Length {
            usual: 50,
            most: 400,
        };
        let observer = open::reader(&path).unwrap();
        let log = Log::of(&path, &connection, observer, Arc::new(lock), length).unwrap();
        merge_on_close(&connection, false).unwrap();
        Self {
            log,
            connection,
            folder,
        }
    }

    /// One whose log is merged beside the writer.
    fn with_merger() -> Self {
        let mut database = Self::new();
        let path = database.path("x.db");
        database.log = database.log.merged_beside(&path).unwrap();
        database
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&mut self, id: i64, done: Done) -> Result<(), StoreError> {
        let scope = self.log.begin(&self.connection)?;
        let insert = "INSERT INTO users (id, phone, invitation_code, first_name, last_name, email, created_at)
             VALUES (?1, ?1, ?1, 'Scheherazade' || ?1, '', '', 0)";
        self.connection.execute(insert, params![id]).unwrap();
        if done.erases {
            self.connection.execute("DELETE FROM users", []).unwrap();
        }
        mark::draw(&self.connection).unwrap();
        scope.commit().unwrap();
        self.log.after(&self.connection, Ok(done));
        Ok(())
    }

    fn tick(&mut self) {
        self.log.tick(&self.connection).unwrap();
    }

    fn log_length(&self) -> u64 {
        fs::metadata(self.path("x.db-wal")).unwrap().len()
    }

    /// Whether anybody's name stands in one of the files, be it deleted.
    fn has_names(&self) -> bool {
        ["x.db", "x.db-wal"]
            .iter()
            .any(|name| self.has_names_in(name))
    }

    fn has_names_in(&self, name: &str) -> bool {
        // Copied, for closing the file would give up its locks.
        let copy = self.path("copy");
        let (from, to) = (self.path(name), &copy);
        let copied = std::process::Command::new("cp").arg(from).arg(to).status();
        assert!(copied.unwrap().success());
        let bytes = fs::read(copy).unwrap();
        bytes.windows(12).any(|bytes| bytes == b"Scheherazade")
    }
}

#[test]
fn a_log_that_nobody_writes_to_is_merged_soon_and_truncated_a_minute_later() {
    let mut database = Database::new();
    assert_eq!(database.log_length(), 0);
    database.write(1, WRITTEN).unwrap();
    database.tick();
    assert!(!database.has_names_in("x.db"));
    database.tick();
    assert!(database.has_names_in("x.db"));
    for _ in 0..60 {
        assert!(database.log_length() > 0);
        database.tick();
    }
    assert_eq!(database.log_length(), 0);
}

#[test]
fn a_log_that_was_merged_is_written_over() {
    let mut database = Database::new();
    (0..5).for_each(|id| database.write(id, WRITTEN).unwrap());
    let length = database.log_length();
    for id in 5..10 {
        (0..2).for_each(|_| database.tick());
        database.write(id, WRITTEN).unwrap();
        assert_eq!(database.log_length(), length);
    }
}

#[test]
fn a_log_that_somebody_writes_to_is_kept() {
    let mut database = Database::new();
    for id in 0..10 {
        database.write(id, WRITTEN).unwrap();
        database.tick();
        assert!(database.log_length() > 0);
    }
}

#[test]
fn what_only_tries_to_write_neither_keeps_a_log_from_being_emptied_nor_has_it_emptied() {
    let mut database = Database::new();
    database.write(1, WRITTEN).unwrap();
    for id in 2..64 {
        database.write(id, Done::default()).unwrap();
        database.tick();
    }
    assert_eq!(database.log_length(), 0);
    database.write(64, Done::default()).unwrap();
    (0..100).for_each(|_| database.tick());
    assert!(database.log_length() > 0);
}

#[test]
fn what_is_deleted_is_in_no_file_soon_after_also_while_others_write() {
    let mut database = Database::new();
    (0..200).for_each(|id| database.write(id, WRITTEN).unwrap());
    let erases = Done {
        writes: true,
        erases: true,
    };
    database.write(200, erases).unwrap();
    assert!(database.has_names());
    for id in 201..206 {
        database.tick();
        let other = "UPDATE latest SET at = at + ?1";
        let scope = database.log.begin(&database.connection).unwrap();
        database.connection.execute(other, [id]).unwrap();
        mark::draw(&database.connection).unwrap();
        scope.commit().unwrap();
        database.log.after(&database.connection, Ok(WRITTEN));
    }
    assert!(!database.has_names());
}

#[test]
fn what_another_program_wrote_and_merged_is_not_taken_for_an_overwritten_file() {
    let mut database = Database::new();
    database.write(1, WRITTEN).unwrap();
    let other = Connection::open(database.path("x.db")).unwrap();
    let merge = || {
        let merge = "PRAGMA wal_checkpoint(TRUNCATE)";
        other.query_row(merge, [], |_| Ok(())).unwrap();
    };
    // The header of the first is in no log any more when the second begins one.
    other.pragma_update(None, "user_version", 7).unwrap();
    merge();
    let write = |name| {
        let update = "UPDATE users SET first_name = ?1";
        other.execute(update, [name]).unwrap();
    };
    write("Dinarzade");
    database.tick();
    other.pragma_update(None, "user_version", 8).unwrap();
    merge();
    write("Shahryar");
    database.write(2, WRITTEN).unwrap();
    database.log.check(&database.connection).unwrap();
    other.pragma_update(None, "user_version", 9).unwrap();
    merge();
    write("Dinarzade");
    database.log.finish(&database.connection).unwrap();
    assert_eq!(database.log_length(), 0);
}

#[test]
fn a_log_that_another_program_began_and_holds_is_told_from_others_all_the_same() {
    let mut database = Database::new();
    database.write(1, WRITTEN).unwrap();
    let other = Connection::open(database.path("x.db")).unwrap();
    let merge = "PRAGMA wal_checkpoint(TRUNCATE); UPDATE users SET first_name = 'Dinarzade'";
    let hold = "BEGIN; SELECT first_name FROM users";
    other.execute_batch(&format!("{merge}; {hold}")).unwrap();
    database.log.check(&database.connection).unwrap();
    let script = r#"cp "$0" "$1" && cp "$0"-wal "$1"-wal"#;
    let files = [database.path("x.db"), database.path("copy.db")];
    let mut copying = std::process::Command::new("sh");
    let copied = copying.args(["-c", script]).args(&files).status();
    assert!(copied.unwrap().success());
    open::exclusively(&files[1], open::Absent::Refuse).unwrap();
}

#[test]
fn a_log_that_another_program_holds_grows_to_a_bound_and_shrinks_once_it_lets_go() {
    let mut database = Database::new();
    let figures = database.log.figures();
    let blocked = || figures.blocked.load(std::sync::atomic::Ordering::Relaxed);
    let other = Connection::open(database.path("x.db")).unwrap();
    database.write(0, WRITTEN).unwrap();
    other.execute_batch("BEGIN; SELECT * FROM users").unwrap();
    let refused = (1..1000).find_map(|id| database.write(id, WRITTEN).err());
    assert!(matches!(refused, Some(StoreError::Unavailable(_))));
    database.tick();
    assert_eq!(blocked(), 1);
    let longest = database.log_length();
    assert!(longest > 400 * 4096);
    other.execute_batch("ROLLBACK").unwrap();
    database.tick();
    database.write(1000, WRITTEN).unwrap();
    assert_eq!(blocked(), 0);
    (0..62).for_each(|_| database.tick());
    assert_eq!(database.log_length(), 0);
}

#[test]
fn a_log_that_is_merged_beside_the_writer_stays_short_and_loses_nothing() {
    let mut database = Database::with_merger();
    let mut longest = 0;
    for id in 0..3000 {
        database.write(id, WRITTEN).unwrap();
        longest = longest.max(database.log_length());
    }
    // Four times 50 frames, what a transaction adds, and as much once the writer has waited.
    assert!(longest < 10 * 50 * 4120, "{longest}");
    database.log.finish(&database.connection).unwrap();
    assert_eq!(database.log_length(), 0);
    let count = "SELECT count(*), count(DISTINCT first_name) FROM users";
    let counts = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let counts: (i64, i64) = database.connection.query_row(count, [], counts).unwrap();
    assert_eq!(counts, (3000, 3000));
    let check = "PRAGMA integrity_check";
    let check: String = database
        .connection
        .query_row(check, [], |row| row.get(0))
        .unwrap();
    assert_eq!(check, "ok");
}
