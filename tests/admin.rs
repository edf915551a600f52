//! What operators do to people and for them, by the rules that every way in shares.

use serde_json::{Value, json};

use crate::harness::{ALICE, BOB, CAROL, Harness, other_than};

impl Harness {
    pub async fn done(&self, command: Value) -> Value {
        self.command(command).await.unwrap()
    }

    async fn audit(&self) -> Vec<Value> {
        let rows = self.done(json!({ "command": "audit", "limit": 50 })).await;
        rows.as_array().unwrap().clone()
    }
}

fn names(users: &Value) -> Vec<&str> {
    let users = users.as_array().unwrap().iter();
    users.map(|user| user["phone"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_banned_user_is_out_at_once_and_let_in_no_more() {
    let harness = Harness::new();
    let alice = harness.login(ALICE).await;
    let ban = json!({ "command": "ban_user", "who": ALICE });
    let shown = harness.done(ban.clone()).await;
    assert_eq!(shown["banned_at"], "2024-04-15T21:11:13Z");
    alice.get("/profile/").await.refused(401, "token_invalid");
    alice
        .exchange(&alice.refresh)
        .await
        .refused(401, "token_invalid");
    let token = harness.ask(ALICE).await;
    // Only to whoever has the phone it is told.
    let wrong = harness.confirm(&token, &harness.wrong_code()).await;
    wrong.refused(401, "sms_code_invalid");
    let right = harness.confirm(&token, &harness.code()).await;
    right.refused(403, "user_banned");
    let again = harness.confirm(&token, &harness.code()).await;
    again.refused(401, "sms_token_used");
    assert_eq!(
        harness.command(ban).await,
        Err("the user is banned already".to_owned())
    );
    harness.advance(61);
    harness
        .done(json!({ "command": "unban_user", "who": ALICE }))
        .await;
    let profile = harness.login(ALICE).await.profile().await;
    assert_eq!(profile["id"], shown["id"]);
}

#[tokio::test]
async fn the_code_of_a_banned_user_is_nobodys() {
    let harness = Harness::new();
    let [alice, bob, carol] = harness.logins([ALICE, BOB, CAROL]).await;
    let code = alice.invitation_code().await;
    bob.redeem(&code).await.ok();
    harness
        .done(json!({ "command": "ban_user", "who": code }))
        .await;
    carol
        .redeem(&code)
        .await
        .refused(404, "invitation_not_found");
    // A retry of what was done is none.
    bob.redeem(&code).await.ok();
}

#[tokio::test]
async fn people_are_found_by_phone_code_identifier_and_name() {
    let harness = Harness::new();
    let [alice, _] = harness.logins([ALICE, BOB]).await;
    alice
        .patch("/profile/", json!({ "last_name": "Ёлкина" }))
        .await
        .ok();
    let profile = alice.profile().await;
    let id = profile["id"].to_string();
    let code = profile["invitation_code"].as_str().unwrap();
    let domestic = "8 (900) 123-45-67";
    for text in [ALICE, domestic, &id, code, &format!("id:{id}"), "ёЛКИ"] {
        let find = json!({ "command": "find_users", "text": text, "limit": 9 });
        assert_eq!(names(&harness.done(find).await), ["+7900•••••67"], "{text}");
        if text == "ёЛКИ" {
            continue;
        }
        let show = json!({ "command": "show_user", "who": text });
        let shown = harness.done(show).await;
        assert_eq!(shown["last_name"], "Ёлкина");
        assert_eq!(shown["sessions"].as_array().unwrap().len(), 1);
    }
    for (part, found) in [("123-45", 1), ("+7900•••••67", 1), ("7900", 2), ("345", 0)] {
        let find = json!({ "command": "find_users", "text": part, "limit": 9 });
        assert_eq!(names(&harness.done(find).await).len(), found, "{part}");
    }
    let list = json!({ "command": "list_users", "after": 0, "banned": false, "limit": 9 });
    assert_eq!(names(&harness.done(list).await).len(), 2);
    for who in ["+79990000000", "id:5", "QQQQQQ"] {
        let show = json!({ "command": "show_user", "who": who });
        let refused = Err("there is no such user".to_owned());
        assert_eq!(harness.command(show).await, refused);
    }
}

#[tokio::test]
async fn whoever_locked_themself_out_is_let_in_by_an_operator() {
    let harness = Harness::as_is(&[]);
    for _ in 0..3 {
        let token = harness.ask(ALICE).await;
        for _ in 0..2 {
            let wrong = other_than(&harness.code());
            harness.confirm(&token, &wrong).await;
        }
        harness.advance(61);
    }
    let asked = harness.post("/login/", json!({ "phone": ALICE })).await;
    asked.refused(429, "sms_rate_limited");
    let limits = json!({ "command": "show_limits", "phone": ALICE });
    let shown = harness.done(limits.clone()).await;
    let used = |shown: &Value, limit: &str| {
        let rows = shown.as_array().unwrap().iter();
        let row = rows.clone().find(|row| row["limit"] == limit);
        row.unwrap()["used"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        used(&shown, "sends_per_phone"),
        "0 of 1 in 60s, 3 of 3 in 15m, 3 of 10 in 24h"
    );
    assert!(used(&shown, "wrong_guesses_per_phone").starts_with("5 of 5"));
    harness
        .done(json!({ "command": "unlock_user", "who": ALICE }))
        .await;
    let shown = harness.done(limits).await;
    assert!(used(&shown, "wrong_guesses_per_phone").starts_with("0 of 5"));
    let asked = harness.post("/login/", json!({ "phone": ALICE })).await;
    assert_eq!(asked.ok()["sms_code_length"], 4);
}

#[tokio::test]
async fn a_phone_is_moved_and_whoever_had_it_is_logged_out() {
    let harness = Harness::new();
    let [alice, _] = harness.logins([ALICE, BOB]).await;
    let code = alice.invitation_code().await;
    let to = |phone: &str| json!({ "command": "move_phone", "who": ALICE, "phone": phone });
    let refused = harness.command(to(BOB)).await.unwrap_err();
    assert_eq!(refused, "another account has this phone");
    harness.done(to(CAROL)).await;
    alice.get("/profile/").await.refused(401, "token_invalid");
    assert_eq!(harness.login(CAROL).await.invitation_code().await, code);
    assert_ne!(harness.login(ALICE).await.invitation_code().await, code);
}

#[tokio::test]
async fn who_invited_whom_is_put_right() {
    let harness = Harness::new();
    let [alice, bob, carol] = harness.logins([ALICE, BOB, CAROL]).await;
    bob.redeem(&alice.invitation_code().await).await.ok();
    carol.redeem(&bob.invitation_code().await).await.ok();
    let fix = |who: &str, referrer: Option<&str>| json!({ "command": "fix_invitation", "who": who, "referrer": referrer });
    // Bob and those whom he invited cannot have invited him.
    for circle in [BOB, CAROL] {
        let refused = harness.command(fix(BOB, Some(circle))).await.unwrap_err();
        assert!(refused.contains("invited by this user"), "{refused}");
        assert_eq!(bob.profile().await["invited_by"], "79001234567");
    }
    harness.done(fix(CAROL, Some(ALICE))).await;
    assert_eq!(carol.profile().await["invited_by"], "79001234567");
    assert_eq!(bob.profile().await["invited_users_count"], 0);
    assert_eq!(alice.profile().await["invited_users_count"], 2);
    harness.done(fix(BOB, None)).await;
    assert_eq!(bob.profile().await["invited_by"], Value::Null);
    assert_eq!(
        alice.profile().await["invited_users_phones"],
        json!(["79161112233"])
    );
    // What was one way before can be the other way now.
    harness.done(fix(ALICE, Some(BOB))).await;
    assert_eq!(alice.profile().await["invited_by"], "79007654321");
    let rows = harness.audit().await;
    assert_eq!(rows.len(), 3);
    assert_eq!(rows[2]["action"], "fix_invitation");
}

#[tokio::test]
async fn an_export_is_all_that_is_known_and_a_deletion_leaves_the_audit() {
    let harness = Harness::new();
    let [alice, bob] = harness.logins([ALICE, BOB]).await;
    bob.redeem(&alice.invitation_code().await).await.ok();
    let export = harness
        .done(json!({ "command": "export_user", "who": ALICE }))
        .await;
    assert_eq!(export["phone"], ALICE);
    assert_eq!(export["invited_users"][0]["phone"], BOB);
    for member in ["sessions", "devices", "limits", "audit"] {
        assert!(!export[member].as_array().unwrap().is_empty(), "{member}");
    }
    harness.advance(1);
    harness
        .done(json!({ "command": "delete_user", "who": ALICE }))
        .await;
    alice.get("/profile/").await.refused(401, "token_invalid");
    let rows = harness.audit().await;
    let told = [&rows[0]["action"], &rows[0]["actor"], &rows[0]["reason"]];
    assert_eq!(told, ["delete", "uid 7", "asked by mail"]);
    assert_eq!(rows[0]["user"], export["id"]);
    let texts = serde_json::to_string(&rows).unwrap();
    assert!(!texts.contains("9001234567"), "{texts}");
}

#[tokio::test]
async fn sessions_are_ended_one_by_one_and_all_at_once() {
    let harness = Harness::new();
    let one = harness.login(ALICE).await;
    harness.advance(61);
    let other = harness.login(ALICE).await;
    let list = json!({ "command": "list_sessions", "who": ALICE });
    let sessions = harness.done(list).await;
    assert_eq!(sessions.as_array().unwrap().len(), 2);
    let end = json!({ "command": "end_session", "id": sessions[0]["id"] });
    harness.done(end.clone()).await;
    other.get("/profile/").await.refused(401, "token_invalid");
    one.profile().await;
    let refused = harness.command(end).await.unwrap_err();
    assert_eq!(refused, "there is no such session");
    harness
        .done(json!({ "command": "log_out_user", "who": ALICE }))
        .await;
    one.get("/profile/").await.refused(401, "token_invalid");
}

#[tokio::test]
async fn a_person_is_told_why_a_request_was_refused() {
    let harness = Harness::as_is(&[]);
    harness.login(ALICE).await;
    let refused = harness.post("/login/", json!({ "phone": ALICE })).await;
    let id = refused.header("x-request-id").unwrap();
    let told = harness
        .done(json!({ "command": "why", "request_id": id }))
        .await;
    assert_eq!(told["code"], "sms_rate_limited");
    assert_eq!(told["limit"], "sends_per_phone");
    assert_eq!(told["is_set_to"], "1/60s, 3/15m, 10/24h");
    assert_eq!(told["route"], "/login/");
    let unknown = json!({ "command": "why", "request_id": "00" });
    assert!(harness.command(unknown).await.is_err());
}
