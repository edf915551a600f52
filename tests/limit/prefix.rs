//! What ten thousand neighbouring numbers may have together.

use super::{DAY, HOUR, limited, token};
use crate::harness::Harness;

#[tokio::test]
async fn a_prefix_gets_twenty_messages_an_hour() {
    let harness = Harness::with(&[("INVITED_LIMITS__SENDS_PER_PREFIX", "20/1h, 50/24h")]);
    for number in 0..20 {
        harness.login(&format!("+791612300{number:02}")).await;
    }
    let reply = harness.asked("+79161239999").await;
    limited(&reply, "sms_rate_limited", "sends_per_prefix", HOUR);
    harness.asked("+79161240000").await.ok();
    harness.advance(HOUR);
    harness.asked("+79161239999").await.ok();
}

#[tokio::test]
async fn a_prefix_whose_codes_do_not_come_back_gets_no_more() {
    let harness = Harness::with(&[("INVITED_LIMITS__SENDS_PER_PREFIX", "1000/1h")]);
    harness.login("+79161230000").await;
    for number in 1..20 {
        harness.asked(&format!("+791612300{number:02}")).await.ok();
    }
    // The first of the few that are let through.
    harness.asked("+79161230020").await.ok();
    let reply = harness.asked("+79161239999").await;
    limited(&reply, "sms_rate_limited", "confirmations_per_prefix", DAY);
    harness.advance(DAY);
    for number in 0..2 {
        harness.login(&format!("+791612301{number:02}")).await;
    }
    for number in 2..20 {
        harness.asked(&format!("+791612301{number:02}")).await.ok();
    }
    // One in ten came back; with one more that does not, it is less.
    harness.asked("+79161238888").await.ok();
    harness.asked("+79161238889").await.ok();
    let reply = harness.asked("+79161239999").await;
    limited(&reply, "sms_rate_limited", "confirmations_per_prefix", DAY);
}

#[tokio::test]
async fn to_such_a_prefix_one_message_an_hour_is_let_through_for_another_network() {
    let harness = Harness::with(&[("INVITED_LIMITS__SENDS_PER_PREFIX", "1000/1h")]);
    let mut numbers = 0..10_000;
    let mut ask = async |peer: [u8; 4]| {
        let phone = format!("+7916123{:04}", numbers.next().unwrap());
        harness.ask_as(&phone, "", peer).await
    };
    for _ in 0..20 {
        ask([203, 0, 113, 1]).await.ok();
    }
    ask([203, 0, 113, 1]).await.ok();
    let neighbour = ask([198, 51, 100, 1]).await;
    limited(
        &neighbour,
        "sms_rate_limited",
        "confirmations_per_prefix",
        HOUR,
    );
    harness.advance(HOUR);
    let again = ask([203, 0, 113, 250]).await;
    limited(
        &again,
        "sms_rate_limited",
        "confirmations_per_prefix",
        23 * HOUR,
    );
    for network in 1..=3 {
        let token = token(&ask([198, 51, network, 1]).await);
        let elsewhere = ask([192, 0, 2, 1]).await;
        limited(
            &elsewhere,
            "sms_rate_limited",
            "confirmations_per_prefix",
            HOUR,
        );
        harness.confirm(&token, &harness.code()).await.ok();
        harness.advance(HOUR);
    }
    // Three of 24 came back: that is enough.
    for _ in 0..6 {
        ask([203, 0, 113, 1]).await.ok();
    }
}

#[tokio::test]
async fn whoever_pumps_gets_no_more_than_one_an_hour_from_ever_so_many_networks() {
    let harness = Harness::with(&[("INVITED_LIMITS__SENDS_PER_PREFIX", "1000/1h")]);
    let mut sent = 0;
    for number in 0..20 + 24 * 12_u16 {
        let [high, low] = number.to_be_bytes();
        let peer = [203, high, low, 1];
        let phone = format!("+7916123{number:04}");
        sent += usize::from(harness.ask_as(&phone, "", peer).await.status == 200);
        if number >= 20 {
            harness.advance(300);
        }
    }
    assert_eq!(sent, 20 + 24);
    let unknown = harness.ask_as("+79161240000", "", [203, 0, 113, 1]).await;
    unknown.ok();
}
