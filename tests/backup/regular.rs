//! Backups that the server makes by itself.

use std::{fs, path::Path};

use invited::{app::backup::running, config::Target};
use tempfile::TempDir;

use super::{PHONE, failing, names, place, until};
use crate::harness::{
    Harness, NOON, UNLIMITED,
    postgres::sqlite_only,
    server::{Server, command, login},
};

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
