//! Contract, section 5.

mod refresh;
mod token;

use poem::http::Method;
use serde_json::json;

use crate::harness::{ALICE, Actor, BOB, Harness};

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
