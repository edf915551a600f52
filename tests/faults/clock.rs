//! The clock jumps, back and forward: what is over stays over, what was
//! counted stays counted, and what was good is good once the hour is right.

use std::time::Duration;

use poem::http::StatusCode;

use crate::harness::{ALICE, Actor, BOB, CAROL, Harness, NOON, other_than};

const DAY: Duration = Duration::from_hours(24);

/// Sets the clock back a day, right, on a day and right again, each time twice.
fn jumps(house: &Harness) -> impl Iterator<Item = ()> + '_ {
    let hours = [NOON - DAY, NOON, NOON + DAY, NOON].into_iter();
    let hours = hours.flat_map(|hour| [hour, hour + Duration::from_millis(1)]);
    hours.map(|hour| house.clock.set(hour))
}

#[tokio::test]
async fn a_token_that_was_used_is_refused_at_any_hour() {
    let house = Harness::new();
    let token = house.ask(ALICE).await;
    let code = house.code();
    house.confirm(&token, &code).await.ok();
    house
        .confirm(&token, &code)
        .await
        .refused(401, "sms_token_used");
    for () in jumps(&house) {
        let reply = house.confirm(&token, &code).await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{reply:?}");
        // Others come and go, and what expired is swept.
        house.login(CAROL).await;
    }
}

#[tokio::test]
async fn guesses_never_come_back() {
    let house = Harness::new();
    let token = house.ask(BOB).await;
    let code = house.code();
    let mut left = 3;
    for () in jumps(&house) {
        let reply = house.confirm(&token, &other_than(&code)).await;
        if let Some(now) = reply.json()["attempts_left"].as_u64() {
            assert_eq!(now + 1, left, "{reply:?}");
            left = now;
        }
        assert!(!reply.status.is_success());
    }
    assert_eq!(left, 0);
    for () in jumps(&house) {
        // Exhausted, it is no good for the right code either.
        assert!(!house.confirm(&token, &code).await.status.is_success());
    }
}

#[tokio::test]
async fn what_was_ended_or_deleted_is_refused_at_any_hour() {
    let house = Harness::new();
    let (ended, reused) = (house.login(ALICE).await, house.login(BOB).await);
    ended.post("/logout/", serde_json::json!({})).await;
    let next = reused.exchange(&reused.refresh).await.ok();
    reused.with(&next).profile().await;
    house.advance(11);
    reused
        .exchange(&reused.refresh)
        .await
        .refused(401, "refresh_reused");
    let deleted = house.login(CAROL).await;
    deleted.delete("/profile/").await;
    let next = next["refresh"].as_str().unwrap().to_owned();
    for () in jumps(&house) {
        for (actor, refresh) in [
            (&ended, &ended.refresh),
            (&reused, &next),
            (&deleted, &deleted.refresh),
        ] {
            expect_dead(actor, refresh).await;
        }
        house.login("+79990001122").await;
    }
}

async fn expect_dead(actor: &Actor, refresh: &str) {
    for reply in [actor.get("/profile/").await, actor.exchange(refresh).await] {
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{reply:?}");
    }
}

#[tokio::test]
async fn what_was_good_is_good_when_the_clock_is_right_again() {
    let house = Harness::new();
    let alice = house.login(ALICE).await;
    let next = alice.exchange(&alice.refresh).await.ok();
    let token = house.ask(BOB).await;
    let code = house.code();
    house.clock.set(NOON - DAY);
    for _ in 0..20 {
        house.login(CAROL).await;
    }
    house.clock.set(NOON + Duration::from_secs(1));
    alice.profile().await;
    let again = alice.exchange(&alice.refresh).await.ok();
    assert_eq!(again["refresh"], next["refresh"]);
    house.confirm(&token, &code).await.ok();
}
