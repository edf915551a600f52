//! `GET /health/ready`: from one check a second, whoever asks.

use poem::http::Method;

use crate::harness::{ALICE, Harness, Reply};

async fn ready(harness: &Harness) -> Reply {
    let call = harness.call(Method::GET, "/health/ready", &[], None);
    call.await
}

/// When the store was last tried.
fn tried(harness: &Harness) -> i64 {
    let sql = "SELECT coalesce(max(at), 0) FROM latest";
    harness.intruder().number(sql)
}

#[tokio::test]
async fn the_store_is_tried_once_a_second_whoever_asks() {
    let harness = Harness::new();
    ready(&harness).await.ok();
    let first = tried(&harness);
    // Half a second: the clock is another, the answer is not.
    harness.clock.advance(std::time::Duration::from_millis(500));
    for _ in 0..100 {
        ready(&harness).await.ok();
    }
    assert_eq!(tried(&harness), first);
    harness.advance(1);
    ready(&harness).await.ok();
    assert!(tried(&harness) > first);
}

#[tokio::test]
async fn who_cannot_write_is_not_ready_and_is_again_by_itself() {
    let harness = Harness::new();
    harness.login(ALICE).await;
    let intruder = harness.intruder();
    intruder.hold_writes();
    ready(&harness).await.refused(503, "storage_unavailable");
    intruder.release_writes();
    ready(&harness).await.refused(503, "storage_unavailable");
    harness.advance(1);
    ready(&harness).await.ok();
}
