//! What one source may do, and what lets it do more.

use std::net::IpAddr;

use invited::domain::{source::Deed, visitor::Visitor};
use poem::http::Method;
use serde_json::json;

use super::{HOUR, limited};
use crate::harness::{ALICE, BOB, CAROL, Harness};

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
