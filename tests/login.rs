//! Contract, section 4.

use futures_util::future::join_all;
use invited::sms::SmsError;
use poem::http::Method;
use serde_json::json;

use crate::harness::{ALICE, Actor, BOB, Harness, other_than, statuses};

#[tokio::test]
async fn the_token_may_come_in_the_body() {
    let house = Harness::new();
    let token = house.ask(ALICE).await;
    let body = json!({ "sms_code": house.code(), "sms_token": token });
    house.post("/login/sms-confirm/", body).await.ok();
}

#[tokio::test]
async fn tokens_in_header_and_body_must_be_equal() {
    let house = Harness::new();
    let (token, other) = (house.ask(ALICE).await, house.ask(ALICE).await);
    let confirm = async |member: &str| {
        let body = json!({ "sms_code": house.code(), "sms_token": member });
        house
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
    let house = Harness::new();
    house.ask(ALICE).await;
    let reply = house
        .post("/login/sms-confirm/", json!({ "sms_code": house.code() }))
        .await;
    reply.refused(401, "sms_token_missing");
    assert_eq!(reply.header("www-authenticate"), Some("SMS-Token"));
}

#[tokio::test]
async fn three_guesses_are_evaluated_and_no_more() {
    let house = Harness::new();
    let token = house.ask(ALICE).await;
    for left in [2, 1, 0] {
        let problem = house
            .confirm(&token, &house.wrong_code())
            .await
            .refused(401, "sms_code_invalid");
        assert_eq!(problem["attempts_left"], left);
    }
    let reply = house.confirm(&token, &house.code()).await;
    let problem = reply.refused(429, "too_many_attempts");
    assert_eq!(problem["limit"], "guesses_per_token");
    assert_eq!(
        problem["retry_after"].to_string(),
        reply.header("retry-after").unwrap()
    );
}

#[tokio::test]
async fn parallel_guesses_gain_nothing() {
    let house = Harness::new();
    let token = house.ask(ALICE).await;
    let wrong = house.wrong_code();
    let replies = join_all((0..30).map(|_| house.confirm(&token, &wrong))).await;
    let evaluated = replies.iter().filter(|reply| reply.status == 401).count();
    assert_eq!(
        (
            evaluated,
            replies.iter().filter(|reply| reply.status == 429).count()
        ),
        (3, 27)
    );
}

#[tokio::test]
async fn a_token_works_once() {
    let house = Harness::new();
    let token = house.ask(ALICE).await;
    let code = house.code();
    house.confirm(&token, &code).await.ok();
    house
        .confirm(&token, &code)
        .await
        .refused(401, "sms_token_used");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_confirmations_at_once_one_succeeds() {
    let house = Harness::new();
    let token = house.ask(ALICE).await;
    let code = house.code();
    let tasks = (0..2).map(|_| {
        let (house, token, code) = (house.clone(), token.clone(), code.clone());
        tokio::spawn(async move { house.confirm(&token, &code).await.status.as_u16() })
    });
    assert_eq!(statuses(tasks).await, [200, 401]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_first_confirmations_at_once_make_one_user() {
    let house = Harness::with(&[("INVITED_LOGIN__LIVE_TOKENS_PER_PHONE", "50")]);
    let mut tokens = Vec::new();
    for _ in 0..50 {
        tokens.push(house.ask(ALICE).await);
    }
    let code = house.code();
    let tasks = tokens.into_iter().map(|token| {
        let (house, code) = (house.clone(), code.clone());
        tokio::spawn(async move { house.confirm(&token, &code).await })
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
    let again = house.login(ALICE).await;
    assert_eq!(
        again.profile().await,
        Actor::of(&house, winners[0]).profile().await
    );
}

#[tokio::test]
async fn a_success_spends_the_phones_other_tokens() {
    let house = Harness::new();
    let (first, second) = (house.ask(ALICE).await, house.ask(ALICE).await);
    let code = house.code();
    house.confirm(&second, &code).await.ok();
    house
        .confirm(&first, &code)
        .await
        .refused(401, "sms_token_used");
}

#[tokio::test]
async fn while_a_token_lives_the_same_code_is_sent_again() {
    let house = Harness::new();
    let first = house.ask(ALICE).await;
    let code = house.code();
    house.advance(60);
    house.ask(ALICE).await;
    assert_eq!(house.code(), code);
    house.confirm(&first, &code).await.ok();
}

#[tokio::test]
async fn three_tokens_of_a_phone_live_at_once() {
    let house = Harness::new();
    for _ in 0..3 {
        house.ask(ALICE).await;
        house.advance(10);
    }
    let (stranger, body) = ([203, 0, 113, 9].into(), json!({ "phone": ALICE }));
    let reply = house.call_from(stranger, Method::POST, "/login/", &[], Some(body));
    let problem = reply.await.refused(429, "sms_rate_limited");
    assert_eq!(
        (&problem["limit"], &problem["retry_after"]),
        (&json!("live_tokens_per_phone"), &json!(150))
    );
    house.ask(BOB).await;
    house.advance(150);
    house.ask(ALICE).await;
}

#[tokio::test]
async fn a_dead_token_makes_room_and_its_code_is_not_sent_again() {
    let house = Harness::with(&[("INVITED_LOGIN__CODE_LENGTH", "10")]);
    let token = house.ask(ALICE).await;
    let code = house.code();
    for _ in 0..3 {
        house
            .confirm(&token, &other_than(&code))
            .await
            .refused(401, "sms_code_invalid");
    }
    for _ in 0..3 {
        house.ask(ALICE).await;
        assert_ne!(house.code(), code);
    }
}

#[tokio::test]
async fn a_token_lives_three_minutes() {
    let house = Harness::new();
    let token = house.ask(ALICE).await;
    let code = house.code();
    house.advance(179);
    house
        .confirm(&token, &other_than(&code))
        .await
        .refused(401, "sms_code_invalid");
    house.advance(1);
    house
        .confirm(&token, &code)
        .await
        .refused(401, "sms_token_expired");
}

#[tokio::test]
async fn what_cannot_be_a_code_costs_no_attempt() {
    let house = Harness::new();
    let token = house.ask(ALICE).await;
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
        let reply = house
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
    let problem = house
        .confirm(&token, &house.wrong_code())
        .await
        .refused(401, "sms_code_invalid");
    assert_eq!(problem["attempts_left"], 2);
}

#[tokio::test]
async fn codes_may_be_longer() {
    let house = Harness::with(&[("INVITED_LOGIN__CODE_LENGTH", "6")]);
    let reply = house.post("/login/", json!({ "phone": ALICE })).await.ok();
    assert_eq!(
        (&reply["sms_code_length"], house.code().len()),
        (&json!(6), 6)
    );
    let token = reply["sms-token"].as_str().unwrap();
    house
        .confirm(token, "1234")
        .await
        .refused(422, "validation_failed");
    house.confirm(token, &house.code()).await.ok();
}

#[tokio::test]
async fn a_token_with_anything_changed_is_not_valid() {
    let house = Harness::new();
    let token = house.ask(ALICE).await;
    let code = house.code();
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
        house
            .confirm(&token, &code)
            .await
            .refused(401, "sms_token_invalid");
    }
    house.confirm(&token, &code).await.ok();
}

#[tokio::test]
async fn a_token_opens_the_account_of_its_own_phone_only() {
    let house = Harness::new();
    let (alice, code) = (house.ask(ALICE).await, house.code());
    let bob = house.ask(BOB).await;
    let actor = Actor::of(&house, &house.confirm(&alice, &code).await);
    assert_eq!(actor.profile().await["phone"], &ALICE[1..]);
    Actor::of(&house, &house.confirm(&bob, &house.code()).await);
}

#[tokio::test]
async fn a_newcomer_may_bring_an_invitation_code() {
    let house = Harness::new();
    let code = house.login(ALICE).await.invitation_code().await;
    let token = house.ask(BOB).await;
    let body = json!({ "sms_code": house.code(), "sms_token": token, "invitation_code": code.to_lowercase() });
    let reply = house.post("/login/sms-confirm/", body).await;
    assert_eq!(
        reply.ok()["invitation"],
        json!({ "accepted": true, "invited_by": &ALICE[1..] })
    );
    assert_eq!(
        Actor::of(&house, &reply).profile().await["invited_by"],
        &ALICE[1..]
    );
}

#[tokio::test]
async fn a_wrong_invitation_code_does_not_keep_anybody_out() {
    let house = Harness::new();
    for (phone, code) in [(ALICE, "ZZZZZZ"), (BOB, "not a code at all")] {
        let token = house.ask(phone).await;
        let body = json!({ "sms_code": house.code(), "sms_token": token, "invitation_code": code });
        let reply = house.post("/login/sms-confirm/", body).await;
        assert_eq!(
            reply.ok()["invitation"],
            json!({ "accepted": false, "code": "invitation_not_found" })
        );
        assert_eq!(
            Actor::of(&house, &reply).profile().await["invited_by"],
            json!(null)
        );
    }
}

#[tokio::test]
async fn a_device_is_recognised_by_its_token() {
    let house = Harness::new();
    let first = house.login(ALICE).await;
    let confirm = async |phone: &str, device: &str| house.login_on(phone, device).await.device;
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
    let house = Harness::with(&[(
        "INVITED_TEST_NUMBERS__79990000001",
        r#"{ code = "1234", until = 2024-04-16T00:00:00Z }"#,
    )]);
    for _ in 0..5 {
        let token = house.ask("+79990000001").await;
        house
            .confirm(&token, "4321")
            .await
            .refused(401, "sms_code_invalid");
        house.confirm(&token, "1234").await.ok();
    }
    assert_eq!(house.gateway.count(), 0);
    house.advance(24 * 3600);
    let token = house.ask("+79990000001").await;
    assert_eq!(house.gateway.count(), 1);
    house.confirm(&token, &house.code()).await.ok();
}

#[tokio::test]
async fn a_fixed_code_ends_with_its_test_number() {
    let number = r#"{ code = "1234", until = 2024-04-15T21:12:13Z }"#;
    let house = Harness::with(&[("INVITED_TEST_NUMBERS__79990000001", number)]);
    let reply = house
        .post("/login/", json!({ "phone": "+79990000001" }))
        .await
        .ok();
    assert_eq!(reply["expires_in"], 60);
    house.advance(60);
    house
        .confirm(reply["sms-token"].as_str().unwrap(), "1234")
        .await
        .refused(401, "sms_token_expired");
}

#[tokio::test]
async fn a_gateways_refusal_is_told_and_costs_nothing() {
    let house = Harness::new();
    for error in [
        SmsError::Rejected,
        SmsError::Misconfigured,
        SmsError::Throttled,
        SmsError::NotSent,
    ] {
        *house.gateway.fails.lock().unwrap() = Some(error);
        let reply = house.post("/login/", json!({ "phone": ALICE })).await;
        reply.refused(503, "sms_unavailable");
        assert!(reply.header("retry-after").is_some());
    }
    *house.gateway.fails.lock().unwrap() = None;
    for _ in 0..3 {
        house.ask(ALICE).await;
    }
}

#[tokio::test]
async fn a_message_that_may_have_arrived_can_be_confirmed() {
    let house = Harness::new();
    house.ask(ALICE).await;
    let code = house.code();
    *house.gateway.fails.lock().unwrap() = Some(SmsError::Unknown);
    let token = house.ask(ALICE).await;
    house.confirm(&token, &code).await.ok();
}

#[tokio::test]
async fn a_provider_may_choose_the_code() {
    let house = Harness::new();
    *house.gateway.chooses.lock().unwrap() = Some("0042".to_owned());
    let token = house.ask(ALICE).await;
    house.confirm(&token, "0042").await.ok();
}

#[tokio::test]
async fn login_answers_alike_whether_or_not_the_phone_is_known() {
    let house = Harness::new();
    house.login(ALICE).await;
    let shape = async |phone: &str| {
        let reply = house.post("/login/", json!({ "phone": phone })).await;
        let mut body = reply.ok();
        let token = body["sms-token"].take();
        let headers: Vec<_> = reply.headers.keys().map(ToString::to_string).collect();
        (body, token.as_str().unwrap().len(), headers)
    };
    assert_eq!(shape(ALICE).await, shape(BOB).await);
}
