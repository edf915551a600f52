//! Contract, section 8: how often what may happen, and to whom.

use std::{net::IpAddr, time::Duration};

use invited::{
    domain::{
        challenge::Purpose,
        phone::Phone,
        proof::{self, Wanted},
        source::Deed,
        visitor::Visitor,
    },
    http::problem::Problem,
    sms::SmsError,
};
use poem::http::Method;
use serde_json::{Value, json};

use crate::harness::{ALICE, Actor, BOB, CAROL, Harness, NOON, Reply, other_than, statuses};

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

impl Harness {
    async fn ask_as(&self, phone: &str, device: &str, peer: [u8; 4]) -> Reply {
        let headers = [("device-token", device)];
        let body = json!({ "phone": phone });
        self.call_from(peer.into(), Method::POST, "/login/", &headers, Some(body))
            .await
    }

    /// Somebody asks who has not asked before, and has nothing to go on with.
    async fn asked_elsewhere(&self, phone: &str) -> Reply {
        self.ask_as(phone, "", [203, 0, 113, 250]).await
    }

    async fn asked(&self, phone: &str) -> Reply {
        self.post("/login/", json!({ "phone": phone })).await
    }

    async fn confirm_from(&self, peer: IpAddr, token: &str, code: &str) -> Reply {
        let (headers, body) = ([("sms-token", token)], json!({ "sms_code": code }));
        self.call_from(
            peer,
            Method::POST,
            "/login/sms-confirm/",
            &headers,
            Some(body),
        )
        .await
    }

    /// So many wrong guesses, each evaluated, with as many codes as that takes.
    async fn guess_wrong(&self, phone: &str, guesses: usize) {
        let mut token = String::new();
        for guess in 0..guesses {
            if guess % 3 == 0 {
                self.advance(181);
                token = self.ask(phone).await;
            }
            let reply = self.confirm(&token, &self.wrong_code()).await;
            reply.refused(401, "sms_code_invalid");
        }
    }
}

fn token(reply: &Reply) -> String {
    reply.ok()["sms-token"].as_str().unwrap().to_owned()
}

/// Asserts that a limit is named, and what there is to wait.
#[track_caller]
fn limited(reply: &Reply, code: &str, limit: &str, wait: u64) {
    let problem = reply.refused(429, code);
    assert_eq!(
        (&problem["limit"], &problem["retry_after"]),
        (&json!(limit), &json!(wait))
    );
    assert_eq!(reply.header("retry-after"), Some(&*wait.to_string()));
}

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
    assert_eq!((evaluated, statuses.last()), (8, Some(&429)));
}

#[tokio::test]
async fn strangers_cannot_use_up_what_a_known_device_has() {
    let harness = Harness::as_is(&[
        ("INVITED_LIMITS__SENDS_PER_PREFIX", "10/1h"),
        ("INVITED_LIMITS__SENDS_IN_ALL", "12/24h"),
        ("INVITED_BUDGET__PRICES", "+7=1"),
        ("INVITED_BUDGET__AMOUNTS", "12/24h"),
    ]);
    let device = harness.login(ALICE).await.device;
    harness.advance(HOUR);
    let mut refused = 0;
    for stranger in 0..40 {
        harness.advance(61);
        let asked = harness.ask_as(ALICE, "", [203, 0, 113, stranger]).await;
        if asked.status == 200 {
            let (token, wrong) = (token(&asked), harness.wrong_code());
            for _ in 0..3 {
                harness
                    .confirm_from([203, 0, 113, stranger].into(), &token, &wrong)
                    .await;
            }
        } else {
            refused += 1;
        }
    }
    assert!(refused > 20, "{refused}");
    let asked = harness.ask_as(ALICE, &device, [203, 0, 113, 1]).await;
    assert_eq!(asked.ok()["sms_code_length"], 4);
    let code = harness.code();
    harness
        .confirm_from([203, 0, 113, 1].into(), &token(&asked), &code)
        .await
        .ok();
}

