//! Backups: made while the server runs or without it, verified, restored, and
//! refused where they are not whole.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::{FileExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{Output, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use invited::{app::backup::running, config::Target};
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    faults::tmpfs::Tmpfs,
    harness::{
        Harness, NOON, UNLIMITED,
        postgres::sqlite_only,
        server::{Server, command, login, put, run},
    },
    migrate::of_version,
};

const PHONE: &str = "+79001234567";

/// A folder with another in it for backups.
pub fn place() -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("to")).unwrap();
    folder
}

/// The same with people in it, and keys.
pub fn populated(users: &str) -> TempDir {
    let folder = place();
    done(folder.path(), &["seed", "--users", users]);
    assert!(Server::start(folder.path()).stop().success());
    folder
}

fn done(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    let error = str::from_utf8(&output.stderr).unwrap();
    assert!(output.status.success(), "{error}");
    String::from_utf8(output.stdout).unwrap()
}

/// The one sentence by which a command was refused.
#[track_caller]
fn refused(folder: &Path, arguments: &[&str]) -> String {
    sentence(run(folder, arguments))
}

/// The one sentence of a command that was refused.
#[track_caller]
pub fn sentence(output: Output) -> String {
    assert!(matches!(output.status.code(), Some(1 | 2)), "{output:?}");
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(error.lines().count(), 1, "{error}");
    error
        .trim_end()
        .strip_prefix("invited: ")
        .unwrap()
        .to_owned()
}

/// The names in a folder, hidden ones too.
pub fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn back_up(folder: &Path) -> PathBuf {
    let told = done(folder, &["backup", "to"]);
    PathBuf::from(told.strip_suffix(": made and verified\n").unwrap())
}

/// Restores a backup into a folder of its own.
fn restored(backup: &Path) -> TempDir {
    let folder = TempDir::new().unwrap();
    done(folder.path(), &["restore", backup.to_str().unwrap()]);
    folder
}

pub fn phones(folder: &Path) -> BTreeSet<String> {
    let list = ["user", "list", "--limit", "100000", "--full", "--json"];
    let users: Value = serde_json::from_str(&done(folder, &list)).unwrap();
    let users = users.as_array().unwrap().iter();
    users
        .map(|user| user["phone"].as_str().unwrap().to_owned())
        .collect()
}

/// Waits for something that another process does.
pub fn until(what: &str, happened: impl Fn() -> bool) {
    for _ in 0..60_000 {
        if happened() {
            return;
        }
        std::thread::park_timeout(Duration::from_millis(1));
    }
    panic!("{what} did not happen");
}

