//! Fuzzing: generated requests, whose responses are checked against what every
//! response must be, and stateful tests, whose responses are compared with a
//! model. All that is logged meanwhile is searched for personal data.
//!
//! The short form is part of every run and generates the same every time; the
//! long form (`--ignored`) makes more than a million requests from random
//! seeds, prints them, and takes one from `FUZZ_SEED`.

mod checks;
pub mod log;
pub mod openapi;
mod request;
mod rng;
mod stateful;

use std::{collections::BTreeMap, net::IpAddr, time::Duration};

use invited::clock::{Clock, SystemClock};

use self::{
    checks::{ResponseChecks, outcome},
    log::{LogCapture, assert_no_personal_data},
    request::{GeneratedRequest, accounts::Accounts, token},
    rng::TestRng,
    stateful::StatefulTest,
};
use crate::harness::{ALICE, BOB, Harness};

/// How often each outcome came: a problem's code, or `ok`.
type Outcomes = BTreeMap<String, usize>;

/// Limits that do not keep the accounts from logging in, and trusted proxies.
const LIMITED: [(&str, &str); 6] = [
    (
        "INVITED_LIMITS__WRONG_GUESSES_PER_PHONE",
        "5/24h, 8/7d, 10/30d",
    ),
    ("INVITED_LIMITS__WRONG_LONG_GUESSES_PER_PHONE", "30/24h"),
    (
        "INVITED_LIMITS__FAILED_CONFIRMATIONS_PER_SOURCE",
        "10/1h, 20/24h",
    ),
    ("INVITED_LIMITS__WRONG_INVITATION_CODES_PER_USER", "10/24h"),
    (
        "INVITED_LIMITS__WRONG_INVITATION_CODES_PER_SOURCE",
        "30/24h",
    ),
    ("INVITED_HTTP__TRUSTED_PROXIES", "203.0.113.0/25"),
];

const REQUESTS_PER_HARNESS: usize = 20_000;

/// Sends so many generated requests, and checks every response.
async fn send_generated(rng: &mut TestRng, harness: &Harness, requests: usize) -> Outcomes {
    let (capture, _guard) = LogCapture::start();
    let checks = ResponseChecks::read();
    let mut accounts = Accounts::create(harness, rng).await;
    let (mut sent, mut outcomes) = (0, Outcomes::new());
    while sent < requests {
        let request = GeneratedRequest::random(rng, &checks.openapi, &accounts);
        // One of them is a trusted proxy.
        let peer = IpAddr::from([203, 0, 113, 127 + rng.byte() % 2]);
        let Some(reply) = request.send(harness, peer).await else {
            continue;
        };
        if let Err(violation) = checks.check(&request, &reply) {
            panic!("{violation}: {request:?}\n\n{reply:?}");
        }
        sent += 1;
        *outcomes.entry(outcome(&reply)).or_default() += 1;
        let operation = &request.operation;
        accounts.replace_used(rng, operation, &reply).await;
        match sent % 500 {
            // Every token expires; a while later there are new ones.
            400 => harness.advance(9100),
            450 => accounts = Accounts::create(harness, rng).await,
            _ => {}
        }
        assert_no_personal_data(&capture.take());
    }
    outcomes
}

/// Runs random steps until so many requests were sent.
async fn compare_with_model(mut test: StatefulTest, requests: usize) -> Outcomes {
    let (capture, _guard) = LogCapture::start();
    while test.sent() < requests {
        test.step().await;
        assert_no_personal_data(&capture.take());
    }
    std::mem::take(&mut test.outcomes)
}

fn add(outcomes: &mut Outcomes, more: Outcomes) {
    for (outcome, count) in more {
        *outcomes.entry(outcome).or_default() += count;
    }
}

/// Asserts that the seed covers these.
#[track_caller]
fn assert_covered(outcomes: &Outcomes, expected: &str) {
    for outcome in expected.split(' ') {
        assert!(outcomes.contains_key(outcome), "no {outcome}: {outcomes:?}");
    }
}

fn report(outcomes: &Outcomes, begun: Duration) {
    let took = SystemClock.steady().saturating_sub(begun);
    let sent: usize = outcomes.values().sum();
    println!("{sent} requests in {took:.0?}: {outcomes:?}");
}

#[tokio::test]
async fn generated_requests_get_documented_responses() {
    let outcomes = send_generated(&mut TestRng::seeded(1), &Harness::new(), 1200).await;
    let expected = "ok malformed_json method_not_allowed not_found payload_too_large \
         sms_token_invalid token_invalid unauthenticated unsupported_media_type";
    assert_covered(&outcomes, expected);
}

#[tokio::test]
async fn responses_are_what_the_model_says() {
    let test = StatefulTest::without_limits(TestRng::seeded(2));
    let outcomes = compare_with_model(test, 600).await;
    let expected = "ok invitation_already_set refresh_reused sms_code_invalid sms_token_used \
         too_many_attempts";
    assert_covered(&outcomes, expected);
}

#[tokio::test]
async fn limits_only_take_away_from_what_the_model_says() {
    let test = StatefulTest::with_limits(TestRng::seeded(3));
    let outcomes = compare_with_model(test, 600).await;
    let expected = "ok sms_code_invalid sms_rate_limited sms_token_used";
    assert_covered(&outcomes, expected);
}

#[tokio::test]
async fn a_token_with_any_letter_changed_or_left_out_is_invalid() {
    let harness = Harness::new();
    let actor = harness.login(ALICE).await;
    let (token, code) = (harness.ask(BOB).await, harness.code());
    for access in token::corrupted(&actor.access) {
        let reply = actor.bearing(&access).get("/profile/").await;
        reply.refused(401, "token_invalid");
    }
    for refresh in token::corrupted(&actor.refresh) {
        actor.exchange(&refresh).await.refused(401, "token_invalid");
    }
    for token in token::corrupted(&token) {
        let reply = harness.confirm(&token, &code).await;
        reply.refused(401, "sms_token_invalid");
    }
}

#[tokio::test]
#[ignore = "takes minutes"]
async fn a_million_generated_requests_get_documented_responses() {
    let (mut rng, begun) = (TestRng::from_env(), SystemClock.steady());
    let mut outcomes = Outcomes::new();
    for round in 0..50 {
        let settings: &[_] = if round % 5 == 4 { &LIMITED } else { &[] };
        let harness = Harness::with(settings);
        let round = send_generated(&mut rng, &harness, REQUESTS_PER_HARNESS);
        add(&mut outcomes, round.await);
    }
    report(&outcomes, begun);
    let expected = "invitation_not_found sms_code_invalid sms_token_expired sms_token_missing \
         token_expired";
    assert_covered(&outcomes, expected);
}

#[tokio::test]
#[ignore = "takes minutes"]
async fn responses_are_what_the_model_says_for_a_long_time() {
    let (mut rng, begun) = (TestRng::from_env(), SystemClock.steady());
    let mut outcomes = Outcomes::new();
    for round in 0..40 {
        let test = if round % 2 == 1 {
            StatefulTest::with_limits(rng.fork())
        } else {
            StatefulTest::without_limits(rng.fork())
        };
        add(&mut outcomes, compare_with_model(test, 5000).await);
    }
    report(&outcomes, begun);
    let expected = "invitation_cycle phone_taken refresh_reused sms_unavailable too_many_attempts";
    assert_covered(&outcomes, expected);
}