#[tokio::test]
async fn a_known_device_has_limits_of_its_own() {
    let harness = Harness::as_is(&[]);
    let device = harness.login(ALICE).await.device;
    let source = [203, 0, 113, 1];
    assert_eq!(
        harness.ask_as(ALICE, &device, source).await.ok()["resend_in"],
        60
    );
    let again = harness.ask_as(ALICE, &device, source).await.ok();
    assert_eq!(
        (harness.gateway.count(), &again["resend_in"]),
        (2, &json!(60))
    );
    for stranger in [BOB, CAROL] {
        let asked = harness.ask_as(stranger, &device, source).await.ok();
        assert_eq!(asked["sms_code_length"], 4);
    }
    // For others' phones it is a stranger like any other.
    let bob = harness.ask_as(BOB, &device, [203, 0, 113, 2]).await;
    limited(&bob, "sms_rate_limited", "sends_per_phone", 60);
}

#[tokio::test]
async fn a_device_is_known_at_the_confirmation_too() {
    let harness = Harness::with(&[("INVITED_LIMITS__WRONG_GUESSES_PER_PHONE", "1/24h")]);
    let device = harness.login(ALICE).await.device;
    let (first, second) = (harness.ask(ALICE).await, harness.ask(ALICE).await);
    let code = harness.code();
    harness
        .confirm(&first, &other_than(&code))
        .await
        .refused(401, "sms_code_invalid");
    harness
        .confirm(&second, &code)
        .await
        .refused(429, "too_many_attempts");
    let headers = [("sms-token", &*second), ("device-token", &*device)];
    let body = json!({ "sms_code": code });
    harness
        .call(Method::POST, "/login/sms-confirm/", &headers, Some(body))
        .await
        .ok();
}

#[tokio::test]
async fn a_source_asks_ten_times_an_hour_whatever_it_says_of_itself() {
    let harness = Harness::with(&[("INVITED_LIMITS__SENDS_PER_SOURCE", "10/1h, 30/24h")]);
    let ask = async |number: usize, header: (&str, &str), peer: IpAddr| {
        let body = json!({ "phone": format!("+7916{number:07}") });
        harness
            .call_from(peer, Method::POST, "/login/", &[header], Some(body))
            .await
    };
    let peer = IpAddr::from([203, 0, 113, 1]);
    for number in 0..10 {
        ask(
            number,
            ("x-forwarded-for", &format!("198.51.100.{number}")),
            peer,
        )
        .await
        .ok();
    }
    let eleventh = ask(10, ("x-real-ip", "198.51.100.77"), peer).await;
    limited(&eleventh, "sms_rate_limited", "sends_per_source", HOUR);
    ask(11, ("x", "x"), [203, 0, 113, 2].into()).await.ok();
    let v6 = |number: usize| format!("2001:db8::{number:x}").parse().unwrap();
    for number in 20..30 {
        ask(number, ("x", "x"), v6(number)).await.ok();
    }
    let neighbour = ask(30, ("x", "x"), v6(30)).await;
    limited(&neighbour, "sms_rate_limited", "sends_per_source", HOUR);
}

#[tokio::test]
async fn a_source_behind_a_trusted_proxy_is_the_nearest_stranger() {
    let harness = Harness::with(&[
        ("INVITED_LIMITS__SENDS_PER_SOURCE", "1/1h"),
        ("INVITED_HTTP__TRUSTED_PROXIES", "10.0.0.0/8"),
    ]);
    let ask = async |phone: &str, hops: &str| {
        let body = json!({ "phone": phone });
        let (peer, header) = ([10, 0, 0, 1].into(), [("x-forwarded-for", hops)]);
        harness
            .call_from(peer, Method::POST, "/login/", &header, Some(body))
            .await
    };
    ask(ALICE, "203.0.113.1, 10.0.0.2").await.ok();
    ask(BOB, "203.0.113.2").await.ok();
    let washed = ask(CAROL, "198.51.100.9, 203.0.113.1, 10.0.0.2").await;
    limited(&washed, "sms_rate_limited", "sends_per_source", HOUR);
}

