//! Contract, section 8: what a known device may do, and when it is forgotten.

use invited::{
    clock::dice,
    domain::{ledger::Miss, phone::Phone},
    http::problem::Problem,
};
use poem::http::Method;
use serde_json::json;

use crate::harness::{ALICE, Actor, BOB, Harness, Reply, other_than};

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
    let house = Harness::with(&[GUESSES]);
    let mut devices = Vec::new();
    for _ in 0..4 {
        devices.push(house.login(ALICE).await.device);
    }
    let mut evaluated = 0;
    for device in devices.iter().cycle().take(16) {
        house.advance(181);
        let asked = house.ask_with(device, ALICE).await;
        let wrong = other_than(&house.code());
        if asked.ok()["sms_code_length"] == 4 {
            let told = house.confirm_with(device, &token(&asked), &wrong).await;
            evaluated += usize::from(told.status == 401);
        }
    }
    assert_eq!(evaluated, 5);
    // Strangers have their own.
    assert_eq!(house.ask_with("", ALICE).await.ok()["sms_code_length"], 4);
}

#[tokio::test]
async fn showing_a_device_now_and_then_gains_no_third_budget() {
    let house = Harness::with(&[GUESSES]);
    let device = house.login(ALICE).await.device;
    let mut evaluated = 0;
    for asks in 0..12 {
        house.advance(181);
        let asked = house.ask_with(["", &device][asks % 2], ALICE).await.ok();
        let token = asked["sms-token"].as_str().unwrap();
        let wrong = other_than(&house.code());
        for guesses in 0..3 {
            let shown = ["", &device][(asks / 2 + guesses) % 2];
            let told = house.confirm_with(shown, token, &wrong).await;
            evaluated += usize::from(told.status == 401 && wrong.len() == 4);
        }
    }
    assert_eq!(evaluated, 10);
}

#[tokio::test]
async fn all_devices_of_a_phone_have_the_sends_and_live_tokens_of_one() {
    let house = Harness::with(&[("INVITED_LIMITS__SENDS_PER_PHONE", "2/15m")]);
    let (one, other) = (house.login(ALICE).await, house.login(ALICE).await);
    for device in [&one.device, &other.device] {
        house.ask_with(device, ALICE).await.ok();
    }
    // It goes on with the latest until it may have another.
    for device in [&one.device, &other.device] {
        let asked = house.ask_with(device, ALICE).await.ok();
        assert_eq!(
            (house.gateway.count(), &asked["resend_in"]),
            (4, &json!(900))
        );
    }
    house.advance(181);
    for device in [&one.device, &other.device] {
        let asked = house.ask_with(device, ALICE).await;
        let problem = asked.refused(429, "sms_rate_limited");
        assert_eq!(problem["limit"], "sends_per_phone");
    }
    let house = Harness::new();
    let (one, other) = (house.login(ALICE).await, house.login(ALICE).await);
    for device in [&one.device, &other.device, &one.device] {
        house.ask_with(device, ALICE).await.ok();
    }
    let asked = house.ask_with(&other.device, ALICE).await.ok();
    assert_eq!(
        (house.gateway.count(), &asked["resend_in"]),
        (5, &json!(180))
    );
    house.ask_with("", ALICE).await.ok();
}

#[tokio::test]
async fn the_budget_of_devices_outlives_devices_and_the_account() {
    let house = Harness::with(&[GUESSES]);
    let alice = house.login(ALICE).await;
    for _ in 0..5 {
        let token = token(&house.ask_with(&alice.device, ALICE).await);
        let wrong = other_than(&house.code());
        let told = house.confirm_with(&alice.device, &token, &wrong).await;
        told.refused(401, "sms_code_invalid");
        house.advance(181);
    }
    alice.post("/logout/", json!({ "all": true })).await;
    let alice = house.login(ALICE).await;
    let asked = house.ask_with(&alice.device, ALICE).await;
    assert_eq!(asked.ok()["sms_code_length"], 6);
    alice.delete("/profile/").await;
    let alice = house.login(ALICE).await;
    let asked = house.ask_with(&alice.device, ALICE).await;
    assert_eq!(asked.ok()["sms_code_length"], 6);
}

