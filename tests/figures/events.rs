//! What happens, as whoever watches hears it.

use invited::app::events::{Heard, Listener};
use serde_json::{Value, json};

use crate::harness::{ALICE, Actor, BOB, Harness};

/// All that there is to hear by now.
async fn heard(listener: &mut Listener, harness: &Harness) -> Vec<Value> {
    // What is heard last is known to come.
    harness
        .app
        .note_refusal(invited::app::refusals::RefusedRequest {
            request_id: String::new(),
            at: harness.app.now(),
            route: "",
            status: 429,
            code: "",
            limit: Some("the end"),
            wait: None,
        });
    let mut all = Vec::new();
    loop {
        let told = listener.next().await.unwrap().json();
        if told["detail"] == "the end" {
            return all;
        }
        all.push(told);
    }
}

fn kinds(events: &[Value]) -> Vec<&str> {
    let kinds = events.iter().map(|event| event["kind"].as_str());
    kinds.map(Option::unwrap).collect()
}

#[tokio::test]
async fn what_happens_is_heard_in_order_and_without_phones_in_full() {
    let harness = Harness::new();
    let bob = harness.login(BOB).await;
    let code = bob.invitation_code().await;
    let mut listener = harness.app.events.listen();
    let token = harness.ask(ALICE).await;
    harness.confirm(&token, &harness.wrong_code()).await;
    let alice = harness.confirm(&token, &harness.code()).await;
    let alice = Actor::of(&harness, &alice);
    alice.redeem(&code).await.ok();
    let id = alice.profile().await["id"].clone();
    alice.delete("/profile/").await;
    let events = heard(&mut listener, &harness).await;
    let expected = [
        "asked",
        "sent",
        "wrong",
        "confirmed",
        "account",
        "invitation",
        "deleted",
    ];
    assert_eq!(
        kinds(&events),
        expected,
        "looking at a profile is nothing that happens"
    );
    let of = |kind: &str| events.iter().find(|event| event["kind"] == kind).unwrap();
    let sent = json!({ "at": "2024-04-15T21:11:13Z", "kind": "sent", "phone": "+7900•••••67", "user": null, "detail": "only" });
    assert_eq!(*of("sent"), sent);
    assert_eq!((&of("account")["user"], &of("deleted")["user"]), (&id, &id));
}

#[tokio::test]
async fn limits_and_the_alarm_are_heard_of() {
    let sends = ("INVITED_LIMITS__SENDS_PER_PHONE", "1/1h");
    let harness = Harness::with(&[sends]);
    let mut listener = harness.app.events.listen();
    harness.ask(ALICE).await;
    harness.advance(600);
    harness.post("/login/", json!({ "phone": ALICE })).await;
    let events = heard(&mut listener, &harness).await;
    assert_eq!(events.last().unwrap()["detail"], "sends_per_phone");
    for number in 0..51 {
        let token = harness.ask(&format!("+7916{number:07}")).await;
        harness.confirm(&token, &harness.wrong_code()).await;
    }
    harness.app.tell_of_guessing().await.unwrap();
    let overview = harness.done(json!({ "command": "overview" })).await;
    let alarm = json!({ "since": "2024-04-15T21:21:13Z", "wrong": 51, "entered": 51 });
    assert_eq!(overview["alarm"], alarm);
    harness.advance(3600);
    harness.app.tell_of_guessing().await.unwrap();
    let events = heard(&mut listener, &harness).await;
    let alarms = events.iter().filter(|event| event["kind"] == "alarm");
    let details: Vec<_> = alarms.map(|event| &event["detail"]).collect();
    assert_eq!(details, ["began", "ended"]);
}

#[tokio::test]
async fn whoever_is_slow_is_told_how_many_events_were_missed() {
    let harness = Harness::new();
    let (mut slow, mut other) = (harness.app.events.listen(), harness.app.events.listen());
    for number in 0..200 {
        harness.ask(&format!("+7916{number:07}")).await;
        if number % 100 == 99 {
            assert_eq!(heard(&mut other, &harness).await.len(), 200);
        }
    }
    // Each was asked for and sent, and two ends are among them.
    let Some(Heard::Missed(missed)) = slow.next().await else {
        panic!("nothing is missed");
    };
    assert_eq!(missed, 400 + 2 - 256);
    assert_eq!(slow.next().await.unwrap().kind(), "asked");
}
