//! Challenges: their tokens and codes, and for how long they are good.

use poem::http::Method;
use serde_json::json;

use crate::harness::{ALICE, Actor, BOB, Harness, other_than};

#[tokio::test]
async fn a_success_spends_the_phones_other_tokens() {
    let harness = Harness::new();
    let (first, second) = (harness.ask(ALICE).await, harness.ask(ALICE).await);
    let code = harness.code();
    harness.confirm(&second, &code).await.ok();
    harness
        .confirm(&first, &code)
        .await
        .refused(401, "sms_token_used");
}

#[tokio::test]
async fn while_a_token_lives_the_same_code_is_sent_again() {
    let harness = Harness::new();
    let first = harness.ask(ALICE).await;
    let code = harness.code();
    harness.advance(60);
    harness.ask(ALICE).await;
    assert_eq!(harness.code(), code);
    harness.confirm(&first, &code).await.ok();
}

#[tokio::test]
async fn three_tokens_of_a_phone_live_at_once() {
    let harness = Harness::new();
    for _ in 0..3 {
        harness.ask(ALICE).await;
        harness.advance(10);
    }
    let (stranger, body) = ([203, 0, 113, 9].into(), json!({ "phone": ALICE }));
    let reply = harness.call_from(stranger, Method::POST, "/login/", &[], Some(body));
    let problem = reply.await.refused(429, "sms_rate_limited");
    assert_eq!(
        (&problem["limit"], &problem["retry_after"]),
        (&json!("live_tokens_per_phone"), &json!(150))
    );
    harness.ask(BOB).await;
    harness.advance(150);
    harness.ask(ALICE).await;
}

#[tokio::test]
async fn a_dead_token_makes_room_and_its_code_is_not_sent_again() {
    let harness = Harness::with(&[("INVITED_LOGIN__CODE_LENGTH", "10")]);
    let token = harness.ask(ALICE).await;
    let code = harness.code();
    for _ in 0..3 {
        harness
            .confirm(&token, &other_than(&code))
            .await
            .refused(401, "sms_code_invalid");
    }
    for _ in 0..3 {
        harness.ask(ALICE).await;
        assert_ne!(harness.code(), code);
    }
}

#[tokio::test]
async fn a_token_lives_three_minutes() {
    let harness = Harness::new();
    let token = harness.ask(ALICE).await;
    let code = harness.code();
    harness.advance(179);
    harness
        .confirm(&token, &other_than(&code))
        .await
        .refused(401, "sms_code_invalid");
    harness.advance(1);
    harness
        .confirm(&token, &code)
        .await
        .refused(401, "sms_token_expired");
}

#[tokio::test]
async fn codes_may_be_longer() {
    let harness = Harness::with(&[("INVITED_LOGIN__CODE_LENGTH", "6")]);
    let reply = harness
        .post("/login/", json!({ "phone": ALICE }))
        .await
        .ok();
    assert_eq!(
        (&reply["sms_code_length"], harness.code().len()),
        (&json!(6), 6)
    );
    let token = reply["sms-token"].as_str().unwrap();
    harness
        .confirm(token, "1234")
        .await
        .refused(422, "validation_failed");
    harness.confirm(token, &harness.code()).await.ok();
}

#[tokio::test]
async fn a_token_with_anything_changed_is_not_valid() {
    let harness = Harness::new();
    let token = harness.ask(ALICE).await;
    let code = harness.code();
    let parts: Vec<_> = token.split('.').collect();
    let other_header = "eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0";
    let with_kid = "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwia2lkIjoiMSJ9";
    let forged = [
        String::new(),
        "x".to_owned(),
        format!("{token}."),
        format!("{token}="),
        token.replacen("..", ".AAAA.", 1),
        format!("{other_header}..{}.{}.{}", parts[2], parts[3], parts[4]),
        format!("{with_kid}..{}.{}.{}", parts[2], parts[3], parts[4]),
        format!("{}..{}.{}.{}", parts[0], parts[2], parts[3], &parts[4][..2]),
        format!(
            "{}..{}.{}.{}",
            parts[0],
            parts[2],
            parts[3],
            &parts[4][..20]
        ),
        format!("{}..{}.{}.{}", parts[0], parts[3], parts[2], parts[4]),
        format!("{token}{}", "A".repeat(2048)),
    ];
    for token in forged {
        harness
            .confirm(&token, &code)
            .await
            .refused(401, "sms_token_invalid");
    }
    harness.confirm(&token, &code).await.ok();
}

#[tokio::test]
async fn a_token_opens_the_account_of_its_own_phone_only() {
    let harness = Harness::new();
    let (alice, code) = (harness.ask(ALICE).await, harness.code());
    let bob = harness.ask(BOB).await;
    let actor = Actor::of(&harness, &harness.confirm(&alice, &code).await);
    assert_eq!(actor.profile().await["phone"], &ALICE[1..]);
    Actor::of(&harness, &harness.confirm(&bob, &harness.code()).await);
}