#[tokio::test]
async fn a_source_fails_ten_times_an_hour() {
    let harness = Harness::with(&[(
        "INVITED_LIMITS__FAILED_CONFIRMATIONS_PER_SOURCE",
        "10/1h, 20/24h",
    )]);
    for phone in 0..5 {
        let token = harness.ask(&format!("+7916000000{phone}")).await;
        for _ in 0..2 {
            let reply = harness.confirm(&token, &harness.wrong_code()).await;
            reply.refused(401, "sms_code_invalid");
        }
    }
    let token = harness.ask(ALICE).await;
    let (code, limit) = (harness.code(), "failed_confirmations_per_source");
    let reply = harness.confirm(&token, &code).await;
    limited(&reply, "rate_limited", limit, HOUR);
    let reply = harness.confirm("nonsense", "1234").await;
    reply.refused(401, "sms_token_invalid");
    let elsewhere = IpAddr::from([203, 0, 113, 1]);
    harness.confirm_from(elsewhere, &token, &code).await.ok();
}

#[tokio::test]
async fn too_many_unreadable_tokens_are_refused_and_no_others() {
    let harness = Harness::with(&[
        ("INVITED_LIMITS__UNREADABLE_TOKENS_PER_SOURCE", "100/1h"),
        ("INVITED_LIMITS__FAILED_CONFIRMATIONS_PER_SOURCE", "2/1h"),
    ]);
    let token = harness.ask(ALICE).await;
    for _ in 0..100 {
        let reply = harness.confirm("nonsense", "1234").await;
        reply.refused(401, "sms_token_invalid");
    }
    let (reply, limit) = (
        harness.confirm("nonsense", "1234").await,
        "unreadable_tokens_per_source",
    );
    limited(&reply, "rate_limited", limit, HOUR);
    let wrong = harness.confirm(&token, &harness.wrong_code()).await;
    wrong.refused(401, "sms_code_invalid");
    harness.confirm(&token, &harness.code()).await.ok();
}

fn visitor_from(harness: &Harness, source: IpAddr) -> Visitor {
    Visitor {
        source: Some(source.into()),
        ..Visitor::unknown(harness.app.now(), harness.app.monotonic.now())
    }
}

#[tokio::test]
async fn a_network_that_fails_without_end_keeps_nobody_else_out() {
    let harness = Harness::with(&[
        ("INVITED_LIMITS__UNREADABLE_TOKENS_PER_SOURCE", "100/1h"),
        (
            "INVITED_LIMITS__FAILED_CONFIRMATIONS_PER_SOURCE",
            "10/1h, 20/24h",
        ),
    ]);
    let attacker =
        |number| IpAddr::from([0x2001, 0xdb8, 0, u16::try_from(number).unwrap(), 0, 0, 0, 1]);
    for deed in [Deed::UnreadableToken, Deed::FailedConfirmation] {
        for number in 0..65_536 {
            let visitor = visitor_from(&harness, attacker(number));
            if harness.app.guard.source_reached(&visitor, deed).is_none() {
                harness.app.guard.blame_source(&visitor, deed);
            }
        }
    }
    for newcomer in 0..100 {
        let token = harness.ask(&format!("+7916{newcomer:03}0000")).await;
        let code = harness.code();
        let refused = harness.confirm_from(attacker(7), &token, &code).await;
        refused.refused(429, "rate_limited");
        let address = match newcomer % 2 {
            0 => [203, 0, u8::try_from(newcomer).unwrap(), 1].into(),
            _ => [0x2001, 0xdb8, 1 + newcomer, 0, 0, 0, 0, 1].into(),
        };
        harness.confirm_from(address, &token, &code).await.ok();
    }
}

#[tokio::test]
async fn a_transaction_that_runs_again_counts_once() {
    let harness = Harness::with(&[("INVITED_LIMITS__FAILED_CONFIRMATIONS_PER_SOURCE", "2/1h")]);
    let (guard, deed) = (&harness.app.guard, Deed::FailedConfirmation);
    for last in [false, true] {
        let visitor = visitor_from(&harness, [203, 0, 113, 1].into());
        for _ in 0..2 {
            assert_eq!(guard.source_reached(&visitor, deed), None);
            guard.blame_source(&visitor, deed);
        }
        let next = visitor_from(&harness, [203, 0, 113, 1].into());
        assert_eq!(guard.source_reached(&next, deed).is_some(), last);
    }
}

