//! The way to somebody in the tree.

use serde_json::{Value, json};

use crate::harness::{
    ALICE, Actor, BOB, CAROL, Harness,
    operator::{ADMIN, Operator},
};

/// The phones of those who lead to somebody, and how many each invited.
async fn lineage(operator: &Operator, id: &Value) -> Value {
    let told = operator.get(&format!("people/{id}/lineage/")).await.ok();
    let nodes = told["lineage"].as_array().unwrap().iter();
    nodes
        .map(|node| json!([node["phone"], node["invited_users_count"]]))
        .collect()
}

async fn invited(harness: &Harness, phone: &str, by: &Actor) -> Actor {
    let code = by.invitation_code().await;
    let actor = harness.login(phone).await;
    actor.redeem(&code).await.ok();
    actor
}

#[tokio::test]
async fn the_way_to_somebody_is_told_from_the_top_of_the_tree() {
    let harness = Harness::with(&[ADMIN]);
    let alice = harness.login(ALICE).await;
    let bob = invited(&harness, BOB, &alice).await;
    let carol = invited(&harness, CAROL, &bob).await;
    let owner = harness.operator("+79265550011", "owner").await;
    let id = carol.profile().await["id"].clone();
    assert_eq!(
        lineage(&owner, &id).await,
        json!([[ALICE, 1], [BOB, 1], [CAROL, 0]])
    );
    let top = alice.profile().await["id"].clone();
    assert_eq!(lineage(&owner, &top).await, json!([[ALICE, 1]]));
    alice.delete("/profile/").await;
    assert_eq!(
        lineage(&owner, &id).await,
        json!([[null, 1], [BOB, 1], [CAROL, 0]]),
        "whoever is deleted is at the top still"
    );
    let nobody = owner.get("people/1/lineage/").await;
    nobody.refused(404, "user_not_found");
}
