//! Logging in as an operator, and how long that lasts.

use poem::http::Method;
use serde_json::json;

use crate::harness::{
    ALICE, BOB, Harness,
    operator::{ADMIN, Operator},
};

#[tokio::test]
async fn an_operator_logs_in_with_a_fresh_code() {
    let harness = Harness::with(&[ADMIN]);
    let alice = harness.operator(ALICE, "viewer").await;
    let shown = alice.get("session/").await.ok();
    assert_eq!(shown["operator"]["phone"], ALICE);
    assert_eq!(shown["operator"]["role"], "viewer");
    assert_eq!(
        shown["operator"]["permissions"],
        json!(["figures", "people"])
    );
    assert_eq!(shown["idle_seconds"], 1800);
    let out = alice.delete("session/").await;
    assert_eq!(out.status, 204);
    assert!(out.header("set-cookie").unwrap().contains("Max-Age=0"));
    alice.get("session/").await.refused(401, "unauthenticated");
}

#[tokio::test]
async fn only_the_right_code_tells_who_is_an_operator() {
    let harness = Harness::with(&[ADMIN]);
    harness.operator(ALICE, "owner").await;
    harness.login(BOB).await;
    harness.advance(61);
    for (phone, status) in [(ALICE, 200), (BOB, 403), ("+79990001122", 403)] {
        let sent = harness.gateway.count();
        let token = harness.ask_as_operator(phone).await;
        assert_eq!(harness.gateway.count(), sent + 1, "{phone}");
        let wrong = harness
            .confirm_as_operator(&token, &harness.wrong_code())
            .await;
        wrong.refused(401, "sms_code_invalid");
        let right = harness.confirm_as_operator(&token, &harness.code()).await;
        assert_eq!(right.status, status, "{phone}: {right:?}");
        assert_eq!(right.header("set-cookie").is_some(), status == 200);
    }
    let find = json!({ "command": "find_users", "text": "+79990001122", "limit": 9 });
    assert_eq!(harness.command(find).await.unwrap(), json!([]));
}

#[tokio::test]
async fn a_code_to_log_in_as_an_operator_is_good_for_nothing_else() {
    let harness = Harness::with(&[ADMIN]);
    harness.operator(ALICE, "owner").await;
    let token = harness.ask_as_operator(ALICE).await;
    let confirmed = harness.confirm(&token, &harness.code()).await;
    confirmed.refused(401, "sms_token_invalid");
    let token = harness.ask(ALICE).await;
    let confirmed = harness.confirm_as_operator(&token, &harness.code()).await;
    confirmed.refused(401, "sms_token_invalid");
}

#[tokio::test]
async fn strangers_who_have_codes_sent_keep_no_operator_out_who_was_there_before() {
    let harness = Harness::with(&[ADMIN, ("INVITED_LIMITS__SENDS_PER_PHONE", "3/24h")]);
    harness.operator(ALICE, "owner").await;
    let token = harness.ask_as_operator(ALICE).await;
    let confirmed = harness.confirm_as_operator(&token, &harness.code()).await;
    let device = confirmed.ok()["device_token"].as_str().unwrap().to_owned();
    let ask = json!({ "phone": ALICE });
    let path = "/admin/api/login/";
    let refused = harness.post(path, ask.clone()).await;
    refused.refused(429, "sms_rate_limited");
    let headers = [("device-token", &*device)];
    let asked = harness.call(Method::POST, path, &headers, Some(ask)).await;
    let token = asked.ok()["sms-token"].as_str().unwrap().to_owned();
    let headers = [("sms-token", &*token), ("device-token", &*device)];
    let body = Some(json!({ "sms_code": harness.code() }));
    let path = "/admin/api/session/";
    let again = harness.call(Method::POST, path, &headers, body).await.ok();
    assert_eq!(again["device_token"], device);
}

#[tokio::test]
async fn a_session_ends_when_it_is_not_used_and_after_twelve_hours() {
    let harness = Harness::with(&[ADMIN]);
    let alice = harness.operator(ALICE, "viewer").await;
    // It is known to the minute when it was used.
    for _ in 0..25 {
        harness.advance(28 * 60);
        alice.get("session/").await.ok();
    }
    harness.advance(28 * 60);
    alice.get("session/").await.refused(401, "unauthenticated");
    let alice = harness.operator_login(ALICE).await;
    harness.advance(30 * 60);
    alice.get("session/").await.refused(401, "unauthenticated");
}

/// What ends the sessions of an operator at once.
async fn is_out(harness: &Harness, operator: &Operator, what: &str) {
    let refused = operator.get("people/").await;
    assert_eq!(refused.status, 401, "{what}: {refused:?}");
    harness.advance(61);
}

#[tokio::test]
async fn an_operator_is_out_at_once_whose_role_account_or_sessions_end() {
    let harness = Harness::with(&[ADMIN]);
    for command in ["revoke", "ban_user", "log_out_user", "delete_user"] {
        let alice = harness.operator(ALICE, "viewer").await;
        alice.get("people/").await.ok();
        let done = json!({ "command": command, "who": ALICE });
        harness.command(done).await.unwrap();
        is_out(&harness, &alice, command).await;
        if command == "ban_user" {
            let unban = json!({ "command": "unban_user", "who": ALICE });
            harness.command(unban).await.unwrap();
            is_out(&harness, &alice, "unban_user").await;
        }
        let _ = harness
            .command(json!({ "command": "revoke", "who": ALICE }))
            .await;
    }
    let alice = harness.operator(ALICE, "viewer").await;
    harness.advance(61);
    let user = harness.login(ALICE).await;
    let out = user.post("/logout/", json!({ "all": true })).await;
    assert_eq!(out.status, 204);
    is_out(&harness, &alice, "logout").await;
}

#[tokio::test]
async fn a_new_epoch_of_the_keys_ends_sessions_and_keys() {
    let harness = Harness::with(&[ADMIN]);
    let alice = harness.operator(ALICE, "viewer").await;
    let program = harness.program("report", "people").await;
    let mut keys = harness.keys();
    keys.rotate(&mut invited::clock::dice());
    harness.take_up(keys.clone());
    alice.get("people/").await.ok();
    program.get("people/").await.ok();
    keys.begin_epoch(&mut invited::clock::dice());
    harness.take_up(keys);
    alice.get("people/").await.refused(401, "unauthenticated");
    program.get("people/").await.refused(401, "unauthenticated");
}

#[tokio::test]
async fn a_store_that_cannot_write_is_looked_at_but_nothing_is_changed() {
    let harness = Harness::with(&[ADMIN]);
    let alice = harness.operator(ALICE, "owner").await;
    harness.advance(61);
    let intruder = harness.intruder();
    intruder.hold_writes();
    for path in ["session/", "overview/", "series/", "gateways/", "people/"] {
        alice.get(path).await.ok();
    }
    let refused = alice.post("phones/unlock/", json!({ "phone": BOB })).await;
    refused.refused(503, "storage_unavailable");
    harness.advance(29 * 60);
    alice.get("session/").await.refused(401, "unauthenticated");
}

#[tokio::test]
async fn without_the_setting_there_is_nothing() {
    let harness = Harness::new();
    for path in ["/admin/", "/admin/api/people/", "/admin/api/openapi.json"] {
        let reply = harness.call(Method::GET, path, &[], None).await;
        reply.refused(404, "not_found");
    }
}
