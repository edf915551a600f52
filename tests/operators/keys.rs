//! Service keys: how they are made, and how long they are good.

use serde_json::{Value, json};

use crate::harness::{ALICE, Harness, operator::ADMIN};

#[tokio::test]
async fn a_key_is_good_until_it_expires_or_is_deleted() {
    let harness = Harness::with(&[ADMIN]);
    let alice = harness.operator(ALICE, "owner").await;
    let wanted = json!({ "name": "report", "permissions": ["people"], "expires_in_days": 1 });
    let made = alice.post("keys/", wanted.clone()).await.ok();
    let secret = made["secret"].as_str().unwrap();
    assert!(secret.starts_with("invited_key_"));
    let program = harness.bearing_key(secret);
    program.get("people/").await.ok();
    alice.post("keys/", wanted).await.refused(409, "name_taken");
    let listed = alice.get("keys/").await;
    assert!(!listed.text.contains(secret) && !listed.text.contains("secret"));
    let key = &listed.ok()["keys"][0];
    assert_eq!(key["expires_at"], "2024-04-16T21:11:13Z");
    assert_eq!(key["used_at"], "2024-04-15T21:11:13Z");
    harness.advance(86_400);
    program.get("people/").await.refused(401, "unauthenticated");
    let alice = harness.operator_login(ALICE).await;
    assert_eq!(alice.get("keys/").await.ok()["keys"][0]["good"], false);
    let path = format!("keys/{}/", made["id"]);
    assert_eq!(alice.delete(&path).await.status, 204);
    alice.delete(&path).await.refused(404, "not_found");
}

#[tokio::test]
async fn what_cannot_be_a_key_is_not_made() {
    let harness = Harness::with(&[ADMIN]);
    let alice = harness.operator(ALICE, "owner").await;
    let people = json!(["people"]);
    for (name, permissions, days, at) in [
        ("", people.clone(), Value::Null, "#/name"),
        ("a key", people.clone(), Value::Null, "#/name"),
        ("key", json!([]), Value::Null, "#/permissions"),
        ("key", json!("people"), Value::Null, "#/permissions"),
        ("key", json!(["people", 1]), Value::Null, "#/permissions"),
        ("key", json!(["everything"]), Value::Null, "#/permissions"),
        ("key", people.clone(), json!(0), "#/expires_in_days"),
        ("key", people.clone(), json!(3651), "#/expires_in_days"),
        ("key", people, json!("90"), "#/expires_in_days"),
    ] {
        let wanted = json!({ "name": name, "permissions": permissions, "expires_in_days": days });
        let refused = alice.post("keys/", wanted).await;
        let problem = refused.refused(422, "validation_failed");
        assert_eq!(problem["errors"][0]["pointer"], at, "{problem}");
    }
}

#[tokio::test]
async fn what_is_not_a_key_opens_nothing_and_is_counted() {
    let limit = ("INVITED_LIMITS__UNREADABLE_TOKENS_PER_SOURCE", "5/1h");
    let harness = Harness::with(&[ADMIN, limit]);
    let user = harness.login(ALICE).await;
    let unknown = format!("invited_key_{}", "A".repeat(43));
    for key in ["", "invited_key_", "nonsense", &unknown, &user.access] {
        let refused = harness.bearing_key(key).get("people/").await;
        refused.refused(401, "unauthenticated");
    }
    let refused = harness.bearing_key(&unknown).get("people/").await;
    refused.refused(429, "rate_limited");
    let program = harness.program("report", "people").await;
    program.get("people/").await.ok();
}
