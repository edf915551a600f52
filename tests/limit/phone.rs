//! How often one phone may have messages, and guesses.

use std::{net::IpAddr, time::Duration};

use serde_json::json;

use super::{DAY, HOUR, limited, token};
use crate::harness::{ALICE, Actor, BOB, Harness, NOON, other_than, postgres, statuses};

#[tokio::test]
async fn a_phone_gets_one_message_a_minute_three_in_a_quarter_ten_a_day() {
    let harness = Harness::with(&[("INVITED_LIMITS__SENDS_PER_PHONE", "1/60s, 3/15m, 10/24h")]);
    assert_eq!(harness.asked(ALICE).await.ok()["resend_in"], 60);
    let asked = harness.asked_elsewhere("8 (900) 123-45-67").await;
    limited(&asked, "sms_rate_limited", "sends_per_phone", 60);
    harness.asked(BOB).await.ok();
    harness.advance(60);
    harness.asked(ALICE).await.ok();
    harness.advance(60);
    assert_eq!(harness.asked(ALICE).await.ok()["resend_in"], 780);
    harness.advance(779);
    limited(
        &harness.asked(ALICE).await,
        "sms_rate_limited",
        "sends_per_phone",
        1,
    );
    for _ in 3..10 {
        harness.advance(HOUR);
        harness.asked(ALICE).await.ok();
    }
    harness.advance(HOUR);
    let wait = DAY - 8 * HOUR - 899;
    limited(
        &harness.asked(ALICE).await,
        "sms_rate_limited",
        "sends_per_phone",
        wait,
    );
    harness.advance(wait);
    harness.asked(ALICE).await.ok();
}

#[tokio::test]
async fn five_wrong_guesses_a_day_are_evaluated_then_new_codes_are_long() {
    let harness = Harness::with(&[(
        "INVITED_LIMITS__WRONG_GUESSES_PER_PHONE",
        "5/24h, 8/7d, 10/30d",
    )]);
    harness.guess_wrong(ALICE, 5).await;
    let (token, code) = (harness.ask(ALICE).await, harness.code());
    assert_eq!(code.len(), 6);
    harness
        .confirm(&token, &other_than(&code))
        .await
        .refused(401, "sms_code_invalid");
    harness.confirm(&token, &code).await.ok();
    assert_eq!(harness.asked(BOB).await.ok()["sms_code_length"], 4);
    harness.advance(DAY);
    assert_eq!(harness.asked(ALICE).await.ok()["sms_code_length"], 4);
    harness.guess_wrong(ALICE, 3).await;
    harness.advance(DAY);
    assert_eq!(harness.asked(ALICE).await.ok()["sms_code_length"], 6);
    harness.advance(7 * DAY);
    harness.guess_wrong(ALICE, 2).await;
    harness.advance(7 * DAY);
    assert_eq!(harness.asked(ALICE).await.ok()["sms_code_length"], 6);
    harness.advance(30 * DAY);
    assert_eq!(harness.asked(ALICE).await.ok()["sms_code_length"], 4);
}

#[tokio::test]
async fn a_short_code_that_was_sent_before_is_not_evaluated_any_more() {
    let harness = Harness::with(&[("INVITED_LIMITS__WRONG_GUESSES_PER_PHONE", "2/24h")]);
    let (first, second) = (harness.ask(ALICE).await, harness.ask(ALICE).await);
    let code = harness.code();
    for _ in 0..2 {
        harness
            .confirm(&first, &other_than(&code))
            .await
            .refused(401, "sms_code_invalid");
    }
    for guess in [other_than(&code), code] {
        let reply = harness.confirm(&second, &guess).await;
        limited(&reply, "too_many_attempts", "wrong_guesses_per_phone", DAY);
    }
    assert_eq!(harness.asked(ALICE).await.ok()["sms_code_length"], 6);
}

