//! Roles are granted and revoked by operators themselves.

use serde_json::json;

use crate::harness::{ALICE, BOB, CAROL, Harness, operator::ADMIN};

#[tokio::test]
async fn an_owner_grants_and_revokes_and_either_holds_at_once() {
    let harness = Harness::with(&[ADMIN]);
    let alice = harness.operator(ALICE, "owner").await;
    let bob = harness.operator(BOB, "viewer").await;
    let id = bob.id_of(BOB).await;
    let grant = |phone: &str, role: &str| json!({ "phone": phone, "role": role });
    let ban = format!("people/{id}/ban/");
    bob.post(&ban, json!({})).await.refused(403, "forbidden");
    let granted = alice.post("operators/", grant(BOB, "support")).await.ok();
    assert_eq!(
        (&granted["id"], &granted["role"]),
        (&id.into(), &"support".into())
    );
    bob.post("phones/unlock/", json!({ "phone": CAROL }))
        .await
        .ok();
    let again = alice.post("operators/", grant(BOB, "support")).await;
    again.refused(409, "already_done");
    let listed = alice.get("operators/").await.ok();
    assert_eq!(listed["operators"].as_array().unwrap().len(), 2);
    assert_eq!(alice.delete(&format!("operators/{id}/")).await.status, 204);
    bob.get("session/").await.refused(401, "unauthenticated");
    let gone = alice.delete(&format!("operators/{id}/")).await;
    gone.refused(404, "user_not_found");
    for phone in [CAROL, "nobody"] {
        let refused = alice.post("operators/", grant(phone, "viewer")).await;
        assert!([404, 422].contains(&refused.status.as_u16()), "{refused:?}");
    }
}

#[tokio::test]
async fn the_last_owner_cannot_give_that_up_but_the_machine_can_take_it() {
    let harness = Harness::with(&[ADMIN]);
    let alice = harness.operator(ALICE, "owner").await;
    let own = format!("operators/{}/", alice.id_of(ALICE).await);
    alice.delete(&own).await.refused(409, "last_owner");
    let lower = json!({ "phone": ALICE, "role": "viewer" });
    let lowered = alice.post("operators/", lower.clone()).await;
    lowered.refused(409, "last_owner");
    let account = format!("people/{}/", alice.id_of(ALICE).await);
    let ban = format!("{account}ban/");
    // Who cannot log in does not count as an owner who is left.
    harness.operator(BOB, "owner").await;
    let done = json!({ "command": "ban_user", "who": BOB });
    harness.command(done).await.unwrap();
    for refused in [
        alice.delete(&own).await,
        alice.delete(&account).await,
        alice.post(&ban, json!({})).await,
    ] {
        refused.refused(409, "last_owner");
    }
    let done = json!({ "command": "unban_user", "who": BOB });
    harness.command(done).await.unwrap();
    let bob = harness.operator_login(BOB).await;
    assert_eq!(alice.delete(&own).await.status, 204);
    let revoke = json!({ "command": "revoke", "who": BOB });
    harness.command(revoke).await.unwrap();
    bob.get("session/").await.refused(401, "unauthenticated");
}

#[tokio::test]
async fn nobody_gives_or_takes_more_than_they_have() {
    let harness = Harness::with(&[ADMIN]);
    let owner = harness.operator(ALICE, "owner").await;
    harness.login(BOB).await;
    let program = harness.program("clerk", "operators,keys,people").await;
    for role in ["support", "owner"] {
        let grant = json!({ "phone": BOB, "role": role });
        let refused = program.post("operators/", grant).await;
        refused.refused(403, "forbidden");
    }
    let revoke = format!("operators/{}/", owner.id_of(ALICE).await);
    program.delete(&revoke).await.refused(403, "forbidden");
    let key = |permission: &str| json!({ "name": permission, "permissions": [permission] });
    let refused = program.post("keys/", key("delete")).await;
    refused.refused(403, "forbidden");
    program.post("keys/", key("people")).await.ok();
}
