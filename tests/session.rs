//! Contract, section 5.

use std::time::Duration;

use futures_util::future::join_all;
use invited::{
    clock::dice,
    domain::session::Policy,
    token::{TokenError, access},
};
use poem::http::Method;
use serde_json::{Value, json};

use crate::harness::{ALICE, Actor, BOB, Harness, Reply};

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
    let no_writing = "CREATE TRIGGER no_writing BEFORE UPDATE OF is_used ON sessions
        BEGIN SELECT RAISE(ABORT, 'no'); END";
    harness.intruder().execute_batch(no_writing).unwrap();
    for _ in 0..2 {
        assert!(next.get("/profile/").await.status.is_server_error());
    }
    let sql = "DROP TRIGGER no_writing";
    harness.intruder().execute_batch(sql).unwrap();
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
async fn a_session_ends_however_much_it_is_used() {
    let harness = Harness::with(&[("INVITED_TOKENS__SESSION_TTL", "30h")]);
    let alice = harness.login(ALICE).await;
    harness.advance(20 * 3600);
    let next = alice.exchange(&alice.refresh).await.ok();
    let left = (&next["expires_in"], &next["refresh_expires_in"]);
    assert_eq!(left, (&json!(9000), &json!(10 * 3600)));
    harness.advance(9 * 3600);
    let last = alice.with(&alice.exchange(next["refresh"].as_str().unwrap()).await.ok());
    harness.advance(3600);
    // The leeway of a token prolongs no session.
    let late = last.exchange(&last.refresh).await;
    late.refused(401, "token_invalid");
    last.get("/profile/").await.refused(401, "token_invalid");
}

#[tokio::test]
async fn of_too_many_sessions_the_longest_unused_gives_way() {
    let harness = Harness::new();
    let (kept, oldest) = (harness.login(ALICE).await, harness.login(ALICE).await);
    harness.advance(60);
    let refreshed = kept.with(&kept.exchange(&kept.refresh).await.ok());
    oldest.profile().await;
    for _ in 2..51 {
        harness.login(ALICE).await;
    }
    let sessions = refreshed.get("/profile/sessions/").await.ok();
    assert_eq!(sessions["sessions"].as_array().unwrap().len(), 50);
    oldest.get("/profile/").await.refused(401, "token_invalid");
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
async fn logging_out_ends_this_session_at_once() {
    let harness = Harness::new();
    let (phone, laptop) = (harness.login(ALICE).await, harness.login(ALICE).await);
    assert_eq!(phone.post("/logout/", json!({})).await.status, 204);
    phone.get("/profile/").await.refused(401, "token_invalid");
    phone
        .exchange(&phone.refresh)
        .await
        .refused(401, "token_invalid");
    laptop.profile().await;
}

#[tokio::test]
async fn logging_out_everywhere_ends_every_session() {
    let harness = Harness::new();
    let [phone, laptop, bob] = harness.logins([ALICE, ALICE, BOB]).await;
    assert_eq!(
        phone.post("/logout/", json!({ "all": true })).await.status,
        204
    );
    laptop.get("/profile/").await.refused(401, "token_invalid");
    bob.profile().await;
}

#[tokio::test]
async fn logging_out_needs_no_body() {
    let harness = Harness::new();
    let alice = harness.login(ALICE).await;
    let bearer = format!("Bearer {}", alice.access);
    let reply = harness
        .call(
            Method::POST,
            "/logout/",
            &[("authorization", &bearer)],
            None,
        )
        .await;
    assert_eq!((reply.status.as_u16(), reply.text.as_str()), (204, ""));
}

#[tokio::test]
async fn sessions_are_listed_and_ended_one_by_one() {
    let harness = Harness::new();
    let old = harness.login(ALICE).await;
    harness.advance(60);
    let new = harness.login(ALICE).await;
    let list = new.get("/profile/sessions/").await.ok();
    let sessions = list["sessions"].as_array().unwrap();
    assert_eq!(
        (&sessions[0]["current"], &sessions[1]["current"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(
        (&sessions[0]["created"], &sessions[1]["created"]),
        (
            &json!("2024-04-15T21:12:13Z"),
            &json!("2024-04-15T21:11:13Z")
        )
    );
    let path = format!("/profile/sessions/{}/", sessions[1]["id"]);
    harness
        .login(BOB)
        .await
        .delete(&path)
        .await
        .refused(404, "not_found");
    assert_eq!(new.delete(&path).await.status, 204);
    new.delete(&path).await.refused(404, "not_found");
    new.delete("/profile/sessions/x/")
        .await
        .refused(404, "not_found");
    old.get("/profile/").await.refused(401, "token_invalid");
}

#[tokio::test]
async fn a_session_tells_what_its_client_called_itself() {
    let harness = Harness::new();
    for (name, told) in [
        ("curl/8.0", "curl/8.0"),
        ("Приложение/1.0", "Приложение/1.0"),
        ("a\tb\u{202e}c\u{2028}d\u{85}e", "abcde"),
        (&"x".repeat(2000), &"x".repeat(200)),
    ] {
        harness.advance(1);
        let token = harness.ask(ALICE).await;
        let headers = [("sms-token", &*token), ("user-agent", name)];
        let confirm = json!({ "sms_code": harness.code() });
        let (method, path) = (Method::POST, "/login/sms-confirm/");
        let reply = harness.call(method, path, &headers, Some(confirm)).await;
        let sessions = Actor::of(&harness, &reply).get("/profile/sessions/").await;
        let session = &sessions.ok()["sessions"][0];
        assert_eq!(
            (&session["user_agent"], &session["ip"]),
            (&json!(told), &json!("198.51.100.1"))
        );
    }
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
    in_the_way.execute_batch("BEGIN IMMEDIATE").unwrap();
    let begin_epoch = async {
        let mut keys = harness.keys();
        keys.begin_epoch(&mut dice());
        harness.take_up(keys);
        in_the_way.execute_batch("COMMIT").unwrap();
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
