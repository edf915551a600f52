//! The schema and its history.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use invited::store::{Location, Migration, Store};
use tempfile::TempDir;

use crate::harness::{
    self,
    intruder::Intruder,
    postgres::{self, sqlite_only},
    server::{Server, login, put, run},
};

/// A database with nothing in it.
fn location(folder: &TempDir) -> Location {
    if postgres::is_asked_for() {
        return postgres::empty_url_of(folder.path()).parse().unwrap();
    }
    harness::location(folder.path())
}

fn edit(folder: &TempDir, sql: &str) {
    Intruder::of(folder.path()).run(sql);
}

/// The files of migrations, in the order in which they are applied.
fn files() -> Vec<(u32, PathBuf)> {
    let store = if postgres::is_asked_for() {
        "postgres"
    } else {
        "sqlite"
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let files = fs::read_dir(folder.join(store)).unwrap();
    let numbered = files.map(|file| {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let (number, _) = name[1..].split_once("__").unwrap();
        (number.parse().unwrap(), path)
    });
    let mut files: Vec<_> = numbered.collect();
    files.sort();
    files
}

/// A database as the build of this version left it.
pub fn of_version(version: u32) -> TempDir {
    let (latest, folder) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    Store::migrate(&location(&latest)).unwrap();
    location(&folder);
    put(&folder.path().join("invited.db"), "");
    for (_, file) in files().iter().filter(|(number, _)| *number <= version) {
        edit(&folder, &fs::read_to_string(file).unwrap());
    }
    let (from, to) = (Intruder::of(latest.path()), Intruder::of(folder.path()));
    to.run(
        "CREATE TABLE refinery_schema_history (version INTEGER PRIMARY KEY, name TEXT, applied_on TEXT, checksum TEXT)",
    );
    let history = "SELECT version, name, applied_on, checksum FROM refinery_schema_history";
    for row in from.rows(&format!("{history} WHERE version <= {version}")) {
        let values = row.into_iter().map(|value| format!("'{}'", value.unwrap()));
        let values: Vec<_> = values.collect();
        let values = values.join(", ");
        to.run(&format!(
            "INSERT INTO refinery_schema_history VALUES ({values})"
        ));
    }
    if let Intruder::Sqlite(_) = from {
        let is_ours = from.number("PRAGMA application_id");
        to.run(&format!("PRAGMA application_id = {is_ours}"));
    }
    folder
}

#[test]
fn a_dry_run_creates_nothing() {
    let folder = TempDir::new().unwrap();
    let pending = Store::pending(&location(&folder)).unwrap();
    assert_eq!(pending.first(), Some(&Migration("V1__users".to_owned())));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    let empty = folder.path().join("invited.db");
    put(&empty, "");
    assert_eq!(Store::pending(&location(&folder)).unwrap(), pending);
    assert_eq!(fs::read(&empty).unwrap(), b"");
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
    let folder = of_version(15);
    let refused = Store::open(&location(&folder)).err().unwrap();
    let sentence = "has an old schema (6 migrations behind)";
    assert!(refused.to_string().contains(sentence), "{refused}");
    assert_eq!(
        Store::migrate(&location(&folder)).unwrap(),
        [
            "V16__administration",
            "V17__imported_tokens",
            "V18__prefixes",
            "V19__operators",
            "V20__figures",
            "V21__updates"
        ]
        .map(|name| Migration(name.to_owned()))
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
    edit(&folder, "CREATE TABLE deliveries (id BIGINT)");
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
        for refused in [
            Store::open(&location(&folder)).err(),
            Store::migrate(&location(&folder)).err(),
        ] {
            let told = refused.unwrap().to_string();
            assert!(
                told.contains("its migrations are not this build's"),
                "{told}"
            );
        }
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
    assert_eq!(files().len(), numbers.len());
}

#[test]
fn every_database_has_the_same_migrations() {
    let names = |database: &str| -> BTreeSet<_> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
        let files = std::fs::read_dir(folder.join(database)).unwrap();
        files.map(|file| file.unwrap().file_name()).collect()
    };
    assert_eq!(names("postgres"), names("sqlite"));
}

#[test]
fn families_are_found_in_invitations_of_before() {
    sqlite_only!("schemas of before there was another store");
    let folder = of_version(11);
    // 1 invited 2, who left; 2 invited 3, who invited 4. 5, who left, invited 6. 7 is alone.
    edit(
        &folder,
        "INSERT INTO users (id, phone, invitation_code, first_name, last_name, email, created_at, referrer_id,
                            redeemed_at, referral_number)
         VALUES (1, 1, 'A', '', '', '', 0, NULL, NULL, NULL), (3, 3, 'C', '', '', '', 0, 2, 0, 1),
                (4, 4, 'D', '', '', '', 0, 3, 0, 1), (6, 6, 'F', '', '', '', 0, 5, 0, 1),
                (7, 7, 'G', '', '', '', 0, NULL, NULL, NULL);
         INSERT INTO retired_users VALUES (2, 'B', 1), (5, 'E', NULL)",
    );
    Store::migrate(&location(&folder)).unwrap();
    let database = Intruder::of(folder.path());
    let sql =
        "SELECT group_concat(id || ' ' || coalesce(family_id, '-'), ', ' ORDER BY id) FROM users";
    assert_eq!(database.text(sql), "1 1, 3 1, 4 1, 6 5, 7 -");
}

