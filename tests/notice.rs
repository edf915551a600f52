//! What the phone is told that an account has left (contract, section 6).

use std::{future::poll_fn, sync::mpsc, task::Poll, thread};

use invited::{
    domain::{error::StoreError, tx::Tx},
    sms::SmsError,
};
use serde_json::json;
use tokio::runtime::Handle;

use crate::{
    gateways::stub::{Stub, answer},
    harness::{ALICE, Actor, BOB, CAROL, Harness, Reply},
};

/// Moves an account to another phone, with the code that `code` finds.
async fn moves(actor: &Actor, phone: &str, code: impl FnOnce() -> String) -> Reply {
    let asked = actor.post("/profile/phone/", json!({ "phone": phone }));
    let asked = asked.await.ok();
    let token = asked["sms-token"].as_str().unwrap();
    actor.confirm_phone(token, &code()).await
}

async fn told(harness: &Harness, from: &str, to: &str) -> Vec<(String, String)> {
    let actor = harness.login(from).await;
    moves(&actor, to, || harness.code()).await.ok();
    harness.gateway.notices.lock().unwrap().clone()
}

#[tokio::test]
async fn the_old_phone_is_told_and_the_new_one_is_not_named() {
    let harness = Harness::new();
    let notices = told(&harness, ALICE, BOB).await;
    let [(to, text)] = notices.as_slice() else {
        panic!("{notices:?}")
    };
    assert_eq!(to, ALICE);
    assert!(text.contains("телефон аккаунта изменён"), "{text}");
    assert!(!text.contains(|c: char| c.is_ascii_digit()), "{text}");
}

#[tokio::test]
async fn nobody_is_told_where_nothing_changed_or_nothing_is_to_be_sent() {
    let harness = Harness::new();
    assert_eq!(told(&harness, ALICE, ALICE).await, [], "the same phone");
    let alice = harness.login(ALICE).await;
    harness.login(BOB).await;
    let taken = moves(&alice, BOB, || harness.code()).await;
    taken.refused(409, "phone_taken");
    assert_eq!(*harness.gateway.notices.lock().unwrap(), [], "it was taken");
    for (variable, value) in [
        ("INVITED_SMS__NOTICES", "off"),
        (
            "INVITED_TEST_NUMBERS__79001234567",
            "{ code = \"1234\", until = 2099-01-01T00:00:00Z }",
        ),
    ] {
        let harness = Harness::with(&[(variable, value)]);
        let asked = harness.ask(ALICE).await;
        let code = if value == "off" {
            harness.code()
        } else {
            "1234".to_owned()
        };
        let alice = Actor::of(&harness, &harness.confirm(&asked, &code).await);
        moves(&alice, CAROL, || harness.code()).await.ok();
        assert_eq!(*harness.gateway.notices.lock().unwrap(), [], "{variable}");
    }
}

/// A chain of a gateway that brings codes alone, and one that brings texts.
fn chain(calls: &Stub, texts: &Stub, more: &str) -> Harness {
    let gateway = |name: &str, url: &str, member: &str| {
        format!(
            "[sms.gateway.{name}]\nkind = \"http\"\nurl = \"{url}\"\nprices = \"+7=2\"\nbody.json = {{ to = \"{{{{to_e164}}}}\", {member} }}\n"
        )
    };
    Harness::of_file(&format!(
        "{more}\n{}{}[sms.route]\n\"*\" = [\"calls\", \"texts\"]\n",
        gateway("calls", &calls.url, "code = \"{{code}}\""),
        gateway(
            "texts",
            &texts.url,
            "code = \"{{code}}\", text = \"{{text}}\""
        )
    ))
}

/// How many messages are counted, and what they cost.
fn sums(harness: &Harness) -> (i64, i64) {
    let sql = "SELECT sum(count), sum(amount) FROM counters WHERE counter = 0 AND span = 3600000";
    let [row] = &harness.intruder().rows(sql)[..] else {
        panic!("not one row")
    };
    let number = |at: usize| row[at].as_ref().unwrap().parse().unwrap();
    (number(0), number(1))
}

#[tokio::test]
async fn a_notice_takes_a_gateway_that_brings_texts_and_is_counted_even_beyond_the_budget() {
    let (calls, texts) = (Stub::answering(200, "{}"), Stub::answering(200, "{}"));
    let harness = chain(&calls, &texts, "budget.amounts = \"4/1h\"");
    let code = || calls.last().json()["code"].as_str().unwrap().to_owned();
    let token = harness.ask(ALICE).await;
    let alice = Actor::of(&harness, &harness.confirm(&token, &code()).await);
    moves(&alice, BOB, code).await.ok();
    assert_eq!((calls.count(), texts.count()), (2, 1));
    let notice = texts.last().json();
    assert_eq!((&notice["to"], notice.get("code")), (&json!(ALICE), None));
    assert_eq!(sums(&harness), (3, 60_000), "two codes and a notice");
    let states = "SELECT min(state), max(state), count(*) FROM deliveries";
    let [low, high, count] = ["2", "2", "3"].map(|text| Some(text.to_owned()));
    assert_eq!(harness.intruder().rows(states), [[low, high, count]]);
    let refused = harness.post("/login/", json!({ "phone": CAROL })).await;
    refused.refused(503, "sms_budget_exhausted");
}

#[tokio::test]
async fn an_account_moves_also_where_its_old_phone_cannot_be_told() {
    let calls = Stub::answering(200, "{}");
    let texts = Stub::saying(|asked| match asked.json().get("code") {
        Some(_) => answer(200, "{}"),
        None => answer(402, "{}"),
    });
    let harness = chain(&calls, &texts, "budget.amounts = \"100/1h\"");
    let code = || calls.last().json()["code"].as_str().unwrap().to_owned();
    let token = harness.ask(ALICE).await;
    let alice = Actor::of(&harness, &harness.confirm(&token, &code()).await);
    let profile = moves(&alice, BOB, code).await.ok();
    assert_eq!(profile["phone"], BOB[1..]);
    assert_eq!(texts.count(), 1);
    assert_eq!(sums(&harness), (2, 40_000), "it is taken back");

    let harness = Harness::new();
    let alice = harness.login(ALICE).await;
    let reply = moves(&alice, BOB, || {
        *harness.gateway.fails.lock().unwrap() = Some(SmsError::NotSent);
        harness.code()
    });
    assert_eq!(reply.await.ok()["phone"], BOB[1..]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_hangs_up_in_the_middle_does_not_keep_the_old_phone_from_being_told() {
    let harness = Harness::new();
    let alice = harness.login(ALICE).await;
    let asked = alice.post("/profile/phone/", json!({ "phone": BOB }));
    let asked = asked.await.ok();
    let code = harness.code();
    // What is written next waits for this, until `release` is dropped.
    let (begun, has_begun) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let (app, runtime) = (harness.app.clone(), Handle::current());
    let before = thread::spawn(move || {
        let hold = move |_: &mut dyn Tx| {
            let _ = begun.send(());
            let _ = released.recv();
            Ok::<_, StoreError>(())
        };
        runtime.block_on(app.store.write(hold))
    });
    has_begun.recv().unwrap();
    {
        let confirming = alice.confirm_phone(asked["sms-token"].as_str().unwrap(), &code);
        let mut confirming = Box::pin(confirming);
        let first = poll_fn(|context| Poll::Ready(confirming.as_mut().poll(context)));
        assert!(first.await.is_pending(), "the transaction is under way");
    }
    drop(release);
    before.join().unwrap().unwrap();
    while harness.gateway.notices.lock().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    assert!(alice.profile().await["phone"] == BOB[1..]);
}
