//! Limits of messages and of guesses.

use poem::http::Method;
use serde_json::json;

use super::{again, at_once, messages, nodes};
use crate::harness::{ALICE, Harness};

/// Connections of a node, each of which has one transaction under way.
const CONNECTIONS: usize = 16;

async fn ask(node: Harness, phone: String, from: usize) {
    let peer = [198, 51, 100, u8::try_from(from % 200).unwrap()].into();
    let body = json!({ "phone": phone });
    again(|| node.call_from(peer, Method::POST, "/login/", &[], Some(body.clone()))).await;
}

/// Guesses, and says whether it was evaluated.
async fn guess(node: Harness, token: String, code: String) -> bool {
    let reply = again(|| node.confirm(&token, &code)).await;
    reply.json()["code"] == "sms_code_invalid"
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_is_sent_no_more_messages() {
    let Some(nodes) = nodes(&[("INVITED_LIMITS__SENDS_PER_PHONE", "2/1h")]) else {
        return;
    };
    at_once(&nodes, 30, |from, node| ask(node, ALICE.to_owned(), from)).await;
    assert_eq!(messages(&nodes), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_around_a_phone_are_sent_no_more_messages() {
    let Some(nodes) = nodes(&[("INVITED_LIMITS__SENDS_PER_PREFIX", "7/1h")]) else {
        return;
    };
    let phone = |number: usize| format!("+7912345{:04}", 1000 + number);
    at_once(&nodes, 30, |number, node| ask(node, phone(number), number)).await;
    assert_eq!(messages(&nodes), 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_counts_in_all_runs_over_by_no_more_than_is_under_way() {
    let Some(nodes) = nodes(&[("INVITED_LIMITS__SENDS_IN_ALL", "10/1h")]) else {
        return;
    };
    let phone = |number: usize| format!("+79{:09}", number * 1_000_003);
    at_once(&nodes, 300, |number, node| ask(node, phone(number), number)).await;
    let sent = messages(&nodes);
    assert!(
        (10..10 + nodes.len() * CONNECTIONS).contains(&sent),
        "{sent} messages"
    );
    // What is committed is seen by all.
    at_once(&nodes, 30, |number, node| {
        ask(node, phone(1000 + number), number)
    })
    .await;
    assert_eq!(messages(&nodes), sent);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_challenge_has_no_more_guesses() {
    let Some(nodes) = nodes(&[]) else { return };
    let token = nodes[0].ask(ALICE).await;
    let wrong = nodes[0].wrong_code();
    let guesses = at_once(&nodes, 30, |_, node| {
        guess(node, token.clone(), wrong.clone())
    });
    let evaluated = guesses.await.into_iter().filter(|evaluated| *evaluated);
    assert_eq!(evaluated.count(), 3);
    let reply = nodes[1].confirm(&token, &nodes[0].code()).await;
    reply.refused(429, "too_many_attempts");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_has_no_more_guesses_over_all_its_challenges() {
    let settings = [
        ("INVITED_LIMITS__WRONG_GUESSES_PER_PHONE", "4/1h"),
        ("INVITED_LIMITS__WRONG_LONG_GUESSES_PER_PHONE", "4/1h"),
    ];
    let Some(nodes) = nodes(&settings) else {
        return;
    };
    let mut tokens = Vec::new();
    for node in &nodes {
        tokens.push(node.ask(ALICE).await);
    }
    let wrong = nodes[0].wrong_code();
    let guesses = at_once(&nodes, 30, |number, node| {
        guess(node, tokens[number / 3 % 3].clone(), wrong.clone())
    });
    let evaluated = guesses.await.into_iter().filter(|evaluated| *evaluated);
    assert_eq!(evaluated.count(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_that_bring_an_invitation_code_count_with_the_others() {
    let settings = [
        ("INVITED_LIMITS__WRONG_GUESSES_PER_PHONE", "4/1h"),
        ("INVITED_LIMITS__WRONG_LONG_GUESSES_PER_PHONE", "4/1h"),
    ];
    let Some(nodes) = nodes(&settings) else {
        return;
    };
    let mut tokens = Vec::new();
    for node in &nodes {
        tokens.push(node.ask(ALICE).await);
    }
    let wrong = nodes[0].wrong_code();
    let guesses = at_once(&nodes, 30, |number, node| {
        let (token, wrong) = (tokens[number / 3 % 3].clone(), wrong.clone());
        async move {
            let mut body = json!({ "sms_code": wrong });
            if number % 2 == 0 {
                body["invitation_code"] = json!("QBX27C");
            }
            let headers = [("sms-token", &*token)];
            let path = "/login/sms-confirm/";
            let reply = again(|| node.call(Method::POST, path, &headers, Some(body.clone()))).await;
            reply.json()["code"] == "sms_code_invalid"
        }
    });
    let evaluated = guesses.await.into_iter().filter(|evaluated| *evaluated);
    assert_eq!(evaluated.count(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_enters_no_more_codes_that_nobody_has() {
    let settings = [("INVITED_LIMITS__WRONG_INVITATION_CODES_PER_USER", "5/1h")];
    let Some(nodes) = nodes(&settings) else {
        return;
    };
    let alice = nodes[0].login(ALICE).await;
    let replies = at_once(&nodes, 20, |number, node| {
        let alice = alice.on(&node);
        async move {
            alice
                .redeem(&format!("QBX2{}C", number % 5 + 2))
                .await
                .status
                .as_u16()
        }
    });
    let unknown = replies.await.into_iter().filter(|status| *status == 404);
    assert_eq!(unknown.count(), 5);
}