#[tokio::test]
async fn what_earlier_versions_charged_to_each_device_is_charged_to_all() {
    let house = Harness::with(&[GUESSES]);
    let (one, other) = (house.login(ALICE).await, house.login(ALICE).await);
    let at = house.app.ratchet.now();
    house
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
    house.advance(DAY / 2);
    for device in [&one.device, &other.device] {
        let asked = house.ask_with(device, ALICE).await.ok();
        assert_eq!(asked["sms_code_length"], 6);
    }
}

#[tokio::test]
async fn logging_out_everywhere_forgets_every_device() {
    let house = Harness::new();
    let (alice, bob) = (house.login(ALICE).await, house.login(BOB).await);
    alice.post("/logout/", json!({})).await;
    assert!(house.is_known(&alice.device, ALICE).await);
    let alice = house.enter_with(&alice.device, ALICE).await;
    alice.post("/logout/", json!({ "all": true })).await;
    assert!(!house.is_known(&alice.device, ALICE).await);
    assert!(house.is_known(&bob.device, BOB).await);
}

#[tokio::test]
async fn a_reused_refresh_token_forgets_every_device() {
    let house = Harness::new();
    let (alice, other) = (house.login(ALICE).await, house.login(ALICE).await);
    let next = alice.exchange(&alice.refresh).await.ok();
    alice.exchange(next["refresh"].as_str().unwrap()).await.ok();
    house.advance(11);
    let reused = alice.exchange(&alice.refresh).await;
    reused.refused(401, "refresh_reused");
    for device in [&alice.device, &other.device] {
        assert!(!house.is_known(device, ALICE).await);
    }
}

#[tokio::test]
async fn a_device_that_is_not_used_for_ninety_days_is_forgotten() {
    let house = Harness::new();
    let device = house.login(ALICE).await.device;
    house.advance(90 * DAY - 1);
    assert!(house.is_known(&device, ALICE).await);
    house.advance(90 * DAY);
    assert!(!house.is_known(&device, ALICE).await);
    // Nor does setting the clock back bring it back.
    house.clock.set(crate::harness::NOON);
    assert!(!house.is_known(&device, ALICE).await);
}

#[tokio::test]
async fn a_device_is_in_use_as_long_as_its_session_is_refreshed() {
    let house = Harness::new();
    let alice = house.login(ALICE).await;
    let mut refresh = alice.refresh.clone();
    for _ in 0..89 {
        house.advance(DAY - 60);
        let next = alice.exchange(&refresh).await.ok();
        next["refresh"].as_str().unwrap().clone_into(&mut refresh);
    }
    house.advance(10 * DAY);
    assert!(house.is_known(&alice.device, ALICE).await);
}

#[tokio::test]
async fn a_new_epoch_knows_no_device_and_a_rotation_all() {
    let house = Harness::new();
    let device = house.login(ALICE).await.device;
    let mut keys = house.app.context().keys().clone();
    keys.rotate(&mut dice());
    house.app.take_up(keys.clone());
    assert!(house.is_known(&device, ALICE).await);
    keys.begin_epoch(&mut dice());
    house.app.take_up(keys);
    let alice = house.enter_with(&device, ALICE).await;
    assert_ne!(alice.device, device);
    let listed = alice.get("/profile/sessions/").await.ok();
    assert_eq!(listed["devices"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn known_devices_are_listed_with_the_sessions() {
    let house = Harness::new();
    house.login(BOB).await;
    let first = house.login(ALICE).await;
    house.advance(60);
    let second = house.login(ALICE).await;
    house.advance(60);
    house.enter_with(&first.device, ALICE).await;
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
