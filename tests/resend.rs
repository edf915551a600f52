//! Contract, section 4: asking again while a code is under way, and test
//! numbers (section 3).

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use invited::sms::{Failure, Gateway, Message, Receipt, SmsError, Transcript};
use poem::http::Method;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::harness::{ALICE, BOB, CAROL, Harness, Reply, other_than};

const REVIEWER: &str = "+79990000001";
const TEST_NUMBER: (&str, &str) = (
    "INVITED_TEST_NUMBERS__79990000001",
    r#"{ code = "1234", until = 2024-04-16T00:00:00Z }"#,
);

/// The limits of phones alone.
fn harness() -> Harness {
    Harness::with(&[("INVITED_LIMITS__SENDS_PER_PHONE", "1/60s, 3/15m")])
}

fn token(reply: &Value) -> &str {
    reply["sms-token"].as_str().unwrap()
}

/// Somebody asks from 203.0.113.`peer`.
async fn ask(harness: &Harness, peer: u8, phone: &str, device: &str) -> Reply {
    let (peer, body) = ([203, 0, 113, peer].into(), json!({ "phone": phone }));
    let headers = [("device-token", device)];
    let call = harness.call_from(peer, Method::POST, "/login/", &headers, Some(body));
    call.await
}

async fn confirm(harness: &Harness, peer: u8, token: &str, code: &str) -> Reply {
    let (peer, body) = ([203, 0, 113, peer].into(), json!({ "sms_code": code }));
    let (path, headers) = ("/login/sms-confirm/", [("sms-token", token)]);
    harness
        .call_from(peer, Method::POST, path, &headers, Some(body))
        .await
}

#[tokio::test]
async fn asked_again_the_same_client_goes_on_with_the_same_code() {
    let harness = harness();
    let first = ask(&harness, 1, ALICE, "").await.ok();
    let (code, wrong) = (harness.code(), harness.wrong_code());
    let left = |reply: &Reply| reply.refused(401, "sms_code_invalid")["attempts_left"].clone();
    assert_eq!(left(&confirm(&harness, 1, token(&first), &wrong).await), 2);
    harness.advance(20);
    let again = ask(&harness, 1, "8 (900) 123-45-67", "").await.ok();
    assert_eq!(
        (
            &again["resend_in"],
            &again["expires_in"],
            &again["sms_code_length"]
        ),
        (&json!(40), &json!(160), &json!(4))
    );
    assert_ne!(token(&again), token(&first));
    let stranger = ask(&harness, 2, ALICE, "").await;
    assert_eq!(stranger.refused(429, "sms_rate_limited")["retry_after"], 40);
    assert_eq!(harness.gateway.count(), 1, "nothing was sent");
    assert_eq!(left(&confirm(&harness, 1, token(&again), &wrong).await), 1);
    confirm(&harness, 1, token(&again), &code).await.ok();
    let used = confirm(&harness, 1, token(&first), &code).await;
    used.refused(401, "sms_token_used");
}

#[tokio::test]
async fn asking_again_counts_nothing() {
    let harness = Harness::with(&[
        ("INVITED_LIMITS__SENDS_PER_PHONE", "1/60s, 2/24h"),
        ("INVITED_LIMITS__SENDS_PER_SOURCE", "2/24h"),
        ("INVITED_LIMITS__SENDS_IN_ALL", "2/24h"),
    ]);
    for _ in 0..2 {
        for _ in 0..5 {
            ask(&harness, 1, ALICE, "").await.ok();
        }
        harness.advance(60);
    }
    assert_eq!(harness.gateway.count(), 2);
    // There will be no other message today, but the last one can still be answered.
    let last = ask(&harness, 1, ALICE, "").await.ok();
    assert_eq!(
        (&last["resend_in"], &last["expires_in"]),
        (&json!(86_280), &json!(120))
    );
    harness.advance(120);
    ask(&harness, 1, ALICE, "")
        .await
        .refused(429, "sms_rate_limited");
}

