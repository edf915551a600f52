//! Contract, section 8: what a known device may do, and when it is forgotten.

use invited::{
    clock::dice,
    domain::{ledger::Miss, phone::Phone},
    http::problem::Problem,
};
use poem::http::Method;
use serde_json::json;

use crate::harness::{ALICE, Actor, BOB, Harness, Reply, other_than, postgres::sqlite_only};

const DAY: u64 = 24 * 3600;
const GUESSES: (&str, &str) = ("INVITED_LIMITS__WRONG_GUESSES_PER_PHONE", "5/24h");

impl Harness {
    async fn ask_with(&self, device: &str, phone: &str) -> Reply {
        let (headers, body) = ([("device-token", device)], json!({ "phone": phone }));
        self.call(Method::POST, "/login/", &headers, Some(body))
            .await
    }

    async fn confirm_with(&self, device: &str, token: &str, code: &str) -> Reply {
        let headers = [("sms-token", token), ("device-token", device)];
        let body = json!({ "sms_code": code });
        self.call(Method::POST, "/login/sms-confirm/", &headers, Some(body))
            .await
    }

    /// Logs in with a device; the device that is known from then on.
    async fn enter_with(&self, device: &str, phone: &str) -> Actor {
        let token = token(&self.ask_with(device, phone).await);
        let code = self.code();
        Actor::of(self, &self.confirm_with(device, &token, &code).await)
    }

    async fn is_known(&self, device: &str, phone: &str) -> bool {
        self.enter_with(device, phone).await.device == device
    }
}