#[tokio::test]
async fn a_prefix_gets_twenty_messages_an_hour() {
    let harness = Harness::with(&[("INVITED_LIMITS__SENDS_PER_PREFIX", "20/1h, 50/24h")]);
    for number in 0..20 {
        harness.login(&format!("+791612300{number:02}")).await;
    }
    let reply = harness.asked("+79161239999").await;
    limited(&reply, "sms_rate_limited", "sends_per_prefix", HOUR);
    harness.asked("+79161240000").await.ok();
    harness.advance(HOUR);
    harness.asked("+79161239999").await.ok();
}

#[tokio::test]
async fn a_prefix_whose_codes_do_not_come_back_gets_no_more() {
    let harness = Harness::with(&[("INVITED_LIMITS__SENDS_PER_PREFIX", "1000/1h")]);
    harness.login("+79161230000").await;
    for number in 1..20 {
        harness.asked(&format!("+791612300{number:02}")).await.ok();
    }
    // The first of the few that are let through.
    harness.asked("+79161230020").await.ok();
    let reply = harness.asked("+79161239999").await;
    limited(&reply, "sms_rate_limited", "confirmations_per_prefix", DAY);
    harness.advance(DAY);
    for number in 0..2 {
        harness.login(&format!("+791612301{number:02}")).await;
    }
    for number in 2..20 {
        harness.asked(&format!("+791612301{number:02}")).await.ok();
    }
    // One in ten came back; with one more that does not, it is less.
    harness.asked("+79161238888").await.ok();
    harness.asked("+79161238889").await.ok();
    let reply = harness.asked("+79161239999").await;
    limited(&reply, "sms_rate_limited", "confirmations_per_prefix", DAY);
}

#[tokio::test]
async fn to_such_a_prefix_one_message_an_hour_is_let_through_for_another_network() {
    let harness = Harness::with(&[("INVITED_LIMITS__SENDS_PER_PREFIX", "1000/1h")]);
    let mut numbers = 0..10_000;
    let mut ask = async |peer: [u8; 4]| {
        let phone = format!("+7916123{:04}", numbers.next().unwrap());
        harness.ask_as(&phone, "", peer).await
    };
    for _ in 0..20 {
        ask([203, 0, 113, 1]).await.ok();
    }
    ask([203, 0, 113, 1]).await.ok();
    let neighbour = ask([198, 51, 100, 1]).await;
    limited(
        &neighbour,
        "sms_rate_limited",
        "confirmations_per_prefix",
        HOUR,
    );
    harness.advance(HOUR);
    let again = ask([203, 0, 113, 250]).await;
    limited(
        &again,
        "sms_rate_limited",
        "confirmations_per_prefix",
        23 * HOUR,
    );
    for network in 1..=3 {
        let token = token(&ask([198, 51, network, 1]).await);
        let elsewhere = ask([192, 0, 2, 1]).await;
        limited(
            &elsewhere,
            "sms_rate_limited",
            "confirmations_per_prefix",
            HOUR,
        );
        harness.confirm(&token, &harness.code()).await.ok();
        harness.advance(HOUR);
    }
    // Three of 24 came back: that is enough.
    for _ in 0..6 {
        ask([203, 0, 113, 1]).await.ok();
    }
}

#[tokio::test]
async fn whoever_pumps_gets_no_more_than_one_an_hour_from_ever_so_many_networks() {
    let harness = Harness::with(&[("INVITED_LIMITS__SENDS_PER_PREFIX", "1000/1h")]);
    let mut sent = 0;
    for number in 0..20 + 24 * 12_u16 {
        let [high, low] = number.to_be_bytes();
        let peer = [203, high, low, 1];
        let phone = format!("+7916123{number:04}");
        sent += usize::from(harness.ask_as(&phone, "", peer).await.status == 200);
        if number >= 20 {
            harness.advance(300);
        }
    }
    assert_eq!(sent, 20 + 24);
    let unknown = harness.ask_as("+79161240000", "", [203, 0, 113, 1]).await;
    unknown.ok();
}

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
async fn ten_unknown_invitation_codes_a_day_are_looked_up() {
    let harness = Harness::with(&[("INVITED_LIMITS__WRONG_INVITATION_CODES_PER_USER", "10/24h")]);
    let (alice, bob) = (harness.login(ALICE).await, harness.login(BOB).await);
    let code = alice.invitation_code().await;
    for number in 0..10 {
        let guess = format!("0000{number:02}");
        bob.redeem(&guess)
            .await
            .refused(404, "invitation_not_found");
    }
    let eleventh = bob.redeem(&code).await;
    limited(
        &eleventh,
        "rate_limited",
        "wrong_invitation_codes_per_user",
        DAY,
    );
    // Neither another account nor another phone is a fresh start.
    bob.delete("/profile/").await;
    let bob = harness.login(BOB).await;
    bob.redeem(&code).await.refused(429, "rate_limited");
    harness.advance(DAY - 1);
    let bob = harness.login(BOB).await;
    bob.redeem(&code).await.refused(429, "rate_limited");
    harness.advance(1);
    bob.redeem(&code).await.ok();
    bob.redeem(&code).await.ok();
}

