//! Contract, section 3, and phone change (section 6).

use serde_json::json;

use crate::harness::{ALICE, Actor, BOB, CAROL, Harness, NOON, Reply};

#[tokio::test]
async fn every_spelling_is_one_number_one_account_one_limit() {
    let harness = Harness::new();
    let code = harness.login("+79123456789").await.invitation_code().await;
    for spelling in [
        "79123456789",
        "89123456789",
        "9123456789",
        " 8 (912) 345-67-89 ",
        "+7.912.345.67.89",
        "\u{202a}+7\u{a0}912\u{202f}345‑67—89\u{202c}",
        "\u{feff}8\u{200b}9123456789\u{2060}",
        "＋7 912 345−67−89",
        "Tel:+7-912-345-67-89",
    ] {
        assert_eq!(
            harness.login(spelling).await.invitation_code().await,
            code,
            "{spelling}"
        );
    }
    for spelling in ["+79123456789", "tel:79123456789", "9123456789"] {
        harness.ask(spelling).await;
    }
    let sent = harness.gateway.count();
    harness.ask("8-912-345-67-89").await;
    assert_eq!(harness.gateway.count(), sent, "three are alive");
}

#[tokio::test]
async fn what_is_no_number_is_refused_and_gets_no_message() {
    let harness = Harness::new();
    for phone in [
        "",
        "+",
        "xyz",
        "+7912345678",
        "٧٩١٢٣٤٥٦٧٨٩",
        "+7912345678O",
        "+79123456789 ext 1",
        "tel:+79123456789;ext=1",
        "1234567890123456",
    ] {
        let reply = harness.post("/login/", json!({ "phone": phone })).await;
        let problem = reply.refused(422, "phone_invalid");
        assert_eq!(problem["errors"][0]["pointer"], "#/phone");
        assert!(
            phone.len() < 3 || !reply.text.contains(phone),
            "{phone} is repeated"
        );
    }
    for phone in [
        json!(79_123_456_789_u64),
        json!(true),
        json!(null),
        json!(["+79123456789"]),
        json!({}),
    ] {
        harness
            .post("/login/", json!({ "phone": phone }))
            .await
            .refused(422, "validation_failed");
    }
    assert_eq!(harness.gateway.count(), 0);
}

#[tokio::test]
async fn what_is_one_slip_away_is_told_what_was_expected() {
    let harness = Harness::new();
    for phone in [
        "+89123456789",
        "+7 8 912 345-67-89",
        "8 7 912 345-67-89",
        "0079123456789",
        "8 10 7 912 345-67-89",
        "+7912345678",
        "+791234567890",
        "8912345678",
        "891234567890",
        "912345678",
        "91234567890",
    ] {
        let reply = harness.post("/login/", json!({ "phone": phone })).await;
        let problem = reply.refused(422, "phone_invalid");
        let detail = problem["errors"][0]["detail"].as_str().unwrap();
        assert!(detail.contains("expected +"), "{detail}");
        assert!(!reply.text.contains(phone), "{phone} is repeated");
    }
    // Where messages are sent there, it is a number like any other.
    let afghanistan = Harness::with(&[("INVITED_LOGIN__DESTINATIONS", "+79#########, +93")]);
    afghanistan.login("93701234567").await;
    assert_eq!(harness.gateway.count(), 0);
}

#[tokio::test]
async fn numbers_outside_the_list_get_no_message() {
    let harness = Harness::new();
    for phone in [
        "+77012345678",
        "+76123456789",
        "+79401234567",
        "8 940 123-45-67",
        "+74951234567",
        "4951234567",
        "+447911123456",
        "+12025550123",
    ] {
        let problem = harness
            .post("/login/", json!({ "phone": phone }))
            .await
            .refused(422, "phone_not_allowed");
        assert_eq!(problem["errors"][0]["pointer"], "#/phone");
    }
    assert_eq!(harness.gateway.count(), 0);
    let abroad = [("INVITED_LOGIN__DESTINATIONS", "+7, +44, !+7495")];
    let abroad = Harness::with(&abroad);
    abroad.login("+447911123456").await;
    abroad.login("+79401234567").await;
    abroad
        .post("/login/", json!({ "phone": "+74951234567" }))
        .await
        .refused(422, "phone_not_allowed");
}

#[tokio::test]
async fn a_phone_is_changed_once_it_is_proved() {
    let harness = Harness::new();
    let alice = harness.login(ALICE).await;
    let before = alice.profile().await;
    let reply = alice
        .post("/profile/phone/", json!({ "phone": CAROL }))
        .await
        .ok();
    assert_eq!(reply["url_to_redirect"], "/profile/phone/confirm/");
    assert_eq!(harness.gateway.last().to, CAROL);
    let token = reply["sms-token"].as_str().unwrap();
    alice
        .confirm_phone(token, &harness.wrong_code())
        .await
        .refused(401, "sms_code_invalid");
    let changed = alice.confirm_phone(token, &harness.code()).await.ok();
    assert_eq!(
        (&changed["phone"], &changed["invitation_code"]),
        (&json!(&CAROL[1..]), &before["invitation_code"])
    );
    assert_eq!(
        harness.login(CAROL).await.profile().await["invitation_code"],
        before["invitation_code"]
    );
    assert_ne!(
        harness.login(ALICE).await.profile().await["invitation_code"],
        before["invitation_code"]
    );
}