fn token(reply: &Reply) -> String {
    reply.ok()["sms-token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn all_devices_of_a_phone_guess_as_often_as_one() {
    let harness = Harness::with(&[GUESSES]);
    let mut devices = Vec::new();
    for _ in 0..4 {
        devices.push(harness.login(ALICE).await.device);
    }
    let mut evaluated = 0;
    for device in devices.iter().cycle().take(16) {
        harness.advance(181);
        let asked = harness.ask_with(device, ALICE).await;
        let wrong = other_than(&harness.code());
        if asked.ok()["sms_code_length"] == 4 {
            let told = harness.confirm_with(device, &token(&asked), &wrong).await;
            evaluated += usize::from(told.status == 401);
        }
    }
    assert_eq!(evaluated, 5);
    // Strangers have their own.
    assert_eq!(harness.ask_with("", ALICE).await.ok()["sms_code_length"], 4);
}

#[tokio::test]
async fn showing_a_device_now_and_then_gains_no_third_budget() {
    let harness = Harness::with(&[GUESSES]);
    let device = harness.login(ALICE).await.device;
    let mut evaluated = 0;
    for asks in 0..12 {
        harness.advance(181);
        let asked = harness.ask_with(["", &device][asks % 2], ALICE).await.ok();
        let token = asked["sms-token"].as_str().unwrap();
        let wrong = other_than(&harness.code());
        for guesses in 0..3 {
            let shown = ["", &device][(asks / 2 + guesses) % 2];
            let told = harness.confirm_with(shown, token, &wrong).await;
            evaluated += usize::from(told.status == 401 && wrong.len() == 4);
        }
    }
    assert_eq!(evaluated, 10);
}

#[tokio::test]
async fn all_devices_of_a_phone_have_the_sends_and_live_tokens_of_one() {
    let harness = Harness::with(&[("INVITED_LIMITS__SENDS_PER_PHONE", "2/15m")]);
    let (one, other) = (harness.login(ALICE).await, harness.login(ALICE).await);
    for device in [&one.device, &other.device] {
        harness.ask_with(device, ALICE).await.ok();
    }
    // It goes on with the latest until it may have another.
    for device in [&one.device, &other.device] {
        let asked = harness.ask_with(device, ALICE).await.ok();
        assert_eq!(
            (harness.gateway.count(), &asked["resend_in"]),
            (4, &json!(900))
        );
    }
    harness.advance(181);
    for device in [&one.device, &other.device] {
        let asked = harness.ask_with(device, ALICE).await;
        let problem = asked.refused(429, "sms_rate_limited");
        assert_eq!(problem["limit"], "sends_per_phone");
    }
    let harness = Harness::new();
    let (one, other) = (harness.login(ALICE).await, harness.login(ALICE).await);
    for device in [&one.device, &other.device, &one.device] {
        harness.ask_with(device, ALICE).await.ok();
    }
    let asked = harness.ask_with(&other.device, ALICE).await.ok();
    assert_eq!(
        (harness.gateway.count(), &asked["resend_in"]),
        (5, &json!(180))
    );
    harness.ask_with("", ALICE).await.ok();
}

#[tokio::test]
async fn the_budget_of_devices_outlives_devices_and_the_account() {
    let harness = Harness::with(&[GUESSES]);
    let alice = harness.login(ALICE).await;
    for _ in 0..5 {
        let token = token(&harness.ask_with(&alice.device, ALICE).await);
        let wrong = other_than(&harness.code());
        let told = harness.confirm_with(&alice.device, &token, &wrong).await;
        told.refused(401, "sms_code_invalid");
        harness.advance(181);
    }
    alice.post("/logout/", json!({ "all": true })).await;
    let alice = harness.login(ALICE).await;
    let asked = harness.ask_with(&alice.device, ALICE).await;
    assert_eq!(asked.ok()["sms_code_length"], 6);
    alice.delete("/profile/").await;
    let alice = harness.login(ALICE).await;
    let asked = harness.ask_with(&alice.device, ALICE).await;
    assert_eq!(asked.ok()["sms_code_length"], 6);
}

#[tokio::test]
async fn what_earlier_versions_charged_to_each_device_is_charged_to_all() {
    sqlite_only!("what earlier versions wrote");
    let harness = Harness::with(&[GUESSES]);
    let (one, other) = (harness.login(ALICE).await, harness.login(ALICE).await);
    let at = harness.app.monotonic.now();
    harness
        .app
        .store
        .write(move |tx| {
            let alice = Phone::from_digits("79001234567").unwrap();
            let user = tx.user_by_phone(alice)?.unwrap();
            for device in tx.devices_of(user.id)? {
                for _ in 0..3 {
                    tx.insert_miss(Miss::ShortCode, device.hash.party(), at)?;
                }
            }
            Ok::<_, Problem>(())
        })
        .await
        .unwrap();
    harness.advance(DAY / 2);
    for device in [&one.device, &other.device] {
        let asked = harness.ask_with(device, ALICE).await.ok();
        assert_eq!(asked["sms_code_length"], 6);
    }
}

#[tokio::test]
async fn logging_out_everywhere_forgets_every_device() {
    let harness = Harness::new();
    let (alice, bob) = (harness.login(ALICE).await, harness.login(BOB).await);
    alice.post("/logout/", json!({})).await;
    assert!(harness.is_known(&alice.device, ALICE).await);
    let alice = harness.enter_with(&alice.device, ALICE).await;
    alice.post("/logout/", json!({ "all": true })).await;
    assert!(!harness.is_known(&alice.device, ALICE).await);
    assert!(harness.is_known(&bob.device, BOB).await);
}

#[tokio::test]
async fn a_reused_refresh_token_forgets_every_device() {
    let harness = Harness::new();
    let (alice, other) = (harness.login(ALICE).await, harness.login(ALICE).await);
    let next = alice.exchange(&alice.refresh).await.ok();
    alice.exchange(next["refresh"].as_str().unwrap()).await.ok();
    harness.advance(11);
    let reused = alice.exchange(&alice.refresh).await;
    reused.refused(401, "refresh_reused");
    for device in [&alice.device, &other.device] {
        assert!(!harness.is_known(device, ALICE).await);
    }
}

#[tokio::test]
async fn a_device_that_is_not_used_for_ninety_days_is_forgotten() {
    let harness = Harness::new();
    let device = harness.login(ALICE).await.device;
    harness.advance(90 * DAY - 1);
    assert!(harness.is_known(&device, ALICE).await);
    harness.advance(90 * DAY);
    assert!(!harness.is_known(&device, ALICE).await);
    // Nor does setting the clock back bring it back.
    harness.clock.set(crate::harness::NOON);
    assert!(!harness.is_known(&device, ALICE).await);
}

#[tokio::test]
async fn a_device_is_in_use_as_long_as_its_session_is_refreshed() {
    let harness = Harness::new();
    let alice = harness.login(ALICE).await;
    let mut refresh = alice.refresh.clone();
    for _ in 0..89 {
        harness.advance(DAY - 60);
        let next = alice.exchange(&refresh).await.ok();
        next["refresh"].as_str().unwrap().clone_into(&mut refresh);
    }
    harness.advance(10 * DAY);
    assert!(harness.is_known(&alice.device, ALICE).await);
}

#[tokio::test]
async fn a_new_epoch_knows_no_device_and_a_rotation_all() {
    let harness = Harness::new();
    let device = harness.login(ALICE).await.device;
    let mut keys = harness.keys();
    keys.rotate(&mut dice());
    harness.take_up(keys.clone());
    assert!(harness.is_known(&device, ALICE).await);
    keys.begin_epoch(&mut dice());
    harness.take_up(keys);
    let alice = harness.enter_with(&device, ALICE).await;
    assert_ne!(alice.device, device);
    let listed = alice.get("/profile/sessions/").await.ok();
    assert_eq!(listed["devices"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn known_devices_are_listed_with_the_sessions() {
    let harness = Harness::new();
    harness.login(BOB).await;
    let first = harness.login(ALICE).await;
    harness.advance(60);
    let second = harness.login(ALICE).await;
    harness.advance(60);
    harness.enter_with(&first.device, ALICE).await;
    let listed = second.get("/profile/sessions/").await.ok();
    let device = |created: &str, last_used: &str, current: bool| {
        json!({
            "created": created,
            "last_used": last_used,
            "user_agent": "",
            "ip": "198.51.100.1",
            "current": current
        })
    };
    let expected = [
        device("2024-04-15T21:11:13Z", "2024-04-15T21:13:13Z", false),
        device("2024-04-15T21:12:13Z", "2024-04-15T21:12:13Z", true),
    ];
    assert_eq!(listed["devices"], json!(expected));
    assert_eq!(listed["sessions"].as_array().unwrap().len(), 3);
}
