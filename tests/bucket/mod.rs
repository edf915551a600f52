//! Backups in buckets of S3-compatible stores: whole or not there, restored, and
//! made again when a store comes back.

mod failures;

use std::{
    path::Path,
    process::{Command, Output},
};

use invited::app::backup::running;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::{
    backup::{names, phones, populated, sentence, until},
    harness::{
        Harness,
        postgres::sqlite_only,
        s3::S3,
        server::{command, put},
    },
};

const TO: &str = "s3://bucket/some/prefix";
const FILES: [&str; 3] = ["SHA256SUMS", "invited.db.zst", "invited.keys.json"];

fn with(store: &S3, folder: &Path, arguments: &[&str]) -> Command {
    let mut command = command(folder);
    command.envs(store.settings()).args(arguments);
    command
}

fn run(store: &S3, folder: &Path, arguments: &[&str]) -> Output {
    with(store, folder, arguments).output().unwrap()
}

/// Makes a backup, and tells its name.
#[track_caller]
fn back_up(store: &S3, folder: &Path) -> String {
    let output = run(store, folder, &["backup", TO]);
    assert!(output.status.success(), "{output:?}");
    let told = String::from_utf8(output.stdout).unwrap();
    let name = told.strip_suffix(": made and verified\n").unwrap();
    name.strip_prefix(TO).unwrap()[1..].to_owned()
}

#[track_caller]
fn refused(store: &S3, folder: &Path, arguments: &[&str]) -> String {
    sentence(run(store, folder, arguments))
}

#[test]
fn a_backup_in_a_bucket_is_restored_from_there() {
    sqlite_only!("backups of its file");
    let (store, folder) = (S3::start(), populated("100"));
    let name = back_up(&store, folder.path());
    let keys = FILES.map(|file| format!("some/prefix/{name}/{file}"));
    assert_eq!(store.keys(), keys);
    for line in str::from_utf8(&store.get(&keys[0])).unwrap().lines() {
        let (sum, file) = line.split_once("  ").unwrap();
        let bytes = store.get(&format!("some/prefix/{name}/{file}"));
        assert_eq!(sum, format!("{:x}", Sha256::digest(bytes)), "{file}");
    }
    let there = TempDir::new().unwrap();
    let restored = run(&store, there.path(), &["restore", &format!("{TO}/{name}")]);
    assert!(restored.status.success(), "{restored:?}");
    assert_eq!(names(there.path()), ["invited.db", "invited.keys.json"]);
    assert_eq!(phones(there.path()), phones(folder.path()));
}

#[test]
fn what_is_not_there_is_refused_and_the_latest_backups_are_told() {
    sqlite_only!("backups of its file");
    let (store, folder) = (S3::start(), populated("1"));
    let empty = TempDir::new().unwrap();
    let restore = |from: &str| {
        let said = refused(&store, empty.path(), &["restore", from]);
        assert_eq!(names(empty.path()), [""; 0], "{said}");
        said
    };
    assert!(restore(TO).ends_with("is not a backup: there is none there"));
    let name = back_up(&store, folder.path());
    for from in [
        "s3://bucket",
        "s3://bucket/some",
        TO,
        "s3://bucket/some/prefix/invited-2020",
    ] {
        let said = restore(from);
        let latest = format!("is not a backup: the latest there are {TO}/{name}");
        assert!(said.ends_with(&latest), "{from}: {said}");
    }
    assert!(
        restore("s3://other/x").contains("answered 404 (NoSuchBucket): is there such a bucket")
    );
    let archive = format!("some/prefix/{name}/invited.db.zst");
    let mut bytes = store.get(&archive);
    bytes[30] ^= 1;
    store.put(&archive, &bytes);
    let said = restore(&format!("{TO}/{name}"));
    assert!(
        said.contains("invited.db.zst is damaged and cannot be restored"),
        "{said}"
    );
}

