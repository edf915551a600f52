//! Backups: made while the server runs or without it, verified and restored.

mod faults;
mod refused;
mod regular;

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Output,
    time::Duration,
};

use invited::config::Target;
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    harness::{
        postgres::sqlite_only,
        server::{Server, login, run},
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