#[tokio::test]
async fn what_cannot_be_answered_any_more_is_not_had_again() {
    let harness = harness();
    let spent = ask(&harness, 1, ALICE, "").await.ok();
    confirm(&harness, 1, token(&spent), &harness.code())
        .await
        .ok();
    let exhausted = ask(&harness, 1, BOB, "").await.ok();
    for _ in 0..3 {
        confirm(&harness, 1, token(&exhausted), &harness.wrong_code()).await;
    }
    for phone in [ALICE, BOB] {
        ask(&harness, 1, phone, "")
            .await
            .refused(429, "sms_rate_limited");
    }
    *harness.gateway.fails.lock().unwrap() = Some(SmsError::NotSent);
    ask(&harness, 1, CAROL, "")
        .await
        .refused(503, "sms_unavailable");
    *harness.gateway.fails.lock().unwrap() = None;
    ask(&harness, 1, CAROL, "").await.ok();
    assert_eq!(
        harness.gateway.count(),
        3,
        "a message that was not sent is sent"
    );
}

#[tokio::test]
async fn who_asked_is_known_after_a_restart_and_by_network_where_it_is_one() {
    let harness = harness();
    ask(&harness, 1, ALICE, "").await.ok();
    let from = async |harness: &Harness, peer: &str| {
        let (peer, body) = (peer.parse().unwrap(), json!({ "phone": BOB }));
        let call = harness.call_from(peer, Method::POST, "/login/", &[], Some(body));
        call.await.status
    };
    assert_eq!(from(&harness, "2001:db8::1").await, 200);
    let harness = harness.restarted();
    ask(&harness, 1, ALICE, "").await.ok();
    assert_eq!(from(&harness, "2001:db8::2").await, 200);
    assert_eq!(from(&harness, "2001:db8:0:1::1").await, 429);
    assert_eq!(harness.gateway.count(), 0, "nothing was sent since");
    let [v4, v6] = [0xcb00_7101_u32, 0x2001_0db8];
    let addresses = format!("SELECT count(*) FROM challenges WHERE source IN ({v4}, {v6})");
    assert_eq!(harness.intruder().number(&addresses), 0);
}

#[tokio::test]
async fn a_known_device_goes_on_wherever_it_is() {
    let harness = harness();
    let alice = harness.login(ALICE).await;
    ask(&harness, 1, ALICE, &alice.device).await.ok();
    let again = ask(&harness, 2, ALICE, &alice.device).await.ok();
    assert_eq!(harness.gateway.count(), 2);
    confirm(&harness, 2, token(&again), &harness.code())
        .await
        .ok();
    // What a known device began is nothing to strangers, not even beside it.
    harness.advance(60);
    ask(&harness, 1, BOB, &alice.device).await.ok();
    ask(&harness, 1, ALICE, &alice.device).await.ok();
    ask(&harness, 1, ALICE, "").await.ok();
    assert_eq!(harness.gateway.count(), 5);
}

#[tokio::test]
async fn a_new_phone_is_asked_for_again_in_the_same_way() {
    let harness = harness();
    let (alice, bob) = (harness.login(ALICE).await, harness.login(BOB).await);
    let wanted = json!({ "phone": CAROL });
    alice.post("/profile/phone/", wanted.clone()).await.ok();
    let again = alice.post("/profile/phone/", wanted.clone()).await.ok();
    assert_eq!(harness.gateway.count(), 3);
    let other = bob.post("/profile/phone/", wanted.clone()).await;
    other.refused(429, "sms_rate_limited");
    let login = harness.post("/login/", wanted).await;
    login.refused(429, "sms_rate_limited");
    let moved = alice
        .confirm_phone(token(&again), &harness.code())
        .await
        .ok();
    assert_eq!(moved["phone"], CAROL[1..]);
}

/// A gateway that takes its time.
struct Slow {
    asked: AtomicUsize,
    done: Semaphore,
}

#[async_trait]
impl Gateway for Slow {
    async fn deliver(&self, _: &Message, _: &mut Transcript) -> Result<Receipt, Failure> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.done.acquire().await.unwrap().forget();
        Ok(Receipt::default())
    }
}

