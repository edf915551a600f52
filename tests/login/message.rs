//! Messages: refused by gateways, or never sent.

use invited::sms::SmsError;
use serde_json::json;

use crate::harness::{ALICE, BOB, Harness};

#[tokio::test]
async fn test_numbers_have_a_fixed_code_and_get_no_messages() {
    let harness = Harness::with(&[(
        "INVITED_TEST_NUMBERS__79990000001",
        r#"{ code = "1234", until = 2024-04-16T00:00:00Z }"#,
    )]);
    for _ in 0..5 {
        let token = harness.ask("+79990000001").await;
        harness
            .confirm(&token, "4321")
            .await
            .refused(401, "sms_code_invalid");
        harness.confirm(&token, "1234").await.ok();
    }
    assert_eq!(harness.gateway.count(), 0);
    harness.advance(24 * 3600);
    let token = harness.ask("+79990000001").await;
    assert_eq!(harness.gateway.count(), 1);
    harness.confirm(&token, &harness.code()).await.ok();
}

#[tokio::test]
async fn a_fixed_code_ends_with_its_test_number() {
    let number = r#"{ code = "1234", until = 2024-04-15T21:12:13Z }"#;
    let harness = Harness::with(&[("INVITED_TEST_NUMBERS__79990000001", number)]);
    let reply = harness
        .post("/login/", json!({ "phone": "+79990000001" }))
        .await
        .ok();
    assert_eq!(reply["expires_in"], 60);
    harness.advance(60);
    harness
        .confirm(reply["sms-token"].as_str().unwrap(), "1234")
        .await
        .refused(401, "sms_token_expired");
}

#[tokio::test]
async fn a_gateways_refusal_is_told_and_costs_nothing() {
    let harness = Harness::new();
    for error in [
        SmsError::Rejected,
        SmsError::Misconfigured,
        SmsError::Throttled,
        SmsError::NotSent,
    ] {
        *harness.gateway.fails.lock().unwrap() = Some(error);
        let reply = harness.post("/login/", json!({ "phone": ALICE })).await;
        reply.refused(503, "sms_unavailable");
        assert!(reply.header("retry-after").is_some());
    }
    *harness.gateway.fails.lock().unwrap() = None;
    for _ in 0..3 {
        harness.ask(ALICE).await;
    }
}

#[tokio::test]
async fn a_message_that_may_have_arrived_can_be_confirmed() {
    let harness = Harness::new();
    harness.ask(ALICE).await;
    let code = harness.code();
    *harness.gateway.fails.lock().unwrap() = Some(SmsError::Unknown);
    let token = harness.ask(ALICE).await;
    harness.confirm(&token, &code).await.ok();
}

#[tokio::test]
async fn a_provider_may_choose_the_code() {
    let harness = Harness::new();
    *harness.gateway.chooses.lock().unwrap() = Some("0042".to_owned());
    let token = harness.ask(ALICE).await;
    harness.confirm(&token, "0042").await.ok();
}

#[tokio::test]
async fn login_answers_alike_whether_or_not_the_phone_is_known() {
    let harness = Harness::new();
    harness.login(ALICE).await;
    let shape = async |phone: &str| {
        let reply = harness.post("/login/", json!({ "phone": phone })).await;
        let mut body = reply.ok();
        let token = body["sms-token"].take();
        let headers: Vec<_> = reply.headers.keys().map(ToString::to_string).collect();
        (body, token.as_str().unwrap().len(), headers)
    };
    assert_eq!(shape(ALICE).await, shape(BOB).await);
}
