//! The schema and its history.

use std::path::Path;

use invited::store::{Location, Migration, OpenError, Store};
use tempfile::TempDir;

use crate::harness::server::put;

fn location(folder: &TempDir) -> Location {
    Location::Sqlite(folder.path().join("invited.db"))
}

fn edit(folder: &TempDir, sql: &str) {
    rusqlite::Connection::open(folder.path().join("invited.db"))
        .unwrap()
        .execute_batch(sql)
        .unwrap();
}

#[test]
fn a_dry_run_creates_nothing() {
    let folder = TempDir::new().unwrap();
    let pending = Store::pending(&location(&folder)).unwrap();
    assert_eq!(pending.first(), Some(&Migration("V1__users".to_owned())));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    let empty = folder.path().join("invited.db");
    put(&empty, "");
    assert_eq!(Store::pending(&location(&folder)).unwrap(), pending);
    assert_eq!(std::fs::read(&empty).unwrap(), b"");
}

#[test]
fn migrations_run_once() {
    let folder = TempDir::new().unwrap();
    let pending = Store::pending(&location(&folder)).unwrap();
    assert_eq!(Store::migrate(&location(&folder)).unwrap(), pending);
    assert_eq!(Store::migrate(&location(&folder)).unwrap(), []);
    assert_eq!(Store::pending(&location(&folder)).unwrap(), []);
}

#[test]
fn an_old_schema_is_not_served() {
    let folder = TempDir::new().unwrap();
    Store::migrate(&location(&folder)).unwrap();
    edit(
        &folder,
        "DROP TABLE dead_codes;
         DELETE FROM refinery_schema_history WHERE version = 14",
    );
    assert!(matches!(
        Store::open(&location(&folder)),
        Err(OpenError::OldSchema { missing: 1, .. })
    ));
    assert_eq!(
        Store::migrate(&location(&folder)).unwrap(),
        [Migration("V14__dead_codes".to_owned())]
    );
    Store::open(&location(&folder)).unwrap();
}

#[test]
fn migrations_are_applied_all_or_none() {
    let folder = TempDir::new().unwrap();
    Store::migrate(&location(&folder)).unwrap();
    // Of those that are missing now, the first can be applied and another cannot.
    edit(
        &folder,
        "DROP TABLE deliveries; DELETE FROM refinery_schema_history WHERE version >= 6",
    );
    Store::migrate(&location(&folder)).unwrap_err();
    let connection = rusqlite::Connection::open(folder.path().join("invited.db")).unwrap();
    assert!(!connection.table_exists(None, "deliveries").unwrap());
}

#[test]
fn a_schema_of_another_build_is_not_touched() {
    for sql in [
        "INSERT INTO refinery_schema_history VALUES (99, 'future', '2030-01-01T00:00:00Z', '1')",
        "UPDATE refinery_schema_history SET checksum = '1' WHERE version = 1",
    ] {
        let folder = TempDir::new().unwrap();
        Store::migrate(&location(&folder)).unwrap();
        edit(&folder, sql);
        assert!(matches!(
            Store::open(&location(&folder)),
            Err(OpenError::OtherSchema(_))
        ));
        assert!(matches!(
            Store::migrate(&location(&folder)),
            Err(OpenError::OtherSchema(_))
        ));
    }
}

#[test]
fn migrations_are_numbered_without_gaps_and_applied_in_that_order() {
    let folder = TempDir::new().unwrap();
    let number = |migration: &Migration| {
        let (number, _) = migration.0[1..].split_once("__").unwrap();
        number.parse::<u32>().unwrap()
    };
    let ran = Store::migrate(&location(&folder)).unwrap();
    let numbers: Vec<_> = ran.iter().map(number).collect();
    assert!(
        (1..).zip(&numbers).all(|(number, of)| number == *of),
        "{numbers:?}"
    );
    let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/sqlite");
    assert_eq!(std::fs::read_dir(files).unwrap().count(), numbers.len());
}

#[test]
fn families_are_found_in_invitations_of_before() {
    let folder = TempDir::new().unwrap();
    Store::migrate(&location(&folder)).unwrap();
    // 1 invited 2, who left; 2 invited 3, who invited 4. 5, who left, invited 6. 7 is alone.
    edit(
        &folder,
        "ALTER TABLE users DROP COLUMN family_id;
         DROP TABLE families;
         ALTER TABLE retired_users ADD COLUMN referrer_id INTEGER;
         ALTER TABLE sends DROP COLUMN network;
         DROP TABLE dead_codes;
         DELETE FROM refinery_schema_history WHERE version >= 12;
         INSERT INTO users (id, phone, invitation_code, first_name, last_name, email, created_at, referrer_id,
                            redeemed_at, referral_number)
         VALUES (1, 1, 'A', '', '', '', 0, NULL, NULL, NULL), (3, 3, 'C', '', '', '', 0, 2, 0, 1),
                (4, 4, 'D', '', '', '', 0, 3, 0, 1), (6, 6, 'F', '', '', '', 0, 5, 0, 1),
                (7, 7, 'G', '', '', '', 0, NULL, NULL, NULL);
         INSERT INTO retired_users VALUES (2, 'B', 1), (5, 'E', NULL)",
    );
    Store::migrate(&location(&folder)).unwrap();
    let connection = rusqlite::Connection::open(folder.path().join("invited.db")).unwrap();
    let sql =
        "SELECT group_concat(id || ' ' || coalesce(family_id, '-'), ', ' ORDER BY id) FROM users";
    let families: String = connection.query_row(sql, [], |row| row.get(0)).unwrap();
    assert_eq!(families, "1 1, 3 1, 4 1, 6 5, 7 -");
}
