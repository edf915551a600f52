//! Contract, section 4.

use futures_util::future::join_all;
use invited::sms::SmsError;
use poem::http::Method;
use serde_json::json;

use crate::harness::{ALICE, Actor, BOB, Harness, other_than, statuses};

#[tokio::test]
async fn the_token_may_come_in_the_body() {
    let harness = Harness::new();
    let token = harness.ask(ALICE).await;
    let body = json!({ "sms_code": harness.code(), "sms_token": token });
    harness.post("/login/sms-confirm/", body).await.ok();
}

#[tokio::test]
async fn tokens_in_header_and_body_must_be_equal() {
    let harness = Harness::new();
    let (token, other) = (harness.ask(ALICE).await, harness.ask(ALICE).await);
    let confirm = async |member: &str| {
        let body = json!({ "sms_code": harness.code(), "sms_token": member });
        harness
            .call(
                Method::POST,
                "/login/sms-confirm/",
                &[("sms-token", &token)],
                Some(body),
            )
            .await
    };
    let problem = confirm(&other).await.refused(422, "validation_failed");
    assert_eq!(problem["errors"][0]["pointer"], "#/sms_token");
    confirm(&token).await.ok();
}

#[tokio::test]
async fn without_a_token_nothing_is_confirmed() {
    let harness = Harness::new();
    harness.ask(ALICE).await;
    let reply = harness
        .post("/login/sms-confirm/", json!({ "sms_code": harness.code() }))
        .await;
    reply.refused(401, "sms_token_missing");
    assert_eq!(reply.header("www-authenticate"), Some("SMS-Token"));
}

#[tokio::test]
async fn three_guesses_are_evaluated_and_no_more() {
    let harness = Harness::new();
    let token = harness.ask(ALICE).await;
    for left in [2, 1, 0] {
        let problem = harness
            .confirm(&token, &harness.wrong_code())
            .await
            .refused(401, "sms_code_invalid");
        assert_eq!(problem["attempts_left"], left);
    }
    let reply = harness.confirm(&token, &harness.code()).await;
    let problem = reply.refused(429, "too_many_attempts");
    assert_eq!(problem["limit"], "guesses_per_token");
    assert_eq!(
        problem["retry_after"].to_string(),
        reply.header("retry-after").unwrap()
    );
}

#[tokio::test]
async fn parallel_guesses_gain_nothing() {
    let harness = Harness::new();
    let token = harness.ask(ALICE).await;
    let wrong = harness.wrong_code();
    let replies = join_all((0..30).map(|_| harness.confirm(&token, &wrong))).await;
    let evaluated = replies.iter().filter(|reply| reply.status == 401).count();
    assert_eq!(
        (
            evaluated,
            replies.iter().filter(|reply| reply.status == 429).count()
        ),
        (3, 27)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_confirmations_at_once_one_succeeds() {
    let harness = Harness::new();
    let token = harness.ask(ALICE).await;
    let code = harness.code();
    let tasks = (0..2).map(|_| {
        let (harness, token, code) = (harness.clone(), token.clone(), code.clone());
        tokio::spawn(async move { harness.confirm(&token, &code).await.status.as_u16() })
    });
    assert_eq!(statuses(tasks).await, [200, 401]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_first_confirmations_at_once_make_one_user() {
    let harness = Harness::with(&[("INVITED_LOGIN__LIVE_TOKENS_PER_PHONE", "50")]);
    let mut tokens = Vec::new();
    for _ in 0..50 {
        tokens.push(harness.ask(ALICE).await);
    }
    let code = harness.code();
    let tasks = tokens.into_iter().map(|token| {
        let (harness, code) = (harness.clone(), code.clone());
        tokio::spawn(async move { harness.confirm(&token, &code).await })
    });
    let replies: Vec<_> = join_all(tasks)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    let (winners, losers): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 200);
    assert_eq!((winners.len(), losers.len()), (1, 49));
    for reply in losers {
        reply.refused(401, "sms_token_used");
    }
    let again = harness.login(ALICE).await;
    assert_eq!(
        again.profile().await,
        Actor::of(&harness, winners[0]).profile().await
    );
}

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
async fn what_cannot_be_a_code_costs_no_attempt() {
    let harness = Harness::new();
    let token = harness.ask(ALICE).await;
    for guess in [
        json!(1234),
        json!(null),
        json!(true),
        json!(["1234"]),
        json!(""),
        json!("123"),
        json!("12345"),
        json!("12 4"),
        json!("١٢٣٤"),
    ] {
        let reply = harness
            .call(
                Method::POST,
                "/login/sms-confirm/",
                &[("sms-token", &token)],
                Some(json!({ "sms_code": guess })),
            )
            .await;
        let problem = reply.refused(422, "validation_failed");
        assert_eq!(problem["errors"][0]["pointer"], "#/sms_code", "{guess}");
    }
    let problem = harness
        .confirm(&token, &harness.wrong_code())
        .await
        .refused(401, "sms_code_invalid");
    assert_eq!(problem["attempts_left"], 2);
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

#[tokio::test]
async fn a_newcomer_may_bring_an_invitation_code() {
    let harness = Harness::new();
    let code = harness.login(ALICE).await.invitation_code().await;
    let token = harness.ask(BOB).await;
    let body = json!({ "sms_code": harness.code(), "sms_token": token, "invitation_code": code.to_lowercase() });
    let reply = harness.post("/login/sms-confirm/", body).await;
    assert_eq!(
        reply.ok()["invitation"],
        json!({ "accepted": true, "invited_by": &ALICE[1..] })
    );
    assert_eq!(
        Actor::of(&harness, &reply).profile().await["invited_by"],
        &ALICE[1..]
    );
}

#[tokio::test]
async fn a_wrong_invitation_code_does_not_keep_anybody_out() {
    let harness = Harness::new();
    for (phone, code) in [(ALICE, "ZZZZZZ"), (BOB, "not a code at all")] {
        let token = harness.ask(phone).await;
        let body =
            json!({ "sms_code": harness.code(), "sms_token": token, "invitation_code": code });
        let reply = harness.post("/login/sms-confirm/", body).await;
        assert_eq!(
            reply.ok()["invitation"],
            json!({ "accepted": false, "code": "invitation_not_found" })
        );
        assert_eq!(
            Actor::of(&harness, &reply).profile().await["invited_by"],
            json!(null)
        );
    }
}

#[tokio::test]
async fn a_device_is_recognised_by_its_token() {
    let harness = Harness::new();
    let first = harness.login(ALICE).await;
    let confirm = async |phone: &str, device: &str| harness.login_on(phone, device).await.device;
    assert_eq!(confirm(ALICE, &first.device).await, first.device);
    for stranger in ["", "x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
        assert_ne!(confirm(ALICE, stranger).await, stranger);
    }
    assert_ne!(
        confirm(BOB, &first.device).await,
        first.device,
        "a device is one user's"
    );
}

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
