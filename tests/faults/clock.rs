//! The clock jumps, back and forward: what has ended stays ended, what was
//! counted stays counted, and what was valid is valid once the clock is right.

use std::time::Duration;

use poem::http::StatusCode;

use crate::harness::{ALICE, Actor, BOB, CAROL, Harness, NOON, other_than};

const DAY: Duration = Duration::from_hours(24);

/// Sets the clock back a day, right, on a day and right again, each time twice.
fn jumps(harness: &Harness) -> impl Iterator<Item = ()> + '_ {
    let hours = [NOON - DAY, NOON, NOON + DAY, NOON].into_iter();
    let hours = hours.flat_map(|hour| [hour, hour + Duration::from_millis(1)]);
    hours.map(|hour| harness.clock.set(hour))
}

#[tokio::test]
async fn a_token_that_was_used_is_refused_at_any_hour() {
    let harness = Harness::new();
    let token = harness.ask(ALICE).await;
    let code = harness.code();
    harness.confirm(&token, &code).await.ok();
    harness
        .confirm(&token, &code)
        .await
        .refused(401, "sms_token_used");
    for () in jumps(&harness) {
        let reply = harness.confirm(&token, &code).await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{reply:?}");
        // Others come and go, and what expired is swept.
        harness.login(CAROL).await;
    }
}

#[tokio::test]
async fn guesses_never_come_back() {
    let harness = Harness::new();
    let token = harness.ask(BOB).await;
    let code = harness.code();
    let mut left = 3;
    for () in jumps(&harness) {
        let reply = harness.confirm(&token, &other_than(&code)).await;
        if let Some(now) = reply.json()["attempts_left"].as_u64() {
            assert_eq!(now + 1, left, "{reply:?}");
            left = now;
        }
        assert!(!reply.status.is_success());
    }
    assert_eq!(left, 0);
    for () in jumps(&harness) {
        // Exhausted, it is not good for the right code either.
        assert!(!harness.confirm(&token, &code).await.status.is_success());
    }
}

#[tokio::test]
async fn what_was_ended_or_deleted_is_refused_at_any_hour() {
    let harness = Harness::new();
    let (ended, reused) = (harness.login(ALICE).await, harness.login(BOB).await);
    ended.post("/logout/", serde_json::json!({})).await;
    let next = reused.exchange(&reused.refresh).await.ok();
    reused.with(&next).profile().await;
    harness.advance(11);
    reused
        .exchange(&reused.refresh)
        .await
        .refused(401, "refresh_reused");
    let deleted = harness.login(CAROL).await;
    deleted.delete("/profile/").await;
    let next = next["refresh"].as_str().unwrap().to_owned();
    for () in jumps(&harness) {
        for (actor, refresh) in [
            (&ended, &ended.refresh),
            (&reused, &next),
            (&deleted, &deleted.refresh),
        ] {
            assert_refused(actor, refresh).await;
        }
        harness.login("+79990001122").await;
    }
}

async fn assert_refused(actor: &Actor, refresh: &str) {
    for reply in [actor.get("/profile/").await, actor.exchange(refresh).await] {
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{reply:?}");
    }
}

#[tokio::test]
async fn what_was_good_is_good_when_the_clock_is_right_again() {
    let harness = Harness::new();
    let alice = harness.login(ALICE).await;
    let next = alice.exchange(&alice.refresh).await.ok();
    let token = harness.ask(BOB).await;
    let code = harness.code();
    harness.clock.set(NOON - DAY);
    for _ in 0..20 {
        harness.login(CAROL).await;
    }
    harness.clock.set(NOON + Duration::from_secs(1));
    alice.profile().await;
    let again = alice.exchange(&alice.refresh).await.ok();
    assert_eq!(again["refresh"], next["refresh"]);
    harness.confirm(&token, &code).await.ok();
}
