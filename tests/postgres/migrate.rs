//! The schema, when several nodes begin at once.

use std::thread;

use invited::store::{Location, Store};
use tempfile::TempDir;

use super::{Database, refused};
use crate::harness::server::{command, run};

#[test]
fn of_eight_nodes_that_migrate_at_once_one_does_and_none_fails() {
    let Some(database) = Database::empty() else {
        return;
    };
    let location: Location = database.url.parse().unwrap();
    let all = Store::pending(&location).unwrap().len();
    let ran: Vec<usize> = thread::scope(|scope| {
        let migrate = || Store::migrate(&location).unwrap().len();
        let nodes: Vec<_> = (0..8).map(|_| scope.spawn(migrate)).collect();
        nodes.into_iter().map(|node| node.join().unwrap()).collect()
    });
    assert_eq!(ran.iter().sum::<usize>(), all, "{ran:?}");
    assert_eq!(ran.iter().filter(|ran| **ran == 0).count(), 7, "{ran:?}");
    assert!(Store::pending(&location).unwrap().is_empty());
}

#[test]
fn on_cockroach_serving_only_checks_what_migrating_does_without_a_lock() {
    let Some(database) = Database::empty() else {
        return;
    };
    // What it says of itself is all that is known of an engine.
    let session = database.session();
    session.run(
        "CREATE FUNCTION public.version() RETURNS TEXT LANGUAGE sql AS 'SELECT ''CockroachDB CCL v24.1.0 (x86_64)''';
         CREATE FUNCTION public.pg_advisory_lock(BIGINT) RETURNS TEXT LANGUAGE sql AS 'SELECT (1 / 0)::TEXT'",
    );
    let url = format!(
        "{}?options=-c%20search_path%3Dpublic,pg_catalog",
        database.url
    );
    let folder = TempDir::new().unwrap();
    let serve = ["serve", "--listen", "127.0.0.1:0", "--database", &url];
    let told = refused(&run(folder.path(), &serve), 1);
    assert!(told.contains("migrations behind"), "{told}");
    assert!(told.contains("run `invited migrate` first"), "{told}");
    let migrated = run(folder.path(), &["migrate", "--database", &url]);
    assert!(migrated.status.success(), "{migrated:?}");
    let mut checks = command(folder.path());
    checks.args(["doctor", "--database", &url]);
    let told = String::from_utf8(checks.output().unwrap().stdout).unwrap();
    assert!(
        told.contains("CockroachDB CCL v24.1.0, a primary"),
        "{told}"
    );
}

/// Nodes are replaced one after the other, and the first that starts migrates.
#[test]
fn nodes_of_the_version_before_still_write_what_they_wrote() {
    let Some(database) = Database::migrated() else {
        return;
    };
    let session = database.session();
    let id = r"'\x00112233445566778899aabbccddeeff'";
    for is_kept in ["TRUE", "FALSE"] {
        session.run(&format!(
            "INSERT INTO commits (id, is_kept, at) VALUES ({id}, {is_kept}, 1) ON CONFLICT (id) DO NOTHING"
        ));
    }
    let kept = session.run(&format!("SELECT is_kept FROM commits WHERE id = {id}"));
    assert_eq!(kept, [[Some("t".to_owned())]]);
    session.run("DELETE FROM commits WHERE at < 2");
}
