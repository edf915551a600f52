//! A connection to the database that ends somewhere in a transaction: what was
//! asked for is done, and done once.

use poem::http::StatusCode;
use serde_json::json;

use super::{is_skipped, wire::Wire};
use crate::harness::{Actor, Harness};

/// A node, and its way to the database, over which everything went before.
async fn node() -> Option<(Wire, Harness)> {
    if is_skipped() {
        return None;
    }
    let harness = Harness::new();
    let wire = Wire::to(harness.server_port());
    let node = harness.joined_by(wire.port);
    for phone in ["+79160000001", "+79160000002"] {
        let token = node.ask(phone).await;
        node.confirm(&token, &node.wrong_code()).await;
        let actor = Actor::of(&node, &node.confirm(&token, &node.code()).await);
        actor.profile().await;
        actor.patch("/profile/", json!({ "first_name": "A" })).await;
        actor.exchange(&actor.refresh).await.ok();
    }
    Some((wire, node))
}

/// Cuts in the place of each answer to what is done, until it has no more answers.
macro_rules! cut_everywhere {
    ($wire:ident, |$cut:ident| $work:expr) => {
        let mut cuts = 0;
        for $cut in 1.. {
            $work;
            if !$wire.is_cut() {
                break;
            }
            cuts += 1;
        }
        assert!(cuts >= 2, "it was cut {cuts} times");
    };
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_asked_for_and_confirmed() {
    let Some((wire, node)) = node().await else {
        return;
    };
    cut_everywhere!(wire, |cut| {
        let phone = format!("+791700000{cut:02}");
        wire.cut_in(cut);
        let token = node.ask(&phone).await;
        assert_eq!(node.gateway.last().to, phone);
        let code = node.code();
        let confirmed = node.confirm(&token, &code).await;
        assert_eq!(confirmed.ok()["created"], true);
        node.confirm(&token, &code)
            .await
            .refused(401, "sms_token_used");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_guess_counts_once() {
    let Some((wire, node)) = node().await else {
        return;
    };
    cut_everywhere!(wire, |cut| {
        let token = node.ask(&format!("+791800000{cut:02}")).await;
        let wrong = node.wrong_code();
        wire.cut_in(cut);
        let first = node.confirm(&token, &wrong).await;
        assert_eq!(first.json()["attempts_left"], 2, "{first:?}");
        let second = node.confirm(&token, &wrong).await;
        assert_eq!(second.json()["attempts_left"], 1, "{second:?}");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_counts_once_and_a_token_is_exchanged_once() {
    let Some((wire, node)) = node().await else {
        return;
    };
    let referrer = node.login("+79190000000").await;
    let code = referrer.invitation_code().await;
    let mut invitees = 0;
    cut_everywhere!(wire, |cut| {
        let alice = node.login(&format!("+792000000{cut:02}")).await;
        wire.cut_in(cut);
        alice.redeem(&code).await.ok();
        invitees += 1;
        let profile = referrer.profile().await;
        assert_eq!(profile["invited_users_count"], invitees);
    });
    cut_everywhere!(wire, |cut| {
        let alice = node.login(&format!("+792100000{cut:02}")).await;
        wire.cut_in(cut);
        let pair = alice.exchange(&alice.refresh).await.ok();
        let alice = alice.with(&pair);
        assert_eq!(alice.get("/profile/").await.status, StatusCode::OK);
    });
}
