//! Stores that fail: for a while, in the middle, for good; and servers that end meanwhile.

use std::{fs, path::Path, process::Stdio};

use invited::{app::backup::running, config::Target};
use rusqlite::Connection;
use tempfile::TempDir;

use super::{TO, back_up, refused, run, with};
use crate::{
    backup::{failing, names, place, populated, until},
    harness::{
        Harness,
        postgres::sqlite_only,
        s3::{Fault, S3},
        server::Server,
    },
};

/// Nothing of a backup is left, neither there nor beside the database.
#[track_caller]
fn nothing_is_left(store: &S3, folder: &Path) {
    assert_eq!((store.keys(), store.uploads()), (Vec::new(), 0));
    let left = names(folder)
        .into_iter()
        .filter(|name| name.starts_with('.'));
    assert_eq!(left.collect::<Vec<_>>(), [""; 0]);
}

/// The same with more than compresses into one part.
fn large() -> TempDir {
    let folder = populated("30");
    let database = Connection::open(folder.path().join("invited.db")).unwrap();
    let filler = "CREATE TABLE filler (bytes); INSERT INTO filler VALUES (randomblob(20000000));";
    database.execute_batch(filler).unwrap();
    folder
}

/// A request with a part of a file.
fn is_part(method: &str, target: &str, number: u16) -> bool {
    method == "PUT" && target.contains(&format!("partNumber={number}&"))
}

#[test]
fn what_makes_a_backup_of_it_is_written_last() {
    sqlite_only!("backups of its file");
    let (store, folder) = (S3::start(), populated("1"));
    store.fail(|method, target| {
        (method == "PUT" && target.contains("SHA256SUMS")).then_some(Fault::Answer(403, "No"))
    });
    let said = refused(&store, folder.path(), &["backup", TO]);
    assert!(
        said.contains("answered 403 (No): look at AWS_ACCESS_KEY_ID"),
        "{said}"
    );
    nothing_is_left(&store, folder.path());
    store.recover();
    back_up(&store, folder.path());
    let asked = store.asked();
    let last = asked.iter().rfind(|asked| asked.starts_with("PUT"));
    assert!(
        last.is_some_and(|asked| asked.contains("SHA256SUMS")),
        "{asked:?}"
    );
}

#[test]
fn a_large_file_goes_in_parts_and_those_that_fail_for_a_while_are_repeated() {
    sqlite_only!("backups of its file");
    let (store, folder) = (S3::start(), large());
    let (parts, completions) = (Counter::default(), Counter::default());
    store.fail(move |method, target| {
        if is_part(method, target, 2) && parts.next() < 1 {
            return Some(Fault::Cut);
        }
        let completes = method == "POST" && target.contains("uploadId");
        (completes && completions.next() < 2).then_some(Fault::Answer(503, "SlowDown"))
    });
    let name = back_up(&store, folder.path());
    assert_eq!(store.uploads(), 0);
    let there = TempDir::new().unwrap();
    let restored = run(&store, there.path(), &["restore", &format!("{TO}/{name}")]);
    assert!(restored.status.success(), "{restored:?}");
    assert!(fs::metadata(there.path().join("invited.db")).unwrap().len() > 20_000_000);
}

#[derive(Default)]
struct Counter(std::sync::atomic::AtomicU32);

impl Counter {
    fn next(&self) -> u32 {
        self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
    }
}

#[test]
fn an_upload_that_fails_is_aborted_and_told_in_a_sentence() {
    sqlite_only!("backups of its file");
    let (store, folder) = (S3::start(), large());
    for (status, code, said) in [
        (403, "AccessDenied", "answered 403 (AccessDenied): look at"),
        (400, "\x1b[2J<b>", "answered 400: look at backup.region"),
        // What fails late does so with the status of a success.
        (
            200,
            "InternalError",
            "could not be put together (InternalError)",
        ),
    ] {
        store.fail(move |method, target| {
            let completes = method == "POST" && target.contains("uploadId");
            let is_meant = if status == 200 {
                completes
            } else {
                is_part(method, target, 2)
            };
            is_meant.then_some(Fault::Answer(status, code))
        });
        let output = refused(&store, folder.path(), &["backup", TO]);
        assert!(output.contains(said), "{output}");
        nothing_is_left(&store, folder.path());
    }
}

#[test]
fn a_server_that_is_killed_or_stopped_meanwhile_leaves_nothing_that_is_called_a_backup() {
    sqlite_only!("backups of its file");
    let (store, folder) = (S3::start(), large());
    for signal in ["-TERM", "-KILL"] {
        store.fail(|method, target| is_part(method, target, 2).then_some(Fault::Silence));
        let before = store.asked().len();
        let mut serve = with(&store, folder.path(), &["serve", "--listen", "127.0.0.1:0"]);
        serve.stderr(Stdio::null()).env("INVITED_BACKUP__TO", TO);
        let mut server = Server::launch(serve).unwrap();
        let is_part_of = |asked: &String| asked.contains("partNumber=1&");
        until("a part", || store.asked()[before..].iter().any(is_part_of));
        server.signal(signal);
        server.process.wait().unwrap();
        assert!(store.keys().iter().all(|key| !key.ends_with("SHA256SUMS")));
        store.recover();
    }
    back_up(&store, folder.path());
    let left = names(folder.path())
        .into_iter()
        .filter(|name| name.starts_with('.'));
    assert_eq!(left.collect::<Vec<_>>(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_target_has_its_backups_whatever_becomes_of_the_others() {
    sqlite_only!("backups of its file");
    let (store, folder) = (S3::start(), place());
    let to = folder.path().join("to");
    let targets = format!("{TO}, {}", to.display());
    let [endpoint, id, secret] = store.settings();
    let harness = Harness::with(&[endpoint, id, secret, ("INVITED_BACKUP__TO", &targets)]);
    store.fail(|_, _| Some(Fault::Answer(403, "AccessDenied")));
    let (bucket, folder) = (TO.parse::<Target>().unwrap(), Target::Folder(to.clone()));
    let regularly = tokio::spawn(running::back_up_regularly(harness.service.clone()));
    let is_failing = |target: &Target| {
        let figures = harness.app.backups.figures();
        figures
            .get(&target.to_string())
            .map(|figures| figures.is_failing)
    };
    until("one", || names(&to) == ["invited-2024-04-15T21-11-13Z"]);
    until("a failure", || is_failing(&bucket) == Some(true));
    until("noting it", || is_failing(&folder) == Some(false));
    let told = harness.metrics().await;
    assert!(
        told.contains(&failing(&bucket, 1)) && told.contains(&failing(&folder, 0)),
        "{told}"
    );
    store.recover();
    harness.advance(600);
    until("recovery", || is_failing(&bucket) == Some(false));
    assert_eq!(store.keys().len(), 3);
    assert_eq!(names(&to).len(), 1);
    regularly.abort();
}