#[test]
fn people_of_before_are_counted_in_the_weeks_that_they_came_in() {
    sqlite_only!("schemas of before there was another store");
    let folder = of_version(18);
    // 1 came before 1970, 2 and 3 in the week of 1970-01-05; 9, who left, had invited 3.
    edit(
        &folder,
        "INSERT INTO users (id, phone, invitation_code, first_name, last_name, email, created_at, referrer_id,
                            redeemed_at, referral_number)
         VALUES (1, 1, 'A', '', '', '', -604800000, NULL, NULL, NULL), (2, 2, 'B', '', '', '', 345600000, 1, 0, 1),
                (3, 3, 'C', '', '', '', 950399999, 9, 0, 1);
         INSERT INTO retired_users (id, invitation_code) VALUES (8, 'H'), (9, 'I')",
    );
    Store::migrate(&location(&folder)).unwrap();
    let database = Intruder::of(folder.path());
    let sql = "SELECT group_concat(week || ' ' || accounts || ' ' || invited, ', ' ORDER BY week) FROM cohorts";
    assert_eq!(database.text(sql), "-1 1 1, 1 2 0");
    let left = "SELECT group_concat(id) FROM deleted_referrers";
    assert_eq!(database.text(left), "9");
}

#[test]
fn what_books_held_is_counted_on() {
    sqlite_only!("schemas of before there was another store");
    let folder = of_version(14);
    // Two messages to strangers, of which one was not sent and the other cost 5 more,
    // one to a known device, and a guess of each kind; the totals are of no account.
    edit(
        &folder,
        "INSERT INTO notes (book, at, number, amount, total)
         VALUES (0, 1000000, 1, 20, 0), (0, 4000500, 2, 30, 0), (1, 5000000, 1, 7, 0), (2, 4000900, 1, 30, 0),
                (4, 6000000, 1, 0, 0), (5, 6000999, 1, 0, 0), (6, 1000700, 1, 5, 0)",
    );
    Store::migrate(&location(&folder)).unwrap();
    let database = Intruder::of(folder.path());
    for span in [3_600_000, 86_400_000, 2_592_000_000_i64] {
        let sums = format!(
            "SELECT group_concat(counter || ' ' || count || ' ' || amount, ', ') FROM (
             SELECT counter, sum(count) AS count, sum(amount) AS amount FROM counters
             WHERE span = {span} GROUP BY counter ORDER BY counter)"
        );
        assert_eq!(
            database.text(&sums),
            "0 1 25, 1 1 7, 4 1 0, 5 1 0",
            "{span}"
        );
    }
    let lasts =
        "SELECT group_concat(start || ' ' || last, ', ') FROM (SELECT start, last FROM counters
        WHERE span = 3600000 AND counter IN (0, 5) AND count > 0 ORDER BY counter)";
    assert_eq!(database.text(lasts), "990000 1000700, 5940000 6000999");
    let store = Store::open(&location(&folder)).unwrap();
    assert_eq!(store.latest_time().millis(), 6_000_999);
}

#[test]
fn people_of_every_version_are_served_by_this_one() {
    sqlite_only!("schemas of before there was another store");
    for (version, _) in &files()[..files().len() - 1] {
        let version = *version;
        let folder = of_version(version);
        edit(
            &folder,
            "INSERT INTO users (id, phone, invitation_code, first_name, last_name, email, created_at, referrer_id,
                                redeemed_at, referral_number)
             VALUES (1, 79001234567, 'AAAAAA', 'Anna', '', 'anna@example.com', 1000, NULL, NULL, NULL),
                    (2, 79007654321, 'BBBBBB', 'Boris', '', '', 2000, 1, 3000, 1)",
        );
        if version >= 3 {
            edit(
                &folder,
                "INSERT INTO sessions (id, user_id, created_at, used_at, expires_at, user_agent, current_generation,
                                       issued_at)
                 VALUES (5, 2, 4000, 4000, 9000, 'curl', zeroblob(16), 4000)",
            );
        }
        if version >= 12 {
            edit(
                &folder,
                "INSERT INTO families (id, rank) VALUES (1, 0); UPDATE users SET family_id = 1",
            );
        }
        for command in [&["migrate"][..], &["keys", "adopt"]] {
            let done = run(folder.path(), command);
            assert!(done.status.success(), "{version}: {command:?}");
        }
        let told = |who: &str| {
            let output = run(folder.path(), &["user", "show", who, "--full", "--json"]);
            let error = str::from_utf8(&output.stderr).unwrap();
            serde_json::from_slice::<serde_json::Value>(&output.stdout).expect(error)
        };
        let server = Server::start(folder.path());
        let (anna, boris) = (told("AAAAAA"), told("id:2"));
        assert_eq!(anna["email"], "anna@example.com", "{version}");
        assert_eq!(anna["invited_users_count"], 1, "{version}");
        assert_eq!(boris["invited_by"]["phone"], "+79001234567", "{version}");
        assert!(boris["banned_at"].is_null());
        // Those whom she invited cannot have invited her.
        let (_, session) = login(&server.address, folder.path(), "+79001234567").unwrap();
        let body = serde_json::json!({ "invitation_code": "BBBBBB" });
        let (_, refused) = server.bear(&session, "POST", "/profile/invitation/", Some(body));
        assert_eq!(refused["code"], "invitation_cycle", "{version}");
        drop(server);
    }
}
