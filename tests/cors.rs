//! Contract, section 2: who may call from a browser, and with what.

use std::collections::BTreeSet;

use invited::http;
use poem::http::Method;
use serde_json::Value;

use crate::harness::{Harness, Reply};

const SITE: &str = "https://example.com";

async fn ask(harness: &Harness, origin: &str, method: Method, path: &str) -> Reply {
    let headers = [
        ("origin", origin),
        ("access-control-request-method", "POST"),
    ];
    harness.call(method, path, &headers, None).await
}

async fn preflight(harness: &Harness, origin: &str, path: &str) -> Reply {
    ask(harness, origin, Method::OPTIONS, path).await
}

fn listed(reply: &Reply, name: &str) -> BTreeSet<String> {
    let names = reply.header(name).unwrap_or_default();
    names.split(", ").map(str::to_owned).collect()
}

#[tokio::test]
async fn only_configured_origins_may_call_from_a_browser() {
    let harness = Harness::with(&[("INVITED_HTTP__ALLOWED_ORIGINS", SITE)]);
    for (origin, told) in [
        (SITE, Some(SITE)),
        ("https://example.org", None),
        ("https://example.com:8443", None),
        ("http://example.com", None),
        ("HTTPS://example.com", None),
        ("null", None),
        ("*", None),
    ] {
        let reply = ask(&harness, origin, Method::GET, "/health/live").await;
        assert_eq!(reply.status, 200, "{origin}");
        assert_eq!(
            reply.header("access-control-allow-origin"),
            told,
            "{origin}"
        );
        assert_eq!(reply.header("vary"), Some("origin"));
        let asked = preflight(&harness, origin, "/login/").await;
        assert_eq!(asked.status.is_success(), told.is_some(), "{origin}");
        assert_eq!(
            asked.header("access-control-allow-origin"),
            told,
            "{origin}"
        );
    }
}

#[tokio::test]
async fn web_views_of_apps_are_origins_too() {
    for origin in [
        "capacitor://localhost",
        "ionic://localhost",
        "tauri://localhost",
        "https://tauri.localhost",
        "http://localhost:5173",
        "app://com.example.app_2",
        "chrome-extension://abcdefghijklmnop",
        "http://[2001:db8::1]:8080",
    ] {
        let harness = Harness::with(&[("INVITED_HTTP__ALLOWED_ORIGINS", origin)]);
        let reply = preflight(&harness, origin, "/login/").await;
        assert_eq!(reply.header("access-control-allow-origin"), Some(origin));
    }
}

#[tokio::test]
async fn every_header_of_the_document_may_be_sent_and_read() {
    let harness = Harness::with(&[("INVITED_HTTP__ALLOWED_ORIGINS", SITE)]);
    let document: Value = serde_json::from_str(&http::openapi()).unwrap();
    let mut wanted = BTreeSet::from(["authorization", "content-type"].map(str::to_owned));
    let items = document["paths"].as_object().unwrap().values();
    for operation in items.flat_map(|item| item.as_object().unwrap().values()) {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let headers = parameters.filter(|parameter| parameter["in"] == "header");
        wanted.extend(headers.map(|header| header["name"].as_str().unwrap().to_lowercase()));
    }
    assert!(wanted.contains("pow") && wanted.contains("device-token"));
    let asked = preflight(&harness, SITE, "/login/").await;
    assert_eq!(listed(&asked, "access-control-allow-headers"), wanted);
    let reply = ask(&harness, SITE, Method::GET, "/health/live").await;
    let readable = ["retry-after", "www-authenticate", "x-request-id"].map(str::to_owned);
    assert_eq!(
        listed(&reply, "access-control-expose-headers"),
        readable.into()
    );
}

#[tokio::test]
async fn a_preflight_is_an_answer_like_any_other() {
    let harness = Harness::with(&[("INVITED_HTTP__ALLOWED_ORIGINS", SITE)]);
    let asked = preflight(&harness, SITE, "/profile/sessions/17/").await;
    assert_eq!(asked.header("access-control-allow-methods"), Some("DELETE"));
    assert_eq!(asked.header("cache-control"), Some("no-store"));
    assert_eq!(asked.header("x-content-type-options"), Some("nosniff"));
    assert!(
        asked.header("x-request-id").is_some() && asked.header("access-control-max-age").is_some()
    );
    preflight(&harness, SITE, "/nothing/")
        .await
        .refused(404, "not_found");
}
