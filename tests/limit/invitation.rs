//! How many unknown invitation codes are looked up.

use serde_json::{Value, json};

use super::{DAY, limited};
use crate::harness::{ALICE, BOB, CAROL, Harness};

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