#[tokio::test]
async fn two_taps_at_once_send_one_message() {
    let harness = harness();
    let slow = Arc::new(Slow {
        asked: AtomicUsize::new(0),
        done: Semaphore::new(0),
    });
    *harness.gateway.instead.lock().unwrap() = Some(Arc::clone(&slow) as _);
    let taps = async {
        let second = ask(&harness, 1, ALICE, "").await;
        slow.done.add_permits(9);
        second.ok()
    };
    let (first, second) = tokio::join!(ask(&harness, 1, ALICE, ""), taps);
    assert_eq!(slow.asked.load(Ordering::SeqCst), 1);
    let code = "SELECT code FROM challenges";
    let code = harness.intruder().text(code);
    let wrong = confirm(&harness, 1, token(&first.ok()), &other_than(&code)).await;
    wrong.refused(401, "sms_code_invalid");
    confirm(&harness, 1, token(&second), &code).await.ok();
}

#[tokio::test]
async fn asking_again_tells_nobody_whether_a_phone_is_known() {
    let harness = harness();
    harness.login(ALICE).await;
    harness.advance(60);
    let mut shapes = Vec::new();
    for phone in [ALICE, BOB] {
        for peer in [1, 1, 2] {
            let reply = ask(&harness, peer, phone, "").await;
            let mut body = reply.json();
            body["sms-token"] = json!(body["sms-token"].as_str().map(str::len));
            body["request_id"].take();
            let headers: Vec<_> = reply.headers.keys().map(ToString::to_string).collect();
            shapes.push((reply.status, body, headers));
        }
    }
    assert_eq!(shapes[..3], shapes[3..]);
}

#[tokio::test]
async fn a_test_number_has_one_live_challenge_a_source() {
    let harness = Harness::with(&[TEST_NUMBER]);
    let intruder = harness.intruder();
    let count = || intruder.number("SELECT count(*) FROM challenges");
    let mut last = Value::Null;
    for asked in 0..20 {
        last = ask(&harness, 1, REVIEWER, "").await.ok();
        assert_eq!(
            (&last["resend_in"], &last["expires_in"]),
            (&json!(0), &json!(180 - asked))
        );
        harness.advance(1);
    }
    assert_eq!(count(), 1);
    for guess in [401, 401, 401, 429] {
        assert_eq!(
            confirm(&harness, 1, token(&last), "4321").await.status,
            guess
        );
    }
    let next = ask(&harness, 1, REVIEWER, "").await.ok();
    confirm(&harness, 1, token(&next), "1234").await.ok();
    assert_eq!((count(), harness.gateway.count()), (2, 0));
}

#[tokio::test]
async fn strangers_never_keep_a_reviewer_out() {
    let harness = Harness::as_is(&[TEST_NUMBER]);
    let held = ask(&harness, 1, REVIEWER, "").await.ok();
    for stranger in 2..40 {
        let asked = ask(&harness, stranger, REVIEWER, "").await.ok();
        for _ in 0..3 {
            let wrong = confirm(&harness, stranger, token(&asked), "4321").await;
            wrong.refused(401, "sms_code_invalid");
        }
    }
    confirm(&harness, 1, token(&held), "1234").await.ok();
    let again = ask(&harness, 1, REVIEWER, "").await.ok();
    confirm(&harness, 1, token(&again), "1234").await.ok();
}

#[tokio::test]
async fn a_source_begins_so_many_logins_of_a_test_number_and_guesses_so_often() {
    let harness = Harness::with(&[
        TEST_NUMBER,
        ("INVITED_LIMITS__SENDS_PER_SOURCE", "3/1h"),
        ("INVITED_LIMITS__FAILED_CONFIRMATIONS_PER_SOURCE", "4/1h"),
    ]);
    for _ in 0..3 {
        let asked = ask(&harness, 1, REVIEWER, "").await.ok();
        let reply = confirm(&harness, 1, token(&asked), "1234").await;
        let reviewer = crate::harness::Actor::of(&harness, &reply);
        assert_eq!(reviewer.delete("/profile/").await.status, 204);
    }
    let fourth = ask(&harness, 1, REVIEWER, "").await;
    assert_eq!(
        fourth.refused(429, "sms_rate_limited")["limit"],
        "sends_per_source"
    );
    for number in 0..5 {
        let asked = ask(&harness, 2, REVIEWER, "").await.ok();
        let wrong = confirm(&harness, 2, token(&asked), "4321").await;
        assert_eq!(wrong.status, if number < 4 { 401 } else { 429 });
    }
}
