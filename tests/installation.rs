//! Contract, section 9: a database and the keys it was filled under go together.

use std::{fs, path::Path};

use tempfile::TempDir;

use crate::harness::{
    intruder::Intruder,
    postgres::sqlite_only,
    server::{Server, bearer, login, put, run},
};

const DATABASE: &str = "invited.db";
const KEYS: &str = "invited.keys.json";
const ALICE: &str = "+79001234567";
const SERVE: [&str; 3] = ["serve", "--listen", "127.0.0.1:0"];

/// A folder where Alice logged in; what she bears.
fn lived_in() -> (TempDir, String) {
    let folder = TempDir::new().unwrap();
    let server = Server::start(folder.path());
    let (_, alice) = login(&server.address, folder.path(), ALICE).unwrap();
    assert!(server.stop().success());
    (folder, bearer(&alice))
}

/// A key file of somebody else.
fn foreign_keys() -> Vec<u8> {
    let folder = TempDir::new().unwrap();
    assert!(Server::start(folder.path()).stop().success());
    fs::read(folder.path().join(KEYS)).unwrap()
}

fn edit(folder: &Path, sql: &str) {
    Intruder::of(folder).run(sql);
}

/// Asserts that the command is refused, and changes neither of both files; what it told.
#[track_caller]
fn refused(folder: &Path, arguments: &[&str]) -> String {
    let files = [DATABASE, KEYS].map(|name| folder.join(name));
    let before = files.each_ref().map(|file| fs::read(file).ok());
    let output = run(folder, arguments);
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(before == files.map(|file| fs::read(file).ok()), "{told}");
    told
}

fn status(server: &Server, bearer: &str) -> u16 {
    let headers = [("authorization", bearer)];
    server.call("GET", "/profile/", &headers, None).unwrap().0
}

/// Serves; what Alice is answered to what she bore before.
fn status_after_start(folder: &Path, bearer: &str) -> u16 {
    let server = Server::start(folder);
    let status = status(&server, bearer);
    assert!(server.stop().success());
    status
}

