//! What one node does for all of them, and what each leaves to the others.

use std::{fs, time::Duration};

use invited::{
    clock::{Clock, SystemClock},
    domain::{error::StoreError, lease::Lease, time::Timestamp},
    store::Store,
};
use tempfile::TempDir;

use super::Database;

const MINUTE: Duration = Duration::from_mins(1);

async fn take(store: &Store, holder: i64, now: Timestamp) -> bool {
    let taking = store.write(move |tx| tx.take_lease(Lease::Alarm, holder, now, now + MINUTE));
    let taken: Result<bool, StoreError> = taking.await;
    taken.unwrap()
}

#[tokio::test]
async fn a_lease_is_one_nodes_until_it_is_over() {
    let Some(database) = Database::migrated() else {
        return;
    };
    let location = database.url.parse().unwrap();
    let (one, other) = (
        Store::open(&location).unwrap(),
        Store::open(&location).unwrap(),
    );
    let now = SystemClock.now();
    let (first, second) = tokio::join!(take(&one, 1, now), take(&other, 2, now));
    assert!(first != second);
    let (holder, store) = if first { (1, &one) } else { (2, &other) };
    assert!(take(store, holder, now + MINUTE / 2).await);
    assert!(!take(&one, 3, now + MINUTE).await);
    assert!(take(&one, 3, now + MINUTE + MINUTE / 2).await);
    assert!(!take(store, holder, now + 2 * MINUTE).await);
}

#[test]
fn a_start_gives_up_only_messages_whose_lease_is_over() {
    let Some(database) = Database::migrated() else {
        return;
    };
    let at = |span: i64| SystemClock.now().millis() + span * 1000;
    let (under_way, over) = (at(20), at(-20));
    let session = database.session();
    session.run(&format!(
        "INSERT INTO deliveries (id, state, lease_until) VALUES (1, 0, {under_way}), (2, 0, {over})"
    ));
    let folder = TempDir::new().unwrap();
    let node = database.node(&folder);
    let states = session.run("SELECT state FROM deliveries ORDER BY id");
    let state = |text: &str| vec![Some(text.to_owned())];
    assert_eq!(states, [state("0"), state("1")]);
    drop(node);
    let log = fs::read_to_string(folder.path().join("stderr.txt")).unwrap();
    assert!(log.contains("they count as sent"), "{log}");
}
