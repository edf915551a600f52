//! SQLite's file: opened once, and left as it is when it is not whole or not ours.

use invited::store::{Location, OpenError, Store};

use crate::harness::postgres::sqlite_only;

#[tokio::test]
async fn a_store_is_opened_once_at_a_time() {
    sqlite_only!("one process a file");
    let folder = tempfile::TempDir::new().unwrap();
    let location = Location::Sqlite(folder.path().join("invited.db"));
    Store::migrate(&location).unwrap();
    let first = Store::open(&location).unwrap();
    assert!(matches!(Store::open(&location), Err(OpenError::InUse(_))));
    drop(first);
    Store::open(&location).unwrap();
}

#[tokio::test]
async fn what_is_damaged_inside_is_not_written_to_either() {
    sqlite_only!("damage to its file");
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("invited.db");
    let location = Location::Sqlite(path.clone());
    Store::migrate(&location).unwrap();
    drop(Store::open(&location).unwrap());
    let mut bytes = std::fs::read(&path).unwrap();
    for page in bytes.chunks_mut(4096).skip(1) {
        page[..512].fill(0xff);
    }
    std::fs::write(&path, &bytes).unwrap();
    assert!(matches!(
        Store::migrate(&location),
        Err(OpenError::Damaged(_))
    ));
    assert!(matches!(Store::open(&location), Err(OpenError::Damaged(_))));
    assert!(std::fs::read(&path).unwrap() == bytes);
}

#[tokio::test]
async fn a_log_without_its_database_is_not_thrown_away() {
    sqlite_only!("its write-ahead log");
    let folder = tempfile::TempDir::new().unwrap();
    let (path, wal) = (
        folder.path().join("invited.db"),
        folder.path().join("invited.db-wal"),
    );
    std::fs::write(&wal, "all that is left").unwrap();
    let location = Location::Sqlite(path);
    assert!(matches!(
        Store::migrate(&location),
        Err(OpenError::Damaged(_))
    ));
    assert!(matches!(Store::open(&location), Err(OpenError::Damaged(_))));
    assert_eq!(std::fs::read_to_string(&wal).unwrap(), "all that is left");
}

#[tokio::test]
async fn what_is_not_our_database_is_left_as_it_is() {
    sqlite_only!("damage to its file");
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("other");
    let location = Location::Sqlite(path.clone());
    for garbage in [&b"x"[..], b"just some text", &[0; 4096], b"SQLite format 3\0 but not really, and long enough to be read as a header of a file............"] {
        std::fs::write(&path, garbage).unwrap();
        assert!(matches!(Store::migrate(&location), Err(OpenError::Damaged(_))), "{garbage:?}");
        assert_eq!(std::fs::read(&path).unwrap(), garbage);
    }
    std::fs::remove_file(&path).unwrap();
    let foreign = rusqlite::Connection::open(&path).unwrap();
    foreign.execute_batch("CREATE TABLE theirs (x)").unwrap();
    drop(foreign);
    let before = std::fs::read(&path).unwrap();
    assert!(matches!(
        Store::migrate(&location),
        Err(OpenError::Foreign(_))
    ));
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[tokio::test]
async fn a_journal_of_another_time_is_not_rolled_back_into_the_database() {
    sqlite_only!("its write-ahead log");
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("invited.db");
    let location = Location::Sqlite(path.clone());
    Store::migrate(&location).unwrap();
    drop(Store::open(&location).unwrap());
    // One that SQLite would take for hot: what a program left that had the file without a log.
    let other = folder.path().join("other.db");
    let left = rusqlite::Connection::open(&other).unwrap();
    left.execute_batch(
        "PRAGMA cache_size = 1; CREATE TABLE t (x); INSERT INTO t VALUES (1);
         BEGIN; WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 99) INSERT INTO t SELECT randomblob(4000) FROM n",
    )
    .unwrap();
    let journal = folder.path().join("invited.db-journal");
    std::fs::copy(folder.path().join("other.db-journal"), &journal).unwrap();
    let before = (
        std::fs::read(&path).unwrap(),
        std::fs::read(&journal).unwrap(),
    );
    assert!(before.1.len() > 512);
    for refused in [
        Store::open(&location).err(),
        Store::migrate(&location).err(),
    ] {
        assert!(matches!(
            refused,
            Some(OpenError::OtherLog {
                log: "-journal",
                ..
            })
        ));
    }
    let after = (
        std::fs::read(&path).unwrap(),
        std::fs::read(&journal).unwrap(),
    );
    assert!(before == after);
}
