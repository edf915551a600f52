//! The document that the service is built from, to the letter.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::harness::{ALICE, BOB, Harness, NOON};

fn part(token: &str, number: usize) -> String {
    let part = token.split('.').nth(number).unwrap();
    String::from_utf8(URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

#[tokio::test]
async fn login_answers_a_token_and_what_to_do_with_it() {
    let harness = Harness::new();
    let reply = harness
        .post("/login/", json!({ "phone": "+79123456789" }))
        .await
        .ok();
    assert_eq!(reply["url_to_redirect"], "/login/sms-confirm/");
    assert_eq!(reply["fields_to_be_required"], json!(["sms_code"]));
    assert_eq!(
        (
            &reply["expires_in"],
            &reply["sms_code_length"],
            &reply["resend_in"]
        ),
        (&json!(180), &json!(4), &json!(0))
    );
    let token = reply["sms-token"].as_str().unwrap();
    assert_eq!(part(token, 0), r#"{"alg":"dir","enc":"A256GCM"}"#);
    let sent = harness.gateway.last();
    assert_eq!((sent.to.as_str(), sent.code.len()), ("+79123456789", 4));
    assert_eq!(
        sent.text,
        format!(
            "{} — код входа в invited. Никому его не говорите",
            sent.code
        )
    );
}

#[tokio::test]
async fn confirmation_answers_jwts_like_the_samples() {
    let harness = Harness::new();
    let actor = harness.login(ALICE).await;
    for (token, kind, life) in [
        (&actor.access, "access", 9000),
        (&actor.refresh, "refresh", 86_400),
    ] {
        assert_eq!(part(token, 0), r#"{"alg":"HS256","typ":"JWT"}"#);
        let claims: Value = serde_json::from_str(&part(token, 1)).unwrap();
        let names: Vec<_> = claims
            .as_object()
            .unwrap()
            .keys()
            .take(5)
            .cloned()
            .collect();
        assert_eq!(names, ["token_type", "exp", "iat", "jti", "user_id"]);
        assert_eq!(claims["token_type"], kind);
        assert_eq!(claims["iat"], NOON.seconds());
        assert_eq!(claims["exp"], NOON.seconds() + life);
        let jti = claims["jti"].as_str().unwrap();
        assert!(
            jti.len() == 32 && jti.bytes().all(|digit| digit.is_ascii_hexdigit()),
            "{jti}"
        );
        assert!(
            claims["user_id"]
                .as_i64()
                .is_some_and(|id| id > 0 && id < 1 << 53)
        );
    }
}

#[tokio::test]
async fn a_profile_has_the_documents_members_in_its_order() {
    let harness = Harness::new();
    let [alice, bob, carol] = harness.logins([ALICE, BOB, "+79999999999"]).await;
    alice.redeem(&bob.invitation_code().await).await.ok();
    carol.redeem(&alice.invitation_code().await).await.ok();
    let names =
        json!({ "first_name": "Andrey", "last_name": "Potapov", "email": "potapov@mail.ru" });
    let reply = alice.put("/profile/", names).await;
    let code = alice.invitation_code().await;
    assert_eq!(
        reply.text,
        format!(
            concat!(
                r#"{{"first_name":"Andrey","last_name":"Potapov","email":"potapov@mail.ru","phone":"79001234567","#,
                r#""invitation_code":"{}","invited_by":"79007654321","invited_users_phones":["79999999999"],"#,
                r#""id":{},"invited_users_count":1,"created_at":"2024-04-15T21:11:13Z","#,
                r#""invitation_link":"http://127.0.0.1:8080/i/{}/"}}"#
            ),
            code,
            reply.json()["id"],
            code
        )
    );
}

#[tokio::test]
async fn entering_a_code_answers_the_referrers_phone() {
    let harness = Harness::new();
    let (alice, bob) = (harness.login(ALICE).await, harness.login(BOB).await);
    let reply = bob.redeem(&alice.invitation_code().await).await;
    assert_eq!(reply.text, r#"{"invited_by":"79001234567"}"#);
}

#[tokio::test]
async fn a_phone_is_written_down_at_its_first_confirmation_and_not_before() {
    let harness = Harness::new();
    harness.ask(ALICE).await;
    assert!(!harness.app.store.read(|tx| tx.any_user()).await.unwrap());
    harness.login(ALICE).await;
    assert!(harness.app.store.read(|tx| tx.any_user()).await.unwrap());
}

#[tokio::test]
async fn an_invitation_code_is_six_of_the_alphabet() {
    let harness = Harness::new();
    let code = harness.login(ALICE).await.invitation_code().await;
    assert_eq!(code.len(), 6);
    assert!(
        code.bytes()
            .all(|letter| b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789".contains(&letter)),
        "{code}"
    );
}
