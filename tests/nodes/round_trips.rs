//! How often a request waits for the database: what is between is a network.

use super::{is_skipped, wire::Wire};
use crate::harness::{ALICE, Actor, BOB, CAROL, Harness};

#[tokio::test(flavor = "multi_thread")]
async fn requests_wait_for_the_database_as_seldom_as_is_said() {
    if is_skipped() {
        return;
    }
    let harness = Harness::new();
    let wire = Wire::to(harness.server_port());
    let node = harness.joined_by(wire.port);
    // Statements are prepared when they are needed first.
    for phone in [BOB, CAROL] {
        let actor = node.login(phone).await;
        for _ in 0..2 {
            actor.profile().await;
        }
        actor.redeem("QBX27C").await;
        actor.exchange(&actor.refresh).await.ok();
    }
    let code = node.login(CAROL).await.invitation_code().await;
    let other = node.login(BOB).await;
    other.redeem(&code).await.ok();

    let (asked, token) = wire.trips(node.ask(ALICE)).await;
    let (confirmed, reply) = wire.trips(node.confirm(&token, &node.code())).await;
    let alice = Actor::of(&node, &reply);
    let (shown, _) = wire.trips(alice.profile()).await;
    let (again, _) = wire.trips(alice.profile()).await;
    let (redeemed, reply) = wire.trips(alice.redeem(&code)).await;
    reply.ok();
    let (refreshed, reply) = wire.trips(alice.exchange(&alice.refresh)).await;
    reply.ok();
    assert_eq!((shown, again, refreshed), (1, 1, 2));
    assert!(asked <= 3, "{asked} to ask for a code");
    assert!(confirmed <= 3, "{confirmed} to confirm it");
    assert!(redeemed <= 4, "{redeemed} to enter an invitation code");
}
