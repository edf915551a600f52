//! Logins and sessions.

use std::collections::BTreeSet;

use serde_json::json;

use super::{again, at_once, nodes};
use crate::harness::{ALICE, Actor, BOB};

#[tokio::test(flavor = "multi_thread")]
async fn a_code_logs_in_once() {
    let Some(nodes) = nodes(&[]) else { return };
    for phone in [ALICE, BOB] {
        let token = nodes[0].ask(phone).await;
        let code = nodes[0].code();
        let replies = at_once(&nodes, 20, |_, node| {
            let (token, code) = (token.clone(), code.clone());
            async move { again(|| node.confirm(&token, &code)).await.status.as_u16() }
        });
        let welcome = replies.await.into_iter().filter(|status| *status == 200);
        assert_eq!(welcome.count(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_becomes_one_user() {
    let Some(nodes) = nodes(&[]) else { return };
    let mut challenges = Vec::new();
    for node in &nodes {
        challenges.push((node.ask(ALICE).await, node.code()));
    }
    let replies = at_once(&nodes, 3, |number, node| {
        let (token, code) = challenges[number].clone();
        async move { again(|| node.confirm(&token, &code)).await }
    });
    let created = replies
        .await
        .into_iter()
        .filter(|reply| reply.status == 200);
    assert_eq!(created.count(), 1, "the others are spent with it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_has_one_successor() {
    let Some(nodes) = nodes(&[]) else { return };
    let alice = nodes[0].login(ALICE).await;
    let replies = at_once(&nodes, 20, |_, node| {
        let alice = alice.on(&node);
        async move { again(|| alice.exchange(&alice.refresh)).await.ok()["refresh"].to_string() }
    });
    let successors: BTreeSet<_> = replies.await.into_iter().collect();
    assert_eq!(successors.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_holds_a_session_after_all_were_ended_but_who_logged_in_later() {
    let Some(nodes) = nodes(&[]) else { return };
    for _ in 0..5 {
        let alice = nodes[0].login(ALICE).await;
        let token = nodes[1].ask(ALICE).await;
        let code = nodes[1].code();
        let login = again(|| nodes[1].confirm(&token, &code));
        let here = alice.on(&nodes[2]);
        let logout = again(|| here.post("/logout/", json!({ "all": true })));
        let (login, logout) = tokio::join!(login, logout);
        assert_eq!(logout.status, 204, "{}", logout.text);
        assert_eq!(alice.get("/profile/").await.status, 401);
        let other = Actor::of(&nodes[0], &login);
        let status = other.get("/profile/").await.status;
        assert!([200, 401].contains(&status.as_u16()), "{status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_on_one_node_is_shown_by_the_others() {
    let Some(nodes) = nodes(&[]) else { return };
    let alice = nodes[0].login(ALICE).await;
    let bob = nodes[1].login(BOB).await;
    let elsewhere = [alice.on(&nodes[1]), alice.on(&nodes[2])];
    for name in ["Alice", "Alisa", ""] {
        alice
            .patch("/profile/", json!({ "first_name": name }))
            .await
            .ok();
        for alice in &elsewhere {
            assert_eq!(alice.profile().await["first_name"], name);
        }
    }
    bob.redeem(&alice.invitation_code().await).await.ok();
    assert_eq!(elsewhere[1].profile().await["invited_users_count"], 1);
    assert_eq!(bob.delete("/profile/").await.status, 204);
    assert_eq!(elsewhere[0].profile().await["invited_users_count"], 0);
    alice.post("/logout/", json!({})).await;
    for alice in &elsewhere {
        assert_eq!(alice.get("/profile/").await.status, 401);
    }
}