#[tokio::test]
async fn a_source_has_thirty_unknown_invitation_codes_also_at_the_login() {
    let harness = Harness::with(&[("INVITED_LIMITS__WRONG_INVITATION_CODES_PER_SOURCE", "2/24h")]);
    let code = harness.login(ALICE).await.invitation_code().await;
    let login_with = async |phone: &str, code: &str| -> Value {
        let token = harness.ask(phone).await;
        let body =
            json!({ "sms_code": harness.code(), "sms_token": token, "invitation_code": code });
        harness.post("/login/sms-confirm/", body).await.ok()["invitation"].clone()
    };
    for phone in [BOB, CAROL] {
        let outcome = login_with(phone, "000000").await;
        assert_eq!(
            outcome,
            json!({ "accepted": false, "code": "invitation_not_found" })
        );
    }
    let outcome = login_with("+79990000000", &code).await;
    assert_eq!(
        outcome,
        json!({ "accepted": false, "code": "rate_limited" })
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

/// Finds a nonce whose hash begins with a zero byte.
fn work(challenge: &str) -> String {
    use sha2::{Digest, Sha256};
    let work = |nonce: u32| format!("{challenge}:{nonce}");
    let is_done = |work: &String| Sha256::digest(work)[0] == 0;
    (0..u32::MAX).map(work).find(is_done).unwrap()
}

#[tokio::test]
async fn proof_of_work_lets_a_request_off_its_sources_limits_once() {
    let harness = Harness::with(&[
        ("INVITED_LIMITS__SENDS_PER_SOURCE", "1/1h"),
        ("INVITED_LIMITS__SENDS_PER_PHONE", "1/1h"),
        ("INVITED_LIMITS__PROOF_OF_WORK", "8"),
    ]);
    let ask = async |phone: &str, work: &str, peer: u8| {
        let (peer, body) = ([203, 0, 113, peer].into(), json!({ "phone": phone }));
        harness
            .call_from(peer, Method::POST, "/login/", &[("pow", work)], Some(body))
            .await
    };
    ask(ALICE, "", 1).await.ok();
    let refused = ask(BOB, "", 1).await.refused(429, "sms_rate_limited");
    let done = work(refused["challenge"].as_str().unwrap());
    let undone = format!("{}0", refused["challenge"].as_str().unwrap());
    for (work, peer) in [(&undone, 1), (&done.replace('.', ".0"), 1)] {
        assert_eq!(ask(BOB, work, peer).await.status, 429, "{work}");
    }
    let elsewhere = ask(CAROL, "", 2).await;
    elsewhere.ok();
    assert_eq!(
        ask(BOB, &done, 2).await.status,
        429,
        "made for another source"
    );
    ask(BOB, &done, 1).await.ok();
    assert_eq!(ask("+79990000000", &done, 1).await.status, 429, "used");
    // Work counts for nothing where something else is at its limit.
    let refused = ask("+79990000001", "", 1).await.json();
    let done = work(refused["challenge"].as_str().unwrap());
    let problem = ask(CAROL, &done, 1).await.refused(429, "sms_rate_limited");
    assert_eq!(problem["limit"], "sends_per_phone");
    let refused = ask("+79990000001", "", 1).await.json();
    let late = work(refused["challenge"].as_str().unwrap());
    harness.advance(120);
    assert_eq!(ask("+79990000001", &late, 1).await.status, 429, "too late");
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
