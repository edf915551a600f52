//! From the request for a code to the provider and back, through the whole service.

use std::sync::{
    Arc,
    atomic::{AtomicU16, Ordering},
};

use invited::{
    app::{gateways, hook_secret},
    clock::dice,
    config::{Config, Layers},
    sms::route::Routes,
    token::keys::Keys,
};
use poem::http::Method;
use serde_json::json;
use tempfile::TempDir;

use super::stub::{Stub, answer};
use crate::harness::{ALICE, Actor, BOB, Harness};

/// A harness that sends through two gateways: `first`, which costs 1, and `second`, which costs 2.
fn harness(first: &Stub, second: &Stub, more: &str) -> Harness {
    let gateway = |name: &str, stub: &Stub, price: u8| {
        format!(
            "[sms.gateway.{name}]\nkind = \"http\"\nurl = \"{}\"\nid = \"/id\"\nbalance = \"/left\"\nprices = \"+7={price}\"\n\
             body.json = {{ code = \"{{{{code}}}}\", text = \"{{{{text}}}}\", report = \"{{{{report_url}}}}\", id = \"{{{{request_id}}}}\" }}\n\
             receipt = {{ from = \"json\", id = \"/id\", state = \"/state\", answer = \"heard\", map = {{ ok = \"delivered\", no = \"undelivered\" }} }}\n",
            stub.url
        )
    };
    Harness::of_file(&format!(
        "http.public_url = \"http://invited.test\"\n{more}\n{}{}[sms.route]\n\"*\" = [\"first\", \"second\"]\n",
        gateway("first", first, 1),
        gateway("second", second, 2)
    ))
}

fn taking() -> Stub {
    Stub::saying(|asked| {
        answer(
            200,
            &json!({ "id": format!("m-{}", asked.json()["id"].as_str().unwrap()), "left": "12.50" }).to_string(),
        )
    })
}

fn code(stub: &Stub) -> String {
    stub.last().json()["code"].as_str().unwrap().to_owned()
}

/// States of all deliveries, with the gateways that took them.
fn deliveries(harness: &Harness) -> Vec<(i64, Option<String>)> {
    let sql = "SELECT state, gateway FROM deliveries ORDER BY id";
    let rows = harness.intruder().rows(sql).into_iter();
    rows.map(|row| {
        let [state, gateway] = <[_; 2]>::try_from(row).unwrap();
        (state.unwrap().parse().unwrap(), gateway)
    })
    .collect()
}

fn spent(harness: &Harness) -> i64 {
    let sql = "SELECT coalesce(sum(cost), 0) FROM sends";
    harness.intruder().number(sql)
}

#[tokio::test]
async fn a_phone_logs_in_through_the_second_gateway_while_the_first_is_down() {
    let (first, second) = (Stub::answering(500, ""), taking());
    let harness = harness(&first, &second, "");
    let token = harness.ask(ALICE).await;
    assert_eq!(code(&first), code(&second));
    Actor::of(&harness, &harness.confirm(&token, &code(&second)).await);
    assert_eq!(deliveries(&harness), [(2, Some("second".to_owned()))]);
    assert_eq!(
        spent(&harness),
        30_000,
        "the first may have sent it as well"
    );
}

#[test]
fn codes_that_no_gateway_brings_are_refused_at_the_start() {
    let stub = taking();
    for (digits, length, reason) in [
        (4, 4, None),
        (
            4,
            6,
            Some("login.code_length is more than the gateways of \"*\" bring: 4 digits"),
        ),
        (6, 6, None),
    ] {
        let mut layers = Layers::default();
        let folder = TempDir::new().unwrap();
        let toml = format!(
            "login.code_length = {length}\n[sms.gateway.mine]\nkind = \"http\"\nurl = \"{}\"\ndigits = {digits}",
            stub.url
        );
        std::fs::write(folder.path().join("invited.toml"), toml).unwrap();
        layers.file(&folder.path().join("invited.toml")).unwrap();
        let config = Config::read(layers).unwrap();
        let opened = gateways(&config, &Keys::draw(&mut dice()), &Routes::default()).map(drop);
        assert_eq!(
            opened.err().map(|error| error.to_string()).as_deref(),
            reason
        );
    }
}