#[test]
fn nothing_is_restored_over_anything_nor_even_fetched_for_that() {
    sqlite_only!("backups of its file");
    let (store, there) = (S3::start(), TempDir::new().unwrap());
    put(&there.path().join("invited.db"), "mine");
    let said = refused(&store, there.path(), &["restore", TO]);
    assert!(
        said.contains("invited.db exists, and was left as it is"),
        "{said}"
    );
    assert_eq!(store.asked(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn old_backups_are_removed_from_a_bucket_and_nothing_else_is() {
    sqlite_only!("backups of its file");
    let store = S3::start();
    let whole = |time: &str| FILES.map(|file| format!("some/prefix/invited-{time}/{file}"));
    let kept = whole("2024-02-01T00-00-00Z");
    let old = [whole("2024-01-01T00-00-00Z"), whole("2024-04-14T00-00-00Z")].concat();
    let torn = whole("2024-03-01T00-00-00Z")[1].clone();
    let foreign = [
        "some/prefix/invited-2024-01-01T00-00-00Z",
        "some/prefix/invited-2024-01-01T00-00-00Z/notes.txt",
        "some/prefix/invited-2024-01-01T00-00-00Z/../invited.db.zst",
        "some/prefix/invited-2024-01-01T00-00-00Z/x/SHA256SUMS",
        "some/prefix/invited-2024-99-01T00-00-00Z/SHA256SUMS",
        "some/prefix/invited-/SHA256SUMS",
        "some/prefix/invited-<&>\u{202e}/SHA256SUMS",
        "some/prefix/other-2024-01-01T00-00-00Z/SHA256SUMS",
        "some/prefixes/invited-2024-01-01T00-00-00Z/SHA256SUMS",
        "invited-2024-01-01T00-00-00Z/SHA256SUMS",
    ];
    let foreign: Vec<_> = foreign.map(str::to_owned).into();
    for key in kept.iter().chain(&old).chain([&torn]).chain(&foreign) {
        store.put(key, b"x");
    }
    let [endpoint, id, secret] = store.settings();
    let keep = ("INVITED_BACKUP__KEEP", "2m");
    let harness = Harness::with(&[endpoint, id, secret, keep, ("INVITED_BACKUP__TO", TO)]);
    let regularly = tokio::spawn(running::back_up_regularly(harness.service.clone()));
    let made = whole("2024-04-15T21-11-13Z");
    let mut left = [&kept[..], &made, &foreign].concat();
    left.sort();
    until("pruning", || store.keys() == left);
    regularly.abort();
}

#[test]
fn a_bucket_that_cannot_be_reached_is_a_mistake_in_the_configuration() {
    sqlite_only!("backups of its file");
    let folder = populated("1");
    let refused = |variables: &[(&str, &str)], to: &str| {
        let mut backup = command(folder.path());
        let output = backup
            .envs(variables.iter().copied())
            .args(["backup", to])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    let keys = [
        ("AWS_ACCESS_KEY_ID", "id"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
    ];
    let said = refused(&keys[..1], TO);
    assert!(
        said.contains("backup.to names a bucket: set the variables AWS_ACCESS_KEY_ID and"),
        "{said}"
    );
    let plain = ("INVITED_BACKUP__ENDPOINT", "http://s3.example.com");
    let said = refused(&[keys[0], keys[1], plain], TO);
    assert!(said.contains("backup.endpoint is plain http"), "{said}");
    for to in [
        "s3://",
        "s3://b/x",
        "s3://bucket//x",
        "s3://bucket/../x",
        "s3://bucket/x?y",
        "gs://bucket/x",
        "",
        "s3://Bucket/x",
    ] {
        assert!(refused(&keys, to).contains("invalid value"), "{to}");
    }
}

#[test]
fn a_server_with_a_bucket_that_it_has_no_keys_for_is_not_started() {
    sqlite_only!("backups of its file");
    let folder = populated("1");
    let mut serve = command(folder.path());
    serve
        .args(["serve", "--listen", "127.0.0.1:0"])
        .env("INVITED_BACKUP__TO", TO);
    let output = serve.output().unwrap();
    let said = str::from_utf8(&output.stderr).unwrap();
    assert!(
        output.status.code() == Some(2) && said.contains("AWS_ACCESS_KEY_ID"),
        "{said}"
    );
}