/// What `/metrics` tells of a target that backups fail at, or do not.
pub fn failing(target: &Target, is_failing: u8) -> String {
    format!("invited_backup_failing{{target=\"{target}\"}} {is_failing}\n")
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_backup_of_a_running_server_is_restored_and_everybody_logs_in_again() {
    sqlite_only!("backups of its file");
    let folder = place();
    let server = Server::start(folder.path());
    let (_, session) = login(&server.address, folder.path(), PHONE).unwrap();
    let backup = back_up(folder.path());
    assert!(server.stop().success());
    assert_eq!(names(&backup), ["invited.db.zst", "invited.keys.json"]);
    assert_eq!(
        (mode(&backup), mode(&backup.join("invited.db.zst"))),
        (0o700, 0o600)
    );
    let restored = restored(&backup);
    let restored = restored.path();
    assert_eq!(names(restored), ["invited.db", "invited.keys.json"]);
    let modes = ["invited.db", "invited.keys.json"].map(|name| mode(&restored.join(name)));
    assert_eq!(modes, [0o600, 0o600]);
    assert_eq!(phones(restored), phones(folder.path()));
    let server = Server::start(restored);
    assert_eq!(server.bear(&session, "GET", "/profile/", None).0, 401);
    let (_, session) = login(&server.address, restored, PHONE).unwrap();
    assert_eq!(server.bear(&session, "GET", "/profile/", None).0, 200);
    assert!(server.stop().success());
}

#[test]
fn without_a_server_a_backup_is_made_here() {
    sqlite_only!("backups of its file");
    let folder = populated("100");
    let backup = back_up(folder.path());
    assert_eq!(phones(restored(&backup).path()).len(), 100);
    assert_eq!(names(&folder.path().join("to")).len(), 1);
}

#[test]
fn an_old_schema_is_backed_up_as_it_is() {
    sqlite_only!("backups of its file");
    let (folder, keys) = (of_version(14), populated("1"));
    let folder = folder.path();
    fs::create_dir(folder.join("to")).unwrap();
    fs::copy(
        keys.path().join("invited.keys.json"),
        folder.join("invited.keys.json"),
    )
    .unwrap();
    let restored = restored(&back_up(folder));
    let pending = done(restored.path(), &["migrate", "--dry-run"]);
    assert!(pending.contains("would run V15__counters"), "{pending}");
}

#[tokio::test]
async fn figures_tell_when_the_last_backup_was_verified() {
    sqlite_only!("backups of its file");
    let (harness, to) = (Harness::new(), TempDir::new().unwrap());
    let target = Target::Folder(to.path().to_owned());
    let back_up = || running::back_up(&harness.app, target.clone());
    let told = harness.metrics().await;
    assert!(
        !told.contains("\ninvited_backup_verified_timestamp_seconds"),
        "{told}"
    );
    back_up().await.unwrap();
    let verified = format!(
        "invited_backup_verified_timestamp_seconds{{target=\"{target}\"}} {}\n",
        NOON.seconds()
    );
    let told = harness.metrics().await;
    assert!(
        told.contains(&verified) && told.contains(&failing(&target, 0)),
        "{told}"
    );
    // There is one of this second.
    let error = back_up().await.unwrap_err().to_string();
    assert!(
        error.ends_with("exists already, and was left as it is: try again"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn backups_are_due_by_the_clock_and_a_place_that_comes_back_is_used_again() {
    sqlite_only!("backups of its file");
    let folder = place();
    let to = folder.path().join("to");
    let settings = [("INVITED_BACKUP__TO", to.to_str().unwrap())];
    let harness = Harness::with(&settings);
    let target = Target::Folder(to.clone());
    let figures = || harness.app.backups.figures()[&target.to_string()];
    let is_failing = || figures().is_failing;
    let regularly = tokio::spawn(running::back_up_regularly(harness.service.clone()));
    until("the first", || {
        names(&to).contains(&"invited-2024-04-15T21-11-13Z".to_owned())
    });
    harness.advance(6 * 3600);
    let second = "invited-2024-04-16T03-11-13Z";
    until("the second", || {
        names(&to) == ["invited-2024-04-15T21-11-13Z", second]
    });
    fs::rename(&to, folder.path().join("away")).unwrap();
    harness.advance(6 * 3600);
    until("a failure", is_failing);
    assert!(harness.metrics().await.contains(&failing(&target, 1)));
    fs::rename(folder.path().join("away"), &to).unwrap();
    harness.advance(600);
    until("recovery", || !is_failing());
    // Of the second day, the last is kept.
    until("pruning", || {
        names(&to)
            == [
                "invited-2024-04-15T21-11-13Z",
                "invited-2024-04-16T09-21-13Z",
            ]
    });
    regularly.abort();
}

#[test]
fn a_backup_while_clients_write_holds_every_fact_acknowledged_before_it_began() {
    sqlite_only!("backups of its file");
    let folder = place();
    let server = Server::start(folder.path());
    let (acknowledged, is_over) = (Mutex::new(BTreeSet::new()), AtomicBool::new(false));
    let (before, backup) = std::thread::scope(|scope| {
        for worker in 0..4 {
            let (server, folder) = (&server, folder.path());
            let (acknowledged, is_over) = (&acknowledged, &is_over);
            scope.spawn(move || {
                for number in 0.. {
                    if is_over.load(Ordering::Relaxed) {
                        break;
                    }
                    let phone = format!("+79{worker:03}{number:06}");
                    login(&server.address, folder, &phone).unwrap();
                    acknowledged.lock().unwrap().insert(phone);
                }
            });
        }
        let count = || acknowledged.lock().unwrap().len();
        until("writing", || count() > 50);
        let before = acknowledged.lock().unwrap().clone();
        let output = run(folder.path(), &["backup", "to"]);
        // Whoever writes is not held up by it.
        let after = count();
        until("writing on", || count() > after);
        is_over.store(true, Ordering::Relaxed);
        assert!(output.status.success(), "{output:?}");
        (before, names(&folder.path().join("to")).remove(0))
    });
    assert!(server.stop().success());
    let restored = restored(&folder.path().join("to").join(backup));
    let there = phones(restored.path());
    assert!(before.is_subset(&there), "{:?}", before.difference(&there));
}

#[test]
fn a_server_that_is_killed_meanwhile_leaves_nothing_that_is_called_a_backup() {
    sqlite_only!("backups of its file");
    let folder = populated("20000");
    let to = folder.path().join("to");
    let mut server = Server::start(folder.path());
    let mut backup = command(folder.path());
    backup
        .args(["backup", "to"])
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut backup = backup.spawn().unwrap();
    until("a backup", || !names(&to).is_empty());
    server.process.kill().unwrap();
    server.process.wait().unwrap();
    assert!(!backup.wait().unwrap().success());
    let left = names(&to);
    assert!(
        left[0].starts_with(".invited-") && left[0].ends_with(".partial"),
        "{left:?}"
    );
    // What was left is removed by the next.
    back_up(folder.path());
    let there = names(&to);
    assert!(
        there.len() == 1 && there[0].starts_with("invited-"),
        "{there:?}"
    );
}

#[test]
fn a_server_that_stops_meanwhile_removes_what_it_has_begun() {
    sqlite_only!("backups of its file");
    let folder = populated("20000");
    let to = folder.path().join("to");
    let server = Server::start(folder.path());
    let mut backup = command(folder.path());
    backup
        .args(["backup", "to"])
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut backup = backup.spawn().unwrap();
    until("a backup", || !names(&to).is_empty());
    assert!(server.stop().success());
    assert!(!backup.wait().unwrap().success());
    assert_eq!(names(&to), [""; 0]);
    assert!(!folder.path().join("invited.db-wal").exists());
}

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

#[test]
fn a_place_that_is_full_or_read_only_gets_no_backup_and_the_server_serves_on() {
    sqlite_only!("backups of its file");
    let Some(disk) = Tmpfs::mount("8m") else {
        return;
    };
    let folder = populated("2000");
    let backup = ["backup", disk.path().to_str().unwrap()];
    let try_in_vain = || {
        for room in [0, 200_000, 500_000] {
            disk.fill();
            let filler = fs::File::options()
                .write(true)
                .open(disk.path().join("filler"));
            let filler = filler.unwrap();
            filler
                .set_len(filler.metadata().unwrap().len() - room)
                .unwrap();
            let said = refused(folder.path(), &backup);
            assert!(
                said.contains("full") || said.contains("No space left"),
                "{said}"
            );
            assert_eq!(names(disk.path()), ["filler"]);
            disk.empty();
        }
        disk.remount("remount,ro");
        let said = refused(folder.path(), &backup);
        assert!(said.contains("Read-only file system"), "{said}");
        disk.remount("remount,rw");
    };
    let server = Server::start(folder.path());
    try_in_vain();
    login(&server.address, folder.path(), PHONE).unwrap();
    assert!(server.stop().success());
    try_in_vain();
    done(folder.path(), &backup);
}

/// A server that makes backups all the time, and keeps one.
fn regular(folder: &Path) -> Server {
    let log = fs::File::create(folder.join("stderr.txt")).unwrap();
    let mut serve = command(folder);
    serve
        .envs(UNLIMITED)
        .args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--sms",
            "file:sms.jsonl",
        ])
        .env("INVITED_BACKUP__TO", "to")
        .env("INVITED_BACKUP__EVERY", "1s")
        .env("INVITED_BACKUP__KEEP", "1m")
        .stderr(log);
    Server::launch(serve).unwrap()
}

#[test]
fn a_server_makes_backups_by_itself_and_removes_those_that_need_not_be_kept() {
    sqlite_only!("backups of its file");
    let folder = place();
    let to = folder.path().join("to");
    for stranger in ["invited-of-yore", "other-2020-01-01T00-00-00Z"] {
        fs::create_dir(to.join(stranger)).unwrap();
    }
    for (older, newer) in [("2020-01-05", "2020-01-31"), ("2020-02-01", "2020-02-02")] {
        fs::create_dir(to.join(format!("invited-{older}T00-00-00Z"))).unwrap();
        fs::create_dir(to.join(format!("invited-{newer}T00-00-00Z"))).unwrap();
    }
    let server = regular(folder.path());
    let log = || fs::read_to_string(folder.path().join("stderr.txt")).unwrap();
    until("removing two backups in a row", || {
        log().matches("removed old backups").count() >= 2
    });
    assert!(server.stop().success());
    let there = names(&to);
    let (own, strangers): (Vec<_>, Vec<_>) = there
        .into_iter()
        .partition(|name| name.starts_with("invited-2"));
    assert_eq!(strangers, ["invited-of-yore", "other-2020-01-01T00-00-00Z"]);
    assert!(
        own.last()
            .is_some_and(|last| !last.starts_with("invited-2020")),
        "{own:?}"
    );
    assert!(own.len() <= 2, "{own:?}");
}

#[test]
fn a_place_that_vanishes_is_told_once_and_the_server_serves_on() {
    sqlite_only!("backups of its file");
    let folder = place();
    fs::remove_dir(folder.path().join("to")).unwrap();
    let server = regular(folder.path());
    let log = || fs::read_to_string(folder.path().join("stderr.txt")).unwrap();
    until("saying so", || log().contains("no backup was made"));
    login(&server.address, folder.path(), PHONE).unwrap();
    assert!(server.stop().success());
    assert_eq!(log().matches("no backup was made").count(), 1);
    assert!(!folder.path().join("to").exists());
}
