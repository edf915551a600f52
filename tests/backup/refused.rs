//! What is not backed up, and what is not restored.

use std::{fs, os::unix::fs::FileExt, path::Path};

use tempfile::TempDir;

use super::{back_up, names, populated, refused};
use crate::harness::{
    postgres::sqlite_only,
    server::{Server, put},
};

#[test]
fn a_damaged_backup_is_refused_and_nothing_is_made_of_it() {
    sqlite_only!("backups of its file");
    let folder = populated("300");
    let whole = back_up(folder.path());
    let archive = whole.join("invited.db.zst");
    let bytes = fs::read(&archive).unwrap();
    let empty = TempDir::new().unwrap();
    let refused = || {
        let said = refused(empty.path(), &["restore", whole.to_str().unwrap()]);
        assert_eq!(names(empty.path()), [""; 0], "{said}");
        said
    };
    for at in [0, 5, 20, bytes.len() / 2, bytes.len() - 1] {
        let file = fs::File::options().write(true).open(&archive).unwrap();
        file.write_all_at(&[!bytes[at]], at as u64).unwrap();
        let said = refused();
        assert!(
            said.ends_with("is damaged and cannot be restored: take another backup"),
            "{at}: {said}"
        );
        put(&archive, &bytes);
    }
    for length in [0, 3, 30, bytes.len() / 3, bytes.len() - 1] {
        put(&archive, &bytes[..length]);
        let said = refused();
        assert!(said.contains("is damaged"), "{length}: {said}");
    }
    put(&archive, [&bytes[..], b"more"].concat());
    assert!(refused().contains("is damaged"));
    put(&archive, &bytes);
    put(&whole.join("invited.keys.json"), "{}");
    assert!(refused().contains("is not a key file of invited"));
    fs::remove_file(whole.join("invited.keys.json")).unwrap();
    assert!(refused().ends_with("is not a backup: name a folder that `invited backup` made"));
}

#[test]
fn what_is_no_backup_of_this_installation_is_refused() {
    sqlite_only!("backups of its file");
    let (one, other) = (populated("30"), populated("30"));
    let (backup, others) = (back_up(one.path()), back_up(other.path()));
    fs::copy(
        others.join("invited.keys.json"),
        backup.join("invited.keys.json"),
    )
    .unwrap();
    let empty = TempDir::new().unwrap();
    let empty = empty.path();
    let restore = |from: &Path| refused(empty, &["restore", from.to_str().unwrap()]);
    let said = restore(&backup);
    assert!(
        said.ends_with("its keys are not those of its database"),
        "{said}"
    );
    for from in [
        one.path().join("nothing"),
        one.path().join("invited.db"),
        empty.to_owned(),
    ] {
        assert!(restore(&from).contains("is not a backup"), "{from:?}");
    }
    let archive = backup.join("invited.db.zst");
    put(
        &archive,
        zstd::encode_all(&b"SQLite format 3\0 or not"[..], 0).unwrap(),
    );
    assert!(restore(&backup).contains("is damaged"));
    assert_eq!(names(empty), [""; 0]);
}

#[test]
fn nothing_is_restored_over_anything() {
    sqlite_only!("backups of its file");
    let folder = populated("30");
    let backup = back_up(folder.path());
    for name in [
        "invited.db",
        "invited.db-wal",
        "invited.db-shm",
        "invited.db-journal",
        "invited.keys.json",
    ] {
        let there = TempDir::new().unwrap();
        fs::write(there.path().join(name), "mine").unwrap();
        let said = refused(there.path(), &["restore", backup.to_str().unwrap()]);
        assert!(
            said.contains(&format!("{name} exists, and was left as it is")),
            "{said}"
        );
        assert_eq!(names(there.path()), [name]);
        assert_eq!(fs::read(there.path().join(name)).unwrap(), b"mine");
    }
}

#[test]
fn a_database_that_cannot_be_served_is_not_backed_up() {
    sqlite_only!("backups of its file");
    let folder = populated("2000");
    let (folder, database) = (folder.path(), folder.path().join("invited.db"));
    let bytes = fs::read(&database).unwrap();
    let refused = |sentence: &str| {
        let said = refused(folder, &["backup", "to"]);
        assert!(said.contains(sentence), "{said}");
        assert_eq!(names(&folder.join("to")), [""; 0], "{said}");
    };
    put(&database, "SQLite for beginners".repeat(10));
    refused("is damaged or no SQLite database");
    // A page in the middle, which only a check of all of them meets.
    let mut damaged = bytes.clone();
    damaged[40 * 4096..41 * 4096].fill(0x55);
    put(&database, &damaged);
    refused("did not pass verification: ");
    assert_eq!(fs::read(&database).unwrap(), damaged);
    put(&database, &bytes);
    let connection = rusqlite::Connection::open(&database).unwrap();
    connection
        .execute(
            "INSERT INTO refinery_schema_history VALUES (99, 'later', '2030-01-01', '1')",
            [],
        )
        .unwrap();
    drop(connection);
    refused("was written by a newer version of invited");
    fs::rename(folder.join("invited.keys.json"), folder.join("moved")).unwrap();
    refused("and the database was filled under its keys");
    fs::remove_file(&database).unwrap();
    refused("does not exist");
    assert!(!database.exists());
}

#[test]
fn whoever_has_the_database_without_a_socket_keeps_it() {
    sqlite_only!("backups of its file");
    let folder = populated("30");
    let server = Server::start(folder.path());
    fs::remove_file(folder.path().join("invited.db.sock")).unwrap();
    let said = refused(folder.path(), &["backup", "to"]);
    assert!(
        said.contains("is in use by another invited process"),
        "{said}"
    );
    assert_eq!(names(&folder.path().join("to")), [""; 0]);
    assert!(server.stop().success());
}
