//! What a collector is sent by a build with the feature `otel`.

use serde_json::Value;
use tempfile::TempDir;

use super::configure;
use crate::{
    gateways::stub::{Stub, answer},
    harness::server::{Server, login},
};

/// A server that sends traces there.
fn start(folder: &TempDir, collector: &Stub) -> Server {
    configure(folder.path(), collector.url.trim_end_matches("/send"));
    let arguments = [
        "--sms",
        "file:sms.jsonl",
        "--log",
        "warn",
        "--config",
        "invited.toml",
    ];
    Server::with(folder.path(), &arguments)
}

/// All spans that a collector was sent.
fn spans(collector: &Stub) -> Vec<Value> {
    let bodies = (0..collector.count()).map(|number| collector.at(number).json());
    let spans = bodies.flat_map(|body| {
        let spans = &body["resourceSpans"][0]["scopeSpans"][0]["spans"];
        spans.as_array().unwrap().clone()
    });
    spans.collect()
}

/// The first span of a name.
fn named<'s>(spans: &'s [Value], name: &str) -> &'s Value {
    let span = spans.iter().find(|span| span["name"] == name);
    span.unwrap_or_else(|| panic!("{name}: {spans:?}"))
}

fn attribute<'s>(span: &'s Value, name: &str) -> &'s Value {
    let mut attributes = span["attributes"].as_array().unwrap().iter();
    let attribute = attributes.find(|attribute| attribute["key"] == name);
    &attribute.unwrap_or_else(|| panic!("{name}: {span}"))["value"]
}

#[test]
fn a_request_is_a_trace_with_what_it_waited_for_in_it() {
    let (folder, collector) = (TempDir::new().unwrap(), Stub::answering(200, "{}"));
    let server = start(&folder, &collector);
    login(&server.address, folder.path(), "+79001234567").unwrap();
    let (_, problem) = server.call("GET", "/profile/", &[], None).unwrap();
    server.stop();
    assert!(collector.at(0).head.starts_with("POST /v1/traces "));
    let spans = spans(&collector);
    let asked = named(&spans, "POST /login/");
    assert_eq!(
        (&asked["kind"], &asked["parentSpanId"]),
        (&2.into(), &"".into())
    );
    assert_eq!(
        attribute(asked, "http.response.status_code")["intValue"],
        "200"
    );
    for (name, kind) in [("gateway.call", 3), ("store.write", 1)] {
        let inner = spans.iter().filter(|span| span["name"] == name);
        let inner: Vec<_> = inner
            .filter(|span| span["parentSpanId"] == asked["spanId"])
            .collect();
        assert!(!inner.is_empty(), "{name}: {spans:?}");
        assert!(
            inner
                .iter()
                .all(|span| span["kind"] == kind && span["traceId"] == asked["traceId"])
        );
    }
    assert_eq!(
        attribute(named(&spans, "gateway.call"), "outcome")["stringValue"],
        "taken"
    );
    let refused = named(&spans, "GET /profile/");
    assert_eq!(
        attribute(refused, "problem.code")["stringValue"],
        "unauthenticated"
    );
    let id = problem["request_id"].as_str().unwrap();
    assert_eq!(refused["traceId"], format!("00000000{id}"));
}

#[test]
fn a_trace_names_nobody_and_begins_where_the_request_came_in() {
    let (folder, collector) = (TempDir::new().unwrap(), Stub::answering(200, "{}"));
    let server = start(&folder, &collector);
    login(&server.address, folder.path(), "+79001234567").unwrap();
    let theirs = [(
        "traceparent",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    )];
    server
        .call("GET", "/secret-79001234567/", &theirs, None)
        .unwrap();
    server.stop();
    let told = (0..collector.count()).map(|number| collector.at(number).body);
    let told: String = told.collect();
    for secret in [
        "79001234567",
        "9001234",
        "secret",
        "4bf92f3577b34da6",
        "127.0.0.1",
    ] {
        assert!(!told.contains(secret), "{secret}: {told}");
    }
}

#[test]
fn a_collector_that_fails_is_told_of_once_and_holds_nobody_up() {
    let (folder, collector) = (TempDir::new().unwrap(), Stub::saying(|_| answer(503, "")));
    let server = start(&folder, &collector);
    while collector.count() < 2 {
        server.call("GET", "/health/live", &[], None).unwrap();
    }
    server.stop();
    let log = std::fs::read_to_string(folder.path().join("stderr.txt")).unwrap();
    assert_eq!(log.matches("traces are lost").count(), 1, "{log}");
}
