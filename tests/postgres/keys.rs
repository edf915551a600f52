//! The keys, which are the same on every node.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Command, Output, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use invited::{domain::error::StoreError, store::Store};
use tempfile::TempDir;

use super::{Database, refused};
use crate::harness::server::{bearer, command, login};

const KEYS: &str = "invited.keys.json";

fn serving(database: &Database, folder: &TempDir) -> Command {
    let mut serve = command(folder.path());
    serve
        .args(["serve", "--listen", "127.0.0.1:0", "--database"])
        .arg(&database.url)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    serve
}

/// Starts a node, which is stopped once it listens or when `over`; how it ended.
fn start(database: &Database, folder: &TempDir) -> (bool, Output) {
    let mut node = serving(database, folder).spawn().unwrap();
    let mut line = String::new();
    let mut lines = BufReader::new(node.stdout.take().unwrap());
    lines.read_line(&mut line).unwrap();
    let listens = line.starts_with("listening on ");
    if listens {
        let killed = Command::new("kill").arg(node.id().to_string()).status();
        assert!(killed.unwrap().success());
    }
    (listens, node.wait_with_output().unwrap())
}

#[test]
fn of_two_nodes_that_begin_at_once_with_keys_of_their_own_one_is_refused() {
    let Some(database) = Database::migrated() else {
        return;
    };
    let folders = [TempDir::new().unwrap(), TempDir::new().unwrap()];
    let started: Vec<_> = thread::scope(|scope| {
        let database = &database;
        let begin = |folder| scope.spawn(move || start(database, folder));
        let nodes: Vec<_> = folders.iter().map(begin).collect();
        nodes.into_iter().map(|node| node.join().unwrap()).collect()
    });
    let [one, other] = [started[0].0, started[1].0];
    assert!(one != other, "{started:?}");
    let (winner, loser) = if one { (0, 1) } else { (1, 0) };
    let told = refused(&started[loser].1, 2);
    let is_told = told.contains("another node began with other keys")
        || told.contains("does not exist, and the database was filled under its keys");
    assert!(is_told && told.contains(KEYS), "{told}");
    // What is refused leaves nothing behind, and is told the same again.
    assert!(!folders[loser].path().join(KEYS).exists());
    let (listens, again) = start(&database, &folders[loser]);
    assert!(!listens);
    assert!(refused(&again, 2).contains("or from another node"));
    // With the keys of the other it serves.
    fs::copy(
        folders[winner].path().join(KEYS),
        folders[loser].path().join(KEYS),
    )
    .unwrap();
    assert!(start(&database, &folders[loser]).0);
}

#[test]
fn a_token_of_one_node_is_good_at_another() {
    let Some(database) = Database::empty() else {
        return;
    };
    let folders = [TempDir::new().unwrap(), TempDir::new().unwrap()];
    let one = database.node(&folders[0]);
    let (_, alice) = login(&one.address, folders[0].path(), "+79001234567").unwrap();
    fs::copy(folders[0].path().join(KEYS), folders[1].path().join(KEYS)).unwrap();
    let other = database.node(&folders[1]);
    let headers = [("authorization", &*bearer(&alice))];
    assert_eq!(
        other.call("GET", "/profile/", &headers, None).unwrap().0,
        200
    );
    assert_eq!(
        other.call("POST", "/logout/", &headers, None).unwrap().0,
        204
    );
    assert_eq!(one.call("GET", "/profile/", &headers, None).unwrap().0, 401);
    let log = fs::read_to_string(folders[1].path().join("stderr.txt")).unwrap();
    assert!(log.contains("PostgreSQL 1"), "{log}");
}

#[tokio::test]
async fn a_fingerprint_is_replaced_by_whoever_knows_it_alone() {
    let Some(database) = Database::migrated() else {
        return;
    };
    let store = Store::open(&database.url.parse().unwrap()).unwrap();
    for (fingerprint, known, expected) in [
        ("one", None, true),
        ("one", None, true),
        ("two", None, false),
        ("two", Some("three"), false),
        ("two", Some("one"), true),
        ("one", None, false),
    ] {
        let set: Result<_, StoreError> = store
            .write(move |tx| tx.set_installation_keys(fingerprint, known))
            .await;
        assert_eq!(set.unwrap(), expected, "{fingerprint} {known:?}");
    }
}

#[test]
fn of_many_who_begin_at_once_in_one_folder_all_go_on_with_the_same_keys() {
    let Some(database) = Database::migrated() else {
        return;
    };
    let folder = TempDir::new().unwrap();
    let is_served = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let (listens, output) = start(&database, &folder);
                is_served.fetch_or(listens, Ordering::Relaxed);
                let told = String::from_utf8(output.stderr).unwrap();
                let is_told = [
                    "in this very moment",
                    "does not exist, and",
                    "is not the key file",
                ];
                assert!(
                    listens || is_told.iter().any(|one| told.contains(one)),
                    "{told}"
                );
            });
        }
    });
    assert!(is_served.into_inner());
    let (listens, output) = start(&database, &folder);
    assert!(listens, "{output:?}");
}
