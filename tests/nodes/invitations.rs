//! Who invited whom.

use std::ops::Range;

use super::{again, at_once, nodes};
use crate::harness::{ALICE, Actor, BOB, CAROL, Harness};

async fn people(nodes: &[Harness], numbers: Range<usize>) -> Vec<(Actor, String)> {
    let mut people = Vec::new();
    for number in numbers {
        let node = &nodes[number % nodes.len()];
        let actor = node.login(&format!("+7916000{number:04}")).await;
        let code = actor.invitation_code().await;
        people.push((actor, code));
    }
    people
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_has_one_referrer() {
    let Some(nodes) = nodes(&[]) else { return };
    let [alice, bob, carol] = nodes[0].logins([ALICE, BOB, CAROL]).await;
    let codes = [bob.invitation_code().await, carol.invitation_code().await];
    let replies = at_once(&nodes, 12, |number, node| {
        let (alice, code) = (alice.on(&node), codes[number % 2].clone());
        async move {
            (
                code.clone(),
                again(|| alice.redeem(&code)).await.status.as_u16(),
            )
        }
    });
    let replies = replies.await;
    let accepted: Vec<_> = replies
        .iter()
        .filter(|(_, status)| *status == 200)
        .collect();
    assert!(!accepted.is_empty());
    assert!(accepted.iter().all(|(code, _)| *code == accepted[0].0));
    assert!(
        replies
            .iter()
            .all(|(_, status)| [200, 409].contains(status))
    );
    let counts = [bob.profile().await, carol.profile().await];
    let counts = counts.map(|profile| profile["invited_users_count"].as_u64().unwrap());
    assert_eq!(counts.iter().sum::<u64>(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_invited_by_those_whom_they_invited() {
    let Some(nodes) = nodes(&[]) else { return };
    for ring in [2, 3, 5, 8] {
        let people = people(&nodes, 100 * ring..101 * ring).await;
        let replies = at_once(&nodes, ring, |number, node| {
            let (who, _) = &people[number];
            let (who, code) = (who.on(&node), people[(number + 1) % ring].1.clone());
            async move { again(|| who.redeem(&code)).await.status.as_u16() }
        });
        let mut replies = replies.await;
        replies.sort_unstable();
        let mut expected = vec![200; ring - 1];
        expected.push(409);
        assert_eq!(replies, expected, "a ring of {ring}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_invitee_of_many_at_once_is_counted() {
    let Some(nodes) = nodes(&[]) else { return };
    let people = people(&nodes, 0..31).await;
    let code = &people[30].1;
    let replies = at_once(&nodes, 30, |number, node| {
        let (who, code) = (people[number].0.on(&node), code.clone());
        async move { again(|| who.redeem(&code)).await.status.as_u16() }
    });
    assert_eq!(replies.await, [200; 30]);
    let profile = people[30].0.profile().await;
    assert_eq!(profile["invited_users_count"], 30);
    assert_eq!(
        profile["invited_users_phones"].as_array().unwrap().len(),
        30
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_referrer_who_is_deleted_meanwhile_is_nobodys_or_was() {
    let Some(nodes) = nodes(&[]) else { return };
    let people = people(&nodes, 0..20).await;
    for pair in people.chunks(2) {
        let ((referrer, code), (invitee, _)) = (&pair[0], &pair[1]);
        let (here, there) = (referrer.on(&nodes[0]), invitee.on(&nodes[1]));
        let (deleted, redeemed) = tokio::join!(
            again(|| here.delete("/profile/")),
            again(|| there.redeem(code))
        );
        assert_eq!(deleted.status, 204, "{}", deleted.text);
        assert!(
            [200, 404].contains(&redeemed.status.as_u16()),
            "{}",
            redeemed.text
        );
        assert!(invitee.profile().await["invited_by"].is_null());
    }
}