#[tokio::test]
async fn that_a_phone_is_taken_is_told_after_the_right_code_only() {
    let harness = Harness::new();
    let (alice, bob) = (harness.login(ALICE).await, harness.login(BOB).await);
    let reply = alice
        .post("/profile/phone/", json!({ "phone": BOB }))
        .await
        .ok();
    let token = reply["sms-token"].as_str().unwrap();
    alice
        .confirm_phone(token, &harness.wrong_code())
        .await
        .refused(401, "sms_code_invalid");
    alice
        .confirm_phone(token, &harness.code())
        .await
        .refused(409, "phone_taken");
    assert_eq!(bob.profile().await["phone"], &BOB[1..]);
}

async fn move_to(harness: &Harness, actor: &Actor, phone: &str) -> Reply {
    let asked = actor.post("/profile/phone/", json!({ "phone": phone }));
    let token = asked.await.ok()["sms-token"].as_str().unwrap().to_owned();
    actor.confirm_phone(&token, &harness.code()).await
}

#[tokio::test]
async fn an_account_is_moved_from_a_fresh_login_only() {
    let harness = Harness::new();
    let alice = harness.login(ALICE).await;
    harness.advance(899);
    let asked = alice.post("/profile/phone/", json!({ "phone": CAROL }));
    let token = asked.await.ok()["sms-token"].as_str().unwrap().to_owned();
    let code = harness.code();
    harness.advance(1);
    let late = alice.confirm_phone(&token, &code).await;
    late.refused(403, "fresh_login_required");
    let next = alice.exchange(&alice.refresh).await.ok();
    let refreshed = alice.bearing(next["access"].as_str().unwrap());
    for stale in [&alice, &refreshed] {
        let asked = stale.post("/profile/phone/", json!({ "phone": BOB })).await;
        asked.refused(403, "fresh_login_required");
    }
    assert_eq!(harness.gateway.count(), 2, "nothing was sent to Bob");
    let again = harness.login(ALICE).await;
    again.confirm_phone(&token, &code).await.ok();
}

#[tokio::test]
async fn how_long_a_login_is_fresh_is_a_setting() {
    let harness = Harness::with(&[("INVITED_LOGIN__FRESH_FOR", "1m")]);
    let alice = harness.login(ALICE).await;
    harness.advance(60);
    let asked = alice.post("/profile/phone/", json!({ "phone": BOB })).await;
    asked.refused(403, "fresh_login_required");
}

#[tokio::test]
async fn a_clock_that_is_set_back_makes_no_login_fresh() {
    let harness = Harness::new();
    let alice = harness.login(ALICE).await;
    harness.advance(3600);
    // Limits look at the clock now and then.
    harness.ask(BOB).await;
    harness.clock.set(NOON);
    let asked = alice.post("/profile/phone/", json!({ "phone": BOB })).await;
    asked.refused(403, "fresh_login_required");
    let fresh = harness.login(ALICE).await;
    move_to(&harness, &fresh, CAROL).await.ok();
}

#[tokio::test]
async fn moving_ends_the_other_sessions_and_forgets_the_other_devices() {
    let harness = Harness::new();
    let (other, alice) = (harness.login(ALICE).await, harness.login(ALICE).await);
    assert_eq!(
        move_to(&harness, &alice, CAROL).await.ok()["phone"],
        CAROL[1..]
    );
    other.get("/profile/").await.refused(401, "token_invalid");
    other
        .exchange(&other.refresh)
        .await
        .refused(401, "token_invalid");
    alice.exchange(&alice.refresh).await.ok();
    let sessions = alice.get("/profile/sessions/").await.ok();
    assert_eq!(sessions["sessions"].as_array().unwrap().len(), 1);
    assert_eq!(
        harness.login_on(CAROL, &alice.device).await.device,
        alice.device
    );
    assert_ne!(
        harness.login_on(CAROL, &other.device).await.device,
        other.device
    );
}

#[tokio::test]
async fn a_move_that_changes_nothing_ends_nothing() {
    let harness = Harness::new();
    let (other, alice) = (harness.login(ALICE).await, harness.login(ALICE).await);
    harness.login(BOB).await;
    move_to(&harness, &alice, BOB)
        .await
        .refused(409, "phone_taken");
    move_to(&harness, &alice, ALICE).await.ok();
    other.profile().await;
    assert_eq!(
        harness.login_on(ALICE, &other.device).await.device,
        other.device
    );
}

#[tokio::test]
async fn a_token_serves_its_own_purpose_only() {
    let harness = Harness::new();
    let (alice, bob) = (harness.login(ALICE).await, harness.login(BOB).await);
    let login = harness.ask(CAROL).await;
    alice
        .confirm_phone(&login, &harness.code())
        .await
        .refused(401, "sms_token_invalid");
    let reply = alice
        .post("/profile/phone/", json!({ "phone": CAROL }))
        .await
        .ok();
    let change = reply["sms-token"].as_str().unwrap();
    harness
        .confirm(change, &harness.code())
        .await
        .refused(401, "sms_token_invalid");
    bob.confirm_phone(change, &harness.code())
        .await
        .refused(401, "sms_token_invalid");
    alice.confirm_phone(change, &harness.code()).await.ok();
}

#[tokio::test]
async fn an_invitees_new_phone_shows_in_the_referrers_list() {
    let harness = Harness::new();
    let (alice, bob) = (harness.login(ALICE).await, harness.login(BOB).await);
    bob.redeem(&alice.invitation_code().await).await.ok();
    let reply = bob
        .post("/profile/phone/", json!({ "phone": CAROL }))
        .await
        .ok();
    bob.confirm_phone(reply["sms-token"].as_str().unwrap(), &harness.code())
        .await
        .ok();
    assert_eq!(
        alice.profile().await["invited_users_phones"],
        json!([&CAROL[1..]])
    );
}
