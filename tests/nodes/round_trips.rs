//! How often a request waits for the database: what is between is a network.

use super::{is_skipped, wire::Wire};
use crate::harness::{Actor, BOB, CAROL, Harness};

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

    // One request in a few also sweeps, with statements that may be new.
    let mut least = [usize::MAX; 6];
    for number in 0..8 {
        let phone = format!("+7916000000{number}");
        let trips = trips(&node, &wire, &phone, &code).await;
        least = std::array::from_fn(|at| least[at].min(trips[at]));
    }
    let [asked, confirmed, shown, again, redeemed, refreshed] = least;
    assert_eq!((shown, again, refreshed), (1, 1, 2));
    assert!(asked <= 3, "{asked} to ask for a code");
    assert!(confirmed <= 3, "{confirmed} to confirm it");
    assert!(redeemed <= 4, "{redeemed} to enter an invitation code");
}

/// How often it is waited for asking, confirming, two profiles, an invitation code and a refresh.
async fn trips(node: &Harness, wire: &Wire, phone: &str, code: &str) -> [usize; 6] {
    let (asked, token) = wire.trips(node.ask(phone)).await;
    let (confirmed, reply) = wire.trips(node.confirm(&token, &node.code())).await;
    let actor = Actor::of(node, &reply);
    let (shown, _) = wire.trips(actor.profile()).await;
    let (again, _) = wire.trips(actor.profile()).await;
    let (redeemed, reply) = wire.trips(actor.redeem(code)).await;
    reply.ok();
    let (refreshed, reply) = wire.trips(actor.exchange(&actor.refresh)).await;
    reply.ok();
    [asked, confirmed, shown, again, redeemed, refreshed]
}
