//! Which tokens are taken, for what, and for how long.

use std::time::Duration;

use invited::{
    clock::dice,
    domain::session::Policy,
    token::{TokenError, access},
};
use poem::http::Method;
use serde_json::json;

use crate::harness::{ALICE, Actor, BOB, Harness, Reply};

#[tokio::test]
async fn tokens_live_as_long_as_they_say_and_five_seconds() {
    let harness = Harness::new();
    let alice = harness.login(ALICE).await;
    harness.advance(9004);
    alice.profile().await;
    harness.advance(1);
    let reply = alice.get("/profile/").await;
    reply.refused(401, "token_expired");
    assert_eq!(
        reply.header("www-authenticate"),
        Some("Bearer error=\"invalid_token\"")
    );
    harness.advance(86_400 - 9005 + 5);
    alice
        .exchange(&alice.refresh)
        .await
        .refused(401, "token_expired");
}

#[tokio::test]
async fn a_login_says_whether_the_account_is_new_and_how_long_its_tokens_live() {
    let harness = Harness::new();
    for created in [true, false] {
        let token = harness.ask(ALICE).await;
        let reply = harness.confirm(&token, &harness.code()).await.ok();
        assert_eq!(reply["created"], created);
        let lives = (&reply["expires_in"], &reply["refresh_expires_in"]);
        assert_eq!(lives, (&json!(9000), &json!(86_400)));
    }
}

#[tokio::test]
async fn a_token_from_the_future_is_refused() {
    let harness = Harness::new();
    let alice = harness.login(ALICE).await;
    harness
        .clock
        .set(crate::harness::NOON - Duration::from_secs(5));
    alice.profile().await;
    harness
        .clock
        .set(crate::harness::NOON - Duration::from_secs(6));
    alice.get("/profile/").await.refused(401, "token_invalid");
}

#[tokio::test]
async fn no_token_stands_in_for_another() {
    let harness = Harness::new();
    let sms_token = harness.ask(BOB).await;
    let alice = harness.login(ALICE).await;
    for wrong in [&alice.refresh, &sms_token, &alice.device] {
        alice
            .bearing(wrong)
            .get("/profile/")
            .await
            .refused(401, "token_invalid");
    }
    for wrong in [&alice.access, &sms_token, &alice.device, &String::new()] {
        alice.exchange(wrong).await.refused(401, "token_invalid");
    }
    for wrong in [&alice.access, &alice.refresh, &alice.device] {
        harness
            .confirm(wrong, "1234")
            .await
            .refused(401, "sms_token_invalid");
    }
}

#[tokio::test]
async fn forged_tokens_are_refused() {
    let harness = Harness::new();
    let alice = harness.login(ALICE).await;
    let parts: Vec<_> = alice.access.split('.').collect();
    let (none, typ_first) = (
        "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0",
        "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9",
    );
    for token in [
        format!("{none}.{}.", parts[1]),
        format!("{none}.{}.{}", parts[1], parts[2]),
        format!("{typ_first}.{}.{}", parts[1], parts[2]),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}.{}.{}A", parts[0], parts[1], parts[2]),
        format!("{}.{}", parts[0], parts[1]),
        format!("{}.e30.{}", parts[0], parts[2]),
        "a".repeat(5000),
    ] {
        alice
            .bearing(&token)
            .get("/profile/")
            .await
            .refused(401, "token_invalid");
    }
}

#[tokio::test]
async fn without_a_bearer_token_nobody_is_anybody() {
    let harness = Harness::new();
    for headers in [
        &[][..],
        &[("authorization", "Basic YTpi")],
        &[("authorization", "Bearer")],
        &[("authorization", "")],
    ] {
        let reply = harness.call(Method::GET, "/profile/", headers, None).await;
        reply.refused(401, "unauthenticated");
        assert_eq!(reply.header("www-authenticate"), Some("Bearer"));
    }
    let alice = harness.login(ALICE).await;
    let lower = format!("bearer {}", alice.access);
    harness
        .call(Method::GET, "/profile/", &[("authorization", &lower)], None)
        .await
        .ok();
}

#[tokio::test]
async fn tokens_of_a_previous_key_stay_good_until_they_expire() {
    let harness = Harness::new();
    let alice = harness.login(ALICE).await;
    let mut keys = harness.keys();
    let (now, day) = (crate::harness::NOON, harness.app.config.longest_life());
    keys.rotate(&mut dice());
    assert!(access::verify_access(&keys, &alice.access, now).is_ok());
    assert!(access::verify_refresh(&keys, &alice.refresh, now).is_ok());
    // However late, a server that starts believes what the one before it made.
    let start = now + day + day;
    keys.settle(day, start);
    assert!(access::verify_access(&keys, &alice.access, now).is_ok());
    keys.rotate(&mut dice());
    let last = start + day + Duration::from_mins(1);
    keys.settle(day, last);
    assert!(access::verify_access(&keys, &alice.access, now).is_ok());
    keys.settle(day, last + Duration::from_secs(1));
    let refused = access::verify_access(&keys, &alice.access, now);
    assert_eq!(refused, Err(TokenError::Invalid));
}

/// What comes of a call during which a new epoch begins, after its token was
/// read and before the store answers.
async fn across_epochs(harness: &Harness, call: impl Future<Output = Reply>) -> Reply {
    let in_the_way = harness.intruder();
    in_the_way.hold_writes();
    let begin_epoch = async {
        let mut keys = harness.keys();
        keys.begin_epoch(&mut dice());
        harness.take_up(keys);
        in_the_way.release_writes();
    };
    tokio::join!(call, begin_epoch).0
}

#[tokio::test]
async fn no_token_of_a_past_epoch_becomes_one_of_the_present() {
    let harness = Harness::new();
    let (token, code) = (harness.ask(BOB).await, harness.code());
    let alice = harness.login(ALICE).await;
    let confirmed = across_epochs(&harness, harness.confirm(&token, &code)).await;
    let late = Actor::of(&harness, &confirmed);
    late.get("/profile/").await.refused(401, "token_invalid");
    let fresh = harness.login(ALICE).await;
    alice.get("/profile/").await.refused(401, "token_invalid");
    let exchanged = across_epochs(&harness, fresh.exchange(&fresh.refresh)).await;
    let next = exchanged.ok()["refresh"].as_str().unwrap().to_owned();
    fresh.exchange(&next).await.refused(401, "token_invalid");
}

#[tokio::test]
async fn policies_come_from_the_configuration() {
    let harness = Harness::with(&[
        ("INVITED_TOKENS__ACCESS_TTL", "1m"),
        ("INVITED_TOKENS__REFRESH_TTL", "2m"),
    ]);
    let Policy {
        access_ttl,
        refresh_ttl,
        ..
    } = harness.app.config.sessions();
    assert_eq!((access_ttl.as_secs(), refresh_ttl.as_secs()), (60, 120));
    let alice = harness.login(ALICE).await;
    harness.advance(65);
    alice.get("/profile/").await.refused(401, "token_expired");
}
