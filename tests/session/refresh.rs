//! Refresh tokens: their exchange, the grace, and reuse.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::harness::{ALICE, Actor, BOB, Harness};

#[tokio::test]
async fn a_refresh_token_is_exchanged_for_the_next_pair() {
    let harness = Harness::new();
    let alice = harness.login(ALICE).await;
    harness.advance(60);
    let next = alice.exchange(&alice.refresh).await.ok();
    assert_ne!(next["refresh"], json!(alice.refresh));
    alice
        .bearing(next["access"].as_str().unwrap())
        .profile()
        .await;
}

#[tokio::test]
async fn within_the_grace_the_same_successor_comes_again() {
    let harness = Harness::new();
    let alice = harness.login(ALICE).await;
    let first = alice.exchange(&alice.refresh).await.ok();
    harness.advance(10);
    let second = alice.exchange(&alice.refresh).await.ok();
    for token in ["access", "refresh"] {
        assert_eq!(second[token], first[token]);
    }
}

#[tokio::test]
async fn after_the_grace_reuse_ends_the_session() {
    let harness = Harness::new();
    let alice = harness.login(ALICE).await;
    let next = alice.with(&alice.exchange(&alice.refresh).await.ok());
    next.profile().await;
    harness.advance(11);
    alice
        .exchange(&alice.refresh)
        .await
        .refused(401, "refresh_reused");
    next.exchange(&next.refresh)
        .await
        .refused(401, "token_invalid");
    for tokens in [&alice, &next] {
        tokens.get("/profile/").await.refused(401, "token_invalid");
    }
}

#[tokio::test]
async fn tabs_that_use_the_successor_do_not_take_the_grace_from_one_another() {
    let harness = Harness::new();
    let alice = harness.login(ALICE).await;
    let first = alice.exchange(&alice.refresh).await.ok();
    alice.with(&first).profile().await;
    harness.advance(10);
    let second = alice.exchange(&alice.refresh).await.ok();
    assert_eq!(second["refresh"], first["refresh"]);
}

#[tokio::test]
async fn an_answer_that_was_lost_comes_again_hours_later() {
    let harness = Harness::new();
    let alice = harness.login(ALICE).await;
    let lost = alice.exchange(&alice.refresh).await.ok();
    harness.advance(3600);
    // What came before is still good, and says nothing of the successor.
    alice.profile().await;
    let found = alice.exchange(&alice.refresh).await.ok();
    let tokens = |pair: &Value| (pair["access"].clone(), pair["refresh"].clone());
    assert_eq!(tokens(&found), tokens(&lost));
    let left = (&found["expires_in"], &found["refresh_expires_in"]);
    assert_eq!(left, (&json!(5400), &json!(82_800)));
    alice.with(&found).profile().await;
    harness.advance(1);
    let replayed = alice.exchange(&alice.refresh).await;
    replayed.refused(401, "refresh_reused");
}

#[tokio::test]
async fn whatever_a_successor_is_used_for_ends_its_predecessor() {
    let harness = Harness::new();
    let used_for = async |number: usize, actor: &Actor| match number {
        0 => actor.get("/profile/").await,
        1 => actor.get("/profile/sessions/").await,
        2 => actor.patch("/profile/", json!({})).await,
        // Refusals take back what was done for them, but not that they were asked for.
        3 => actor.redeem("000000").await,
        4 => actor.delete("/profile/sessions/1/").await,
        _ => actor.post("/profile/phone/", json!({ "phone": BOB })).await,
    };
    for number in 0..6 {
        let alice = harness.login(ALICE).await;
        // What was shown to the tokens before is not shown again unseen.
        alice.profile().await;
        harness.advance(900);
        let next = alice.with(&alice.exchange(&alice.refresh).await.ok());
        let status = used_for(number, &next).await.status.as_u16();
        assert_eq!(status, [200, 200, 200, 404, 404, 403][number]);
        harness.advance(11);
        let replayed = alice.exchange(&alice.refresh).await;
        replayed.refused(401, "refresh_reused");
    }
}

#[tokio::test]
async fn that_a_successor_is_used_outlives_a_restart() {
    let harness = Harness::new();
    let alice = harness.login(ALICE).await;
    alice
        .with(&alice.exchange(&alice.refresh).await.ok())
        .profile()
        .await;
    let refresh = alice.refresh.clone();
    drop(alice);
    let harness = harness.restarted();
    harness.advance(11);
    let replayed = harness.post("/token/refresh/", json!({ "refresh": refresh }));
    replayed.await.refused(401, "refresh_reused");
}

#[tokio::test]
async fn a_first_use_that_cannot_be_written_down_is_none() {
    let harness = Harness::new();
    let alice = harness.login(ALICE).await;
    let next = alice.with(&alice.exchange(&alice.refresh).await.ok());
    let intruder = harness.intruder();
    intruder.hold_writes();
    for _ in 0..2 {
        assert!(next.get("/profile/").await.status.is_server_error());
    }
    intruder.release_writes();
    harness.advance(11);
    let again = alice.exchange(&alice.refresh).await.ok();
    assert_eq!(again["refresh"], json!(next.refresh));
    next.profile().await;
}

#[tokio::test]
async fn a_clock_that_is_set_back_prolongs_no_grace() {
    let harness = Harness::new();
    let alice = harness.login(ALICE).await;
    let next = alice.with(&alice.exchange(&alice.refresh).await.ok());
    next.profile().await;
    harness.advance(11);
    harness.clock.set(crate::harness::NOON);
    let replayed = alice.exchange(&alice.refresh).await;
    replayed.refused(401, "refresh_reused");
}

#[tokio::test]
async fn once_the_successor_was_used_there_is_no_grace() {
    let harness = Harness::new();
    let alice = harness.login(ALICE).await;
    let second = alice.exchange(&alice.refresh).await.ok();
    alice
        .exchange(second["refresh"].as_str().unwrap())
        .await
        .ok();
    alice
        .exchange(&alice.refresh)
        .await
        .refused(401, "refresh_reused");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn twenty_refreshes_at_once_leave_one_live_session() {
    let harness = Harness::new();
    let alice = harness.login(ALICE).await;
    let tasks = (0..20).map(|_| {
        let alice = alice.clone();
        tokio::spawn(async move { alice.exchange(&alice.refresh).await.ok()["refresh"].clone() })
    });
    let successors: Vec<_> = join_all(tasks)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    assert!(successors.iter().all(|refresh| *refresh == successors[0]));
    assert_eq!(
        alice.get("/profile/sessions/").await.ok()["sessions"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    alice.exchange(successors[0].as_str().unwrap()).await.ok();
}