fn adopt(folder: &Path) -> String {
    let output = run(folder, &["keys", "adopt"]);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_database_with_people_is_refused_without_its_keys() {
    let (folder, alice) = lived_in();
    let own = fs::read(folder.path().join(KEYS)).unwrap();
    for keys in [None, Some(foreign_keys())] {
        match &keys {
            None => fs::remove_file(folder.path().join(KEYS)).unwrap(),
            Some(keys) => put(&folder.path().join(KEYS), keys),
        }
        let told = refused(folder.path(), &SERVE);
        assert!(
            told.contains("invited: --keys: invited.keys.json "),
            "{told}"
        );
        let remedies = told.contains("back from a backup") && told.contains("`invited keys adopt`");
        assert!(remedies, "{told}");
    }
    put(&folder.path().join(KEYS), own);
    assert_eq!(status_after_start(folder.path(), &alice), 200);
}

#[test]
fn what_ledgers_hold_is_worth_as_much_as_people() {
    let (folder, alice) = lived_in();
    let server = Server::start(folder.path());
    let headers = [("authorization", &*alice)];
    assert_eq!(
        server
            .call("DELETE", "/profile/", &headers, None)
            .unwrap()
            .0,
        204
    );
    assert!(server.stop().success());
    fs::remove_file(folder.path().join(KEYS)).unwrap();
    assert!(refused(folder.path(), &SERVE).contains("does not exist"));
}

#[test]
fn other_keys_are_adopted_on_purpose_and_it_is_said_what_that_costs() {
    let (folder, alice) = lived_in();
    put(&folder.path().join(KEYS), foreign_keys());
    let told = adopt(folder.path());
    assert!(
        told.contains("log in again") && told.contains("Limits by phone start anew"),
        "{told}"
    );
    assert_eq!(status_after_start(folder.path(), &alice), 401);
    assert!(adopt(folder.path()).contains("Nothing was changed"));
    fs::remove_file(folder.path().join(KEYS)).unwrap();
    assert!(adopt(folder.path()).contains("start anew"));
    let server = Server::start(folder.path());
    let (_, again) = login(&server.address, folder.path(), ALICE).unwrap();
    assert_eq!(status(&server, &bearer(&again)), 200);
}

#[test]
fn keys_are_not_adopted_under_a_running_server() {
    sqlite_only!("one process a file");
    let folder = TempDir::new().unwrap();
    let server = Server::start(folder.path());
    let told = run(folder.path(), &["keys", "adopt"]);
    assert!(
        String::from_utf8(told.stderr)
            .unwrap()
            .contains("is in use by another")
    );
    drop(server);
}

#[test]
fn a_database_in_which_nobody_is_takes_whatever_keys_there_are() {
    sqlite_only!("on a server another node may have made the keys");
    let folder = TempDir::new().unwrap();
    for keys in [Some(foreign_keys()), Some(foreign_keys()), None] {
        match keys {
            None => fs::remove_file(folder.path().join(KEYS)).unwrap(),
            Some(keys) => put(&folder.path().join(KEYS), keys),
        }
        assert!(Server::start(folder.path()).stop().success());
    }
    assert!(folder.path().join(KEYS).exists());
}

#[test]
fn a_database_from_before_fingerprints_takes_the_keys_beside_it_once() {
    let (folder, alice) = lived_in();
    edit(folder.path(), "DELETE FROM installation");
    assert_eq!(status_after_start(folder.path(), &alice), 200);
    put(&folder.path().join(KEYS), foreign_keys());
    assert!(refused(folder.path(), &SERVE).contains("is not the key file"));
    edit(folder.path(), "DELETE FROM installation");
    fs::remove_file(folder.path().join(KEYS)).unwrap();
    assert!(refused(folder.path(), &SERVE).contains("does not exist"));
}

#[test]
fn backups_go_with_the_keys_of_any_rotation_and_epoch() {
    sqlite_only!("backups of its file");
    let (folder, alice) = lived_in();
    let copy = [DATABASE, KEYS].map(|name| fs::read(folder.path().join(name)).unwrap());
    for action in ["rotate", "new-epoch", "rotate"] {
        assert!(run(folder.path(), &["keys", action]).status.success());
        assert!(Server::start(folder.path()).stop().success());
    }
    // The database of the backup with the keys of today, then with those of its time.
    put(&folder.path().join(DATABASE), &copy[0]);
    assert_eq!(status_after_start(folder.path(), &alice), 401);
    put(&folder.path().join(KEYS), &copy[1]);
    assert_eq!(status_after_start(folder.path(), &alice), 200);
}

#[test]
fn who_is_killed_between_the_two_files_leaves_what_the_next_start_completes() {
    // The first start, killed when only the key file was written.
    let folder = TempDir::new().unwrap();
    assert!(run(folder.path(), &["migrate"]).status.success());
    put(&folder.path().join(KEYS), foreign_keys());
    let (_, alice) = {
        let server = Server::start(folder.path());
        login(&server.address, folder.path(), ALICE).unwrap()
    };
    assert_eq!(status_after_start(folder.path(), &bearer(&alice)), 200);
    // An adoption of fresh keys, killed likewise.
    put(&folder.path().join(KEYS), foreign_keys());
    refused(folder.path(), &SERVE);
    adopt(folder.path());
    assert_eq!(status_after_start(folder.path(), &bearer(&alice)), 401);
}

#[test]
fn people_who_were_made_up_go_with_the_keys_that_serve_them_first() {
    let folder = TempDir::new().unwrap();
    let seed = ["seed", "--users", "10"];
    assert!(run(folder.path(), &seed).status.success());
    assert!(!folder.path().join(KEYS).exists());
    assert!(Server::start(folder.path()).stop().success());
    fs::remove_file(folder.path().join(KEYS)).unwrap();
    assert!(refused(folder.path(), &SERVE).contains("does not exist"));
}
