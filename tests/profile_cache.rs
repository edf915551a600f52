//! Profiles are kept as they were shown: nobody is shown one that is no longer so.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::harness::{ALICE, Actor, BOB, CAROL, Harness};

/// A referrer, an invitee, and that one's own invitee, who have all looked at
/// their profiles, so that these are kept.
async fn chain(harness: &Harness) -> [Actor; 3] {
    let people = harness.logins([ALICE, BOB, CAROL]).await;
    for (referrer, invitee) in people.iter().zip(&people[1..]) {
        let code = referrer.invitation_code().await;
        let _ = invitee.profile().await;
        invitee.redeem(&code).await.ok();
    }
    looks(&people).await;
    people
}

async fn looks(people: &[Actor]) -> Vec<Value> {
    join_all(people.iter().map(Actor::profile)).await
}

async fn move_to(harness: &Harness, actor: &Actor, phone: &str) {
    let asked = actor.post("/profile/phone/", json!({ "phone": phone }));
    let token = asked.await.ok()["sms-token"].as_str().unwrap().to_owned();
    actor.confirm_phone(&token, &harness.code()).await.ok();
}

#[tokio::test]
async fn ones_own_change_shows_in_every_session() {
    let harness = Harness::new();
    let (one, another) = (harness.login(ALICE).await, harness.login(ALICE).await);
    for name in ["A", "B", ""] {
        one.patch("/profile/", json!({ "first_name": name }))
            .await
            .ok();
        for session in [&one, &another, &one] {
            assert_eq!(session.profile().await["first_name"], name);
        }
    }
}

#[tokio::test]
async fn a_redeemed_code_shows_on_both_sides() {
    let harness = Harness::new();
    let [alice, bob, carol] = chain(&harness).await;
    let alice = alice.profile().await;
    assert_eq!(alice["invited_users_count"], 1);
    assert_eq!(alice["invited_users_phones"], json!([BOB[1..]]));
    assert_eq!(bob.profile().await["invited_by"], ALICE[1..]);
    assert_eq!(
        bob.profile().await["invited_users_phones"],
        json!([CAROL[1..]])
    );
    assert_eq!(carol.profile().await["invited_by"], BOB[1..]);
}

#[tokio::test]
async fn another_phone_shows_up_and_down_the_chain() {
    let harness = Harness::new();
    let people = chain(&harness).await;
    move_to(&harness, &people[1], "+79998887766").await;
    let [alice, bob, carol] = looks(&people).await.try_into().unwrap();
    assert_eq!(alice["invited_users_phones"], json!(["79998887766"]));
    assert_eq!(bob["phone"], "79998887766");
    assert_eq!(carol["invited_by"], "79998887766");
}

#[tokio::test]
async fn who_left_is_shown_to_nobody() {
    let harness = Harness::new();
    let people = chain(&harness).await;
    people[1].delete("/profile/").await;
    people[1]
        .get("/profile/")
        .await
        .refused(401, "token_invalid");
    let alice = people[0].profile().await;
    assert_eq!(
        (
            &alice["invited_users_phones"],
            &alice["invited_users_count"]
        ),
        (&json!([]), &json!(0))
    );
    assert_eq!(people[2].profile().await["invited_by"], json!(null));
}

#[tokio::test]
async fn an_ended_session_is_shown_nothing() {
    let harness = Harness::new();
    let (one, another) = (harness.login(ALICE).await, harness.login(ALICE).await);
    looks(&[harness.login(BOB).await]).await;
    for session in [&one, &another] {
        session.profile().await;
    }
    one.post("/logout/", json!({})).await;
    one.get("/profile/").await.refused(401, "token_invalid");
    another.profile().await;
    another.post("/logout/", json!({ "all": true })).await;
    another.get("/profile/").await.refused(401, "token_invalid");
}

#[tokio::test]
async fn a_session_that_another_one_ends_is_shown_nothing() {
    let harness = Harness::new();
    let (one, another) = (harness.login(ALICE).await, harness.login(ALICE).await);
    for session in [&one, &another] {
        session.profile().await;
    }
    let sessions = one.get("/profile/sessions/").await.ok();
    let mut listed = sessions["sessions"].as_array().unwrap().iter();
    let other = listed.find(|session| session["current"] == false);
    let path = format!("/profile/sessions/{}/", other.unwrap()["id"]);
    one.delete(&path).await;
    another.get("/profile/").await.refused(401, "token_invalid");
    one.profile().await;
}
