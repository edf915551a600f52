//! Hostile input at scale: requests that were made up, held against what every
//! answer must be, and people who do things in any order, held against a
//! model. All that is logged meanwhile is searched for what may not be in it.
//!
//! The short form is part of every run and draws the same every time; the long
//! form (`--ignored`) makes more than a million requests with chance of its
//! own, prints its seeds, and takes one from `FUZZ_SEED`.

mod chance;
mod document;
pub mod journal;
mod law;
mod people;
mod shot;

use std::{collections::BTreeMap, net::IpAddr, time::Duration};

use invited::clock::{Clock, SystemClock};

use self::{
    chance::Chance,
    journal::{Journal, assert_mute},
    law::{Law, told},
    people::People,
    shot::{Shot, cast::Cast, token},
};
use crate::harness::{ALICE, BOB, Harness};

/// How often each outcome came: a problem's code, or `ok`.
type Outcomes = BTreeMap<String, usize>;

/// Limits that do not keep the cast from logging in, and proxies to lie about.
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

/// People mistype too often for short codes to stay good.
const LONG_CODES: [(&str, &str); 1] = [("INVITED_LOGIN__CODE_LENGTH", "6")];

/// Requests in a harness, until another is built.
const STAY: usize = 20_000;

/// Sends so many made-up requests, and judges every answer.
async fn shoot(chance: &mut Chance, harness: &Harness, shots: usize, outcomes: &mut Outcomes) {
    let (journal, _guard) = Journal::open();
    let law = Law::read();
    let mut cast = Cast::gather(harness, chance).await;
    let mut sent = 0;
    while sent < shots {
        let shot = Shot::draw(chance, &law.document, &cast);
        // One of them is a trusted proxy.
        let peer = IpAddr::from([203, 0, 113, 127 + chance.byte() % 2]);
        let Some(reply) = shot.send(harness, peer).await else {
            continue;
        };
        if let Err(reason) = law.judge(&shot, &reply) {
            panic!("{reason}: {shot:?}\n\n{reply:?}");
        }
        sent += 1;
        *outcomes.entry(told(&reply)).or_default() += 1;
        cast.recover(chance, &shot.call, &reply).await;
        match sent % 500 {
            // Every token expires; a while later there are new ones.
            400 => harness.advance(9100),
            450 => cast = Cast::gather(harness, chance).await,
            _ => {}
        }
        assert_mute(&journal.take());
    }
}

/// Lets people act until they sent so many requests.
async fn live(chance: Chance, harness: Harness, is_limited: bool, requests: usize) -> Outcomes {
    let (journal, _guard) = Journal::open();
    let mut people = People::of(harness, chance, is_limited);
    while people.sent() < requests {
        people.act().await;
        assert_mute(&journal.take());
    }
    std::mem::take(&mut people.outcomes)
}

/// Asserts that chance did not avoid what was to be tried.
#[track_caller]
fn assert_came(outcomes: &Outcomes, expected: &str) {
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
async fn whatever_is_sent_the_answer_is_a_documented_one() {
    let mut outcomes = Outcomes::new();
    shoot(&mut Chance::of(1), &Harness::new(), 1200, &mut outcomes).await;
    let expected = "ok malformed_json method_not_allowed not_found payload_too_large \
         sms_token_invalid token_invalid unauthenticated unsupported_media_type";
    assert_came(&outcomes, expected);
}

#[tokio::test]
async fn people_get_what_the_model_says() {
    let outcomes = live(Chance::of(2), Harness::with(&LONG_CODES), false, 600).await;
    assert_came(
        &outcomes,
        "ok invitation_already_set refresh_reused sms_code_invalid sms_token_used too_many_attempts",
    );
}

#[tokio::test]
async fn limits_only_take_away_from_what_the_model_says() {
    let outcomes = live(Chance::of(3), Harness::as_is(&[]), true, 600).await;
    assert_came(
        &outcomes,
        "ok sms_code_invalid sms_rate_limited sms_token_used",
    );
}

#[tokio::test]
async fn a_token_with_any_letter_changed_or_left_out_is_none() {
    let harness = Harness::new();
    let actor = harness.login(ALICE).await;
    let (token, code) = (harness.ask(BOB).await, harness.code());
    for access in token::broken(&actor.access) {
        let reply = actor.bearing(&access).get("/profile/").await;
        reply.refused(401, "token_invalid");
    }
    for refresh in token::broken(&actor.refresh) {
        actor.exchange(&refresh).await.refused(401, "token_invalid");
    }
    for token in token::broken(&token) {
        let reply = harness.confirm(&token, &code).await;
        reply.refused(401, "sms_token_invalid");
    }
}

#[tokio::test]
#[ignore = "takes minutes"]
async fn a_million_requests_get_documented_answers() {
    let (mut chance, begun) = (Chance::fresh(), SystemClock.steady());
    let mut outcomes = Outcomes::new();
    for round in 0..50 {
        let harness = if round % 5 == 4 {
            Harness::with(&LIMITED)
        } else {
            Harness::new()
        };
        shoot(&mut chance, &harness, STAY, &mut outcomes).await;
    }
    report(&outcomes, begun);
    assert_came(
        &outcomes,
        "invitation_not_found sms_code_invalid sms_token_expired sms_token_missing token_expired",
    );
}

#[tokio::test]
#[ignore = "takes minutes"]
async fn people_get_what_the_model_says_for_a_long_time() {
    let (mut chance, begun) = (Chance::fresh(), SystemClock.steady());
    let mut outcomes = Outcomes::new();
    for round in 0..40 {
        let is_limited = round % 2 == 1;
        let harness = if is_limited {
            Harness::as_is(&[])
        } else {
            Harness::with(&LONG_CODES)
        };
        for (outcome, count) in live(chance.branch(), harness, is_limited, 5000).await {
            *outcomes.entry(outcome).or_default() += count;
        }
    }
    report(&outcomes, begun);
    assert_came(
        &outcomes,
        "invitation_cycle phone_taken refresh_reused sms_unavailable too_many_attempts",
    );
}
