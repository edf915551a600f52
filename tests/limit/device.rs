//! What known devices have that strangers cannot use up.

use poem::http::Method;
use serde_json::json;

use super::{HOUR, limited, token};
use crate::harness::{ALICE, BOB, CAROL, Harness, other_than};

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
