//! Contract, section 4.

mod challenge;
mod message;

use futures_util::future::join_all;
use poem::http::Method;
use serde_json::json;

use crate::harness::{ALICE, Actor, BOB, Harness, statuses};

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