#[tokio::test]
async fn what_certainly_was_not_sent_is_taken_back() {
    let status = Arc::new(AtomicU16::new(400));
    let now = Arc::clone(&status);
    let (first, second) = (
        Stub::answering(403, ""),
        Stub::saying(move |_| answer(now.load(Ordering::Relaxed), "{}")),
    );
    let harness = harness(&first, &second, "limits.sends_per_phone = \"1/60s\"");
    harness
        .post("/login/", json!({ "phone": ALICE }))
        .await
        .refused(503, "sms_unavailable");
    assert_eq!(deliveries(&harness), []);
    status.store(200, Ordering::Relaxed);
    harness.ask(ALICE).await;
    assert_eq!(deliveries(&harness), [(2, Some("second".to_owned()))]);
}

#[tokio::test]
async fn a_budget_is_charged_what_the_gateways_take() {
    let (first, second) = (taking(), taking());
    let harness = harness(&first, &second, "[budget]\namounts = \"3/1h\"\n");
    harness.ask(ALICE).await;
    assert_eq!(spent(&harness), 10_000, "the dearer one was not needed");
    harness.ask(ALICE).await;
    // A third may cost as much as the dearest, which is more than is left.
    harness
        .post("/login/", json!({ "phone": ALICE }))
        .await
        .refused(503, "sms_budget_exhausted");
}

#[tokio::test]
async fn a_message_is_in_the_language_that_the_client_reads() {
    let (first, second) = (taking(), taking());
    let harness = harness(&first, &second, "");
    for (language, words) in [
        ("en-US", "login code"),
        ("ru", "код входа"),
        ("", "код входа"),
    ] {
        let headers = [("accept-language", language)];
        harness
            .call(
                Method::POST,
                "/login/",
                &headers,
                Some(json!({ "phone": ALICE })),
            )
            .await
            .ok();
        let text = first.last().json()["text"].as_str().unwrap().to_owned();
        assert!(text.contains(words), "{language}: {text}");
    }
}

#[tokio::test]
async fn a_provider_reports_and_only_ever_moves_on() {
    let (first, second) = (taking(), taking());
    let harness = harness(&first, &second, "");
    harness.ask(ALICE).await;
    let asked = first.last().json();
    let path = asked["report"]
        .as_str()
        .unwrap()
        .strip_prefix("http://invited.test")
        .unwrap()
        .to_owned();
    let id = format!("m-{}", asked["id"].as_str().unwrap());
    let report = async |path: &str, body: serde_json::Value| harness.post(path, body).await;
    for (state, stands) in [("queued", 2), ("no", 3), ("ok", 4), ("no", 4), ("ok", 4)] {
        let reply = report(&path, json!({ "id": id, "state": state })).await;
        assert_eq!((reply.status.as_u16(), reply.text.as_str()), (200, "heard"));
        assert_eq!(deliveries(&harness)[0].0, stands, "{state}");
    }
    let unknown = report(&path, json!({ "id": "another", "state": "ok" })).await;
    assert_eq!(unknown.status, 200, "or it would be said again and again");
    report(&path, json!({ "id": id }))
        .await
        .refused(400, "malformed_request");
    for wrong in [
        path.replace("first", "second"),
        path.replace("first", "third"),
        "/hooks/sms/first/0/".to_owned(),
    ] {
        report(&wrong, json!({ "id": id, "state": "ok" }))
            .await
            .refused(404, "not_found");
    }
    let long = json!({ "id": "x".repeat(70_000), "state": "ok" });
    report(&path, long).await.refused(413, "payload_too_large");
}

/// Where the last message said that it is to be reported.
fn address(stub: &Stub) -> String {
    let url = stub.last().json()["report"].as_str().unwrap().to_owned();
    url.strip_prefix("http://invited.test").unwrap().to_owned()
}

/// Has the provider report the message that it took last.
async fn report(harness: &Harness, stub: &Stub, state: &str) {
    let id = format!("m-{}", stub.last().json()["id"].as_str().unwrap());
    let body = json!({ "id": id, "state": state });
    assert_eq!(harness.post(&address(stub), body).await.status, 200);
}