#[tokio::test]
async fn long_codes_have_a_budget_of_their_own() {
    let harness = Harness::with(&[
        ("INVITED_LIMITS__WRONG_GUESSES_PER_PHONE", "1/24h"),
        ("INVITED_LIMITS__WRONG_LONG_GUESSES_PER_PHONE", "5/24h"),
    ]);
    harness.guess_wrong(ALICE, 1).await;
    harness.guess_wrong(ALICE, 5).await;
    let token = harness.ask(ALICE).await;
    let reply = harness.confirm(&token, &harness.code()).await;
    let problem = reply.refused(429, "too_many_attempts");
    assert_eq!(problem["limit"], "wrong_long_guesses_per_phone");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_guesses_at_once_are_eight() {
    let harness = Harness::with(&[
        ("INVITED_LIMITS__WRONG_GUESSES_PER_PHONE", "8/24h"),
        ("INVITED_LOGIN__LIVE_TOKENS_PER_PHONE", "50"),
    ]);
    let mut tokens = Vec::new();
    for _ in 0..50 {
        tokens.push(harness.ask(ALICE).await);
    }
    let wrong = harness.wrong_code();
    let guesses = (0..1000).map(|number| {
        let (harness, wrong) = (harness.clone(), wrong.clone());
        let token = tokens[number % tokens.len()].clone();
        tokio::spawn(async move { harness.confirm(&token, &wrong).await.status.as_u16() })
    });
    let statuses = statuses(guesses).await;
    let evaluated = statuses.iter().filter(|status| **status == 401).count();
    // Who would have waited for too long for the others is told so.
    let last = statuses.last().copied().unwrap();
    assert!(
        evaluated == 8 && (last == 429 || postgres::is_asked_for()),
        "{evaluated} {last}"
    );
}

#[tokio::test]
async fn neither_a_deleted_account_nor_a_clock_set_back_resets_a_limit() {
    let harness = Harness::as_is(&[]);
    let alice = harness.login(ALICE).await;
    alice.delete("/profile/").await;
    limited(
        &harness.asked(ALICE).await,
        "sms_rate_limited",
        "sends_per_phone",
        60,
    );
    let noon = crate::harness::NOON;
    harness
        .clock
        .set(noon - std::time::Duration::from_secs(DAY));
    limited(
        &harness.asked(ALICE).await,
        "sms_rate_limited",
        "sends_per_phone",
        60,
    );
    // Time that passes does count, whatever the clock shows.
    harness.advance(60);
    harness.asked(ALICE).await.ok();
    harness.clock.set(noon);
    assert_eq!(harness.asked(ALICE).await.status, 429);
}

#[tokio::test]
async fn another_phone_is_proved_within_the_same_limits() {
    let harness = Harness::as_is(&[]);
    let alice = harness.login(ALICE).await;
    let token = token(&alice.post("/profile/phone/", json!({ "phone": BOB })).await);
    let wrong = harness.wrong_code();
    let again = harness.asked_elsewhere(BOB).await;
    limited(&again, "sms_rate_limited", "sends_per_phone", 60);
    for _ in 0..3 {
        alice
            .confirm_phone(&token, &wrong)
            .await
            .refused(401, "sms_code_invalid");
    }
    harness.guess_later(BOB, 2).await;
    harness.advance(HOUR);
    assert_eq!(harness.asked(BOB).await.ok()["sms_code_length"], 6);
}

impl Harness {
    /// The same as [`Harness::guess_wrong`], slowly enough for every limit.
    async fn guess_later(&self, phone: &str, guesses: usize) {
        for guess in 0..guesses {
            self.advance(1200);
            let peer = IpAddr::from([203, 0, 113, u8::try_from(guess).unwrap()]);
            let token = token(&self.ask_as(phone, "", [203, 0, 113, 9]).await);
            let reply = self.confirm_from(peer, &token, &self.wrong_code()).await;
            reply.refused(401, "sms_code_invalid");
        }
    }
}

#[tokio::test]
async fn guesses_end_no_session() {
    let harness = Harness::with(&[("INVITED_LIMITS__WRONG_GUESSES_PER_PHONE", "8/24h")]);
    let alice: Actor = harness.login(ALICE).await;
    harness.guess_wrong(ALICE, 8).await;
    harness.guess_wrong(ALICE, 12).await;
    alice.profile().await;
    alice.exchange(&alice.refresh).await.ok();
}

#[tokio::test]
async fn a_limit_outlives_a_restart() {
    let mut harness = Harness::as_is(&[]);
    harness.asked(ALICE).await.ok();
    for back in [0, 30 * DAY] {
        harness.clock.set(NOON - Duration::from_secs(back));
        harness = harness.restarted();
        let told = harness.asked_elsewhere(ALICE).await;
        limited(&told, "sms_rate_limited", "sends_per_phone", 60);
    }
}
