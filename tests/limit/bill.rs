//! What is sent in all, and what it costs.

use invited::{
    domain::{
        challenge::Purpose,
        phone::Phone,
        proof::{self, Wanted},
        visitor::Visitor,
    },
    http::problem::Problem,
    sms::SmsError,
};

use super::{DAY, limited};
use crate::harness::{ALICE, BOB, CAROL, Harness};

#[tokio::test]
async fn so_many_messages_are_sent_in_all() {
    let harness = Harness::with(&[("INVITED_LIMITS__SENDS_IN_ALL", "3/24h")]);
    for (phone, seconds) in [(ALICE, 3600), (BOB, 7200), (CAROL, 10_800)] {
        harness.asked(phone).await.ok();
        harness.advance(seconds);
    }
    let fourth = harness.asked("+79990000000").await;
    limited(&fourth, "sms_rate_limited", "sends_in_all", DAY - 21_600);
    harness.advance(DAY - 21_600);
    harness.asked("+79990000000").await.ok();
    harness.asked(ALICE).await.refused(429, "sms_rate_limited");
}

#[tokio::test]
async fn what_was_not_sent_does_not_count() {
    let harness = Harness::with(&[
        ("INVITED_LIMITS__SENDS_PER_PHONE", "1/24h"),
        ("INVITED_LIMITS__SENDS_PER_SOURCE", "2/24h"),
        ("INVITED_LIMITS__SENDS_PER_PREFIX", "2/24h"),
        ("INVITED_LIMITS__SENDS_IN_ALL", "2/24h"),
        ("INVITED_BUDGET__PRICES", "+7=1"),
        ("INVITED_BUDGET__AMOUNTS", "2/24h"),
    ]);
    *harness.gateway.fails.lock().unwrap() = Some(SmsError::NotSent);
    for _ in 0..5 {
        harness.asked(ALICE).await.refused(503, "sms_unavailable");
    }
    *harness.gateway.fails.lock().unwrap() = None;
    harness.asked(ALICE).await.ok();
    harness.asked(BOB).await.ok();
    // Nobody knows whether these arrive, so they count.
    *harness.gateway.fails.lock().unwrap() = Some(SmsError::Unknown);
    assert_eq!(harness.asked(CAROL).await.status, 429);
}

#[tokio::test]
async fn the_budget_is_money() {
    let harness = Harness::with(&[
        ("INVITED_BUDGET__PRICES", "+7=2.50, +44=0.04"),
        ("INVITED_BUDGET__AMOUNTS", "5.03/1h"),
        ("INVITED_LOGIN__DESTINATIONS", "+79#########, +44"),
    ]);
    harness.asked(ALICE).await.ok();
    harness.advance(600);
    harness.asked(BOB).await.ok();
    for phone in [CAROL, "+447911123456"] {
        let reply = harness.asked(phone).await;
        let problem = reply.refused(503, "sms_budget_exhausted");
        assert_eq!(problem["retry_after"], 3000);
        assert_eq!(reply.header("retry-after"), Some("3000"));
    }
    harness.advance(3000);
    harness.asked(CAROL).await.ok();
}

#[tokio::test]
async fn the_message_that_spends_the_share_is_the_one_that_warns() {
    let harness = Harness::with(&[
        ("INVITED_BUDGET__PRICES", "+7=1"),
        ("INVITED_BUDGET__AMOUNTS", "5/1h"),
        ("INVITED_BUDGET__WARN_AT", "60"),
    ]);
    let mut warned = Vec::new();
    for number in 0..5 {
        let (app, mut rng) = (harness.app.clone(), harness.app.dice());
        let wanted = Wanted {
            phone: Phone::from_digits(&format!("7916123456{number}")).unwrap(),
            purpose: Purpose::Login,
            fixed: None,
            source: None,
            dispatch: None,
            longest: usize::MAX,
        };
        let (now, at) = (harness.app.now(), harness.app.monotonic.now());
        let visitor = Visitor::unknown(now, at);
        let opened = harness.app.store.write(move |tx| {
            proof::open(tx, &app.guard, &visitor, &wanted, &mut rng).map_err(Problem::from)
        });
        let spending = opened.await.unwrap().spending;
        warned.push(spending.map(|spending| spending.spent.to_string()));
    }
    assert_eq!(warned, [None, None, Some("3.00".to_owned()), None, None]);
}