#[tokio::test]
async fn the_address_that_providers_know_ends_with_its_epoch() {
    let (first, second) = (taking(), taking());
    let harness = harness(&first, &second, "");
    harness.ask(ALICE).await;
    let old = address(&first);
    let mut keys = harness.keys();
    keys.rotate(&mut dice());
    harness.take_up(keys.clone());
    report(&harness, &first, "queued").await;
    keys.begin_epoch(&mut dice());
    harness.take_up(keys);
    let refused = harness.post(&old, json!({ "id": "1", "state": "ok" }));
    refused.await.refused(404, "not_found");
    harness.ask(BOB).await;
    assert_ne!(address(&first), old);
    report(&harness, &first, "ok").await;
    let arrived = deliveries(&harness)
        .into_iter()
        .filter(|(state, _)| *state == 4);
    assert_eq!(arrived.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_report_that_does_not_arrive_is_not_waited_for() {
    let harness = harness(&taking(), &taking(), "");
    let secret = hook_secret(&harness.keys(), "first");
    let request = poem::Request::builder()
        .method(Method::POST)
        .uri_str(format!("/hooks/sms/first/{secret}/"))
        .header("host", "invited.test")
        .body(poem::Body::from_bytes_stream(
            futures_util::stream::pending::<Result<&'static str, std::io::Error>>(),
        ));
    let reply = harness.send(request).await;
    reply.refused(408, "request_timeout");
}

#[tokio::test]
async fn numbers_that_are_switched_off_send_no_gateway_to_the_end_of_its_chain() {
    let (first, second) = (taking(), taking());
    let harness = harness(&first, &second, "");
    let phone = |number: usize| format!("+7900{number:07}");
    for number in 0..25 {
        harness.ask(&phone(number)).await;
        report(&harness, &first, "no").await;
    }
    assert_eq!(first.count(), 25, "nobody has ever logged in there");
    for number in 0..20 {
        let token = harness.ask(&phone(number)).await;
        Actor::of(&harness, &harness.confirm(&token, &code(&first)).await);
    }
    for number in 0..20 {
        harness.ask(&phone(number)).await;
        report(&harness, &first, "no").await;
    }
    assert_eq!((first.count(), second.count()), (65, 0));
    harness.ask(ALICE).await;
    assert_eq!((first.count(), second.count()), (65, 1));
}

#[tokio::test]
async fn what_becomes_of_messages_can_be_watched() {
    let (first, second) = (Stub::answering(500, ""), taking());
    let harness = harness(&first, &second, "");
    harness.ask(ALICE).await;
    let id = format!("m-{}", second.last().json()["id"].as_str().unwrap());
    let path = second.last().json()["report"]
        .as_str()
        .unwrap()
        .replace("http://invited.test", "");
    harness
        .post(&path, json!({ "id": id, "state": "ok" }))
        .await;
    let page = invited::http::metrics::endpoint(harness.service.clone(), None);
    let request = poem::Request::builder().uri_str("/metrics").finish();
    let response = poem::Endpoint::call(&page, request).await.unwrap();
    let text = response.into_body().into_string().await.unwrap();
    for line in [
        "invited_sms_gateway_calls_total{gateway=\"first\",outcome=\"unknown\"} 1",
        "invited_sms_gateway_calls_total{gateway=\"second\",outcome=\"taken\"} 1",
        "invited_sms_gateway_circuit_open{gateway=\"first\"} 0.0",
        "invited_sms_gateway_demoted{gateway=\"second\"} 0.0",
        "invited_sms_gateway_arrived_ratio{gateway=\"second\"} 1.0",
        "invited_sms_gateway_balance{gateway=\"second\"} 12.5",
        "# EOF",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(
        text.contains("invited_sms_gateway_arrival_seconds{gateway=\"second\"} 0."),
        "{text}"
    );
    assert!(
        !text.contains("ratio{gateway=\"first\"}"),
        "it reports nothing: {text}"
    );
    let elsewhere = harness.call(Method::GET, "/metrics", &[], None).await;
    elsewhere.refused(404, "not_found");
}

#[tokio::test]
async fn who_hangs_up_does_not_stop_a_delivery() {
    let (arrived, arrivals) = std::sync::mpsc::channel();
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let first = Stub::saying(move |asked| {
        arrived.send(()).unwrap();
        let _ = wait.lock().unwrap().recv();
        answer(200, &json!({ "id": asked.json()["id"] }).to_string())
    });
    let harness = harness(&first, &taking(), "");
    let asking = {
        let harness = harness.clone();
        tokio::spawn(async move {
            harness
                .post("/login/", json!({ "phone": BOB }))
                .await
                .status
        })
    };
    tokio::task::spawn_blocking(move || arrivals.recv().unwrap())
        .await
        .unwrap();
    assert_eq!(
        deliveries(&harness),
        [(0, None)],
        "on record before anybody answers"
    );
    asking.abort();
    assert!(asking.await.unwrap_err().is_cancelled());
    go.send(()).unwrap();
    while deliveries(&harness) == [(0, None)] {
        tokio::task::yield_now().await;
    }
    assert_eq!(deliveries(&harness), [(2, Some("first".to_owned()))]);
}
