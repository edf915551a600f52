//! Contract, section 8: what a source is behind proxies.

use poem::http::Method;
use serde_json::json;

use crate::{
    fuzz::log::LogCapture,
    harness::{Actor, Harness},
};

const PROXIES: (&str, &str) = ("INVITED_HTTP__TRUSTED_PROXIES", "10.0.0.0/8, fd00::/8");
const X_FORWARDED_FOR: &str = "x-forwarded-for";

/// Where a session was begun that was asked for with these headers.
async fn begun_at(harness: &Harness, peer: &str, headers: &[(&str, &str)]) -> String {
    harness.advance(1);
    let token = harness.ask("+79001234567").await;
    let headers = [headers, &[("sms-token", &*token)]].concat();
    let (peer, confirm) = (peer.parse().unwrap(), json!({ "sms_code": harness.code() }));
    let (method, path) = (Method::POST, "/login/sms-confirm/");
    let call = harness.call_from(peer, method, path, &headers, Some(confirm));
    let sessions = Actor::of(harness, &call.await)
        .get("/profile/sessions/")
        .await;
    sessions.ok()["sessions"][0]["ip"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn the_source_is_the_nearest_hop_that_is_not_a_trusted_proxy() {
    let harness = Harness::with(&[PROXIES]);
    for (peer, lines, ip) in [
        ("198.51.100.1", &[][..], "198.51.100.1"),
        ("198.51.100.1", &["203.0.113.7"], "198.51.100.1"),
        ("::ffff:198.51.100.1", &[], "198.51.100.1"),
        ("10.0.0.1", &[], "10.0.0.1"),
        ("10.0.0.1", &["203.0.113.7"], "203.0.113.7"),
        ("10.0.0.1", &["203.0.113.7:4711"], "203.0.113.7"),
        ("fd00::1", &["[2001:db8::7]:4711"], "2001:db8::7"),
        ("fd00::1", &["2001:db8::7%eth0"], "2001:db8::7"),
        (
            "10.0.0.1",
            &["1.1.1.1, 203.0.113.7, 10.0.0.2"],
            "203.0.113.7",
        ),
        ("10.0.0.1", &["203.0.113.7", "10.0.0.2"], "203.0.113.7"),
        ("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ("10.0.0.1", &["203.0.113.7, unknown, 10.0.0.2"], "10.0.0.2"),
        // Nothing that a stranger writes hides what a proxy adds.
        ("10.0.0.1", &["ё\u{80}\"[, 203.0.113.7"], "203.0.113.7"),
        (
            "10.0.0.1",
            &[&"1.1.1.1, ".repeat(500), "203.0.113.7"],
            "203.0.113.7",
        ),
    ] {
        let headers: Vec<_> = lines.iter().map(|line| (X_FORWARDED_FOR, *line)).collect();
        assert_eq!(
            begun_at(&harness, peer, &headers).await,
            ip,
            "{peer} {lines:?}"
        );
    }
}

#[tokio::test]
async fn a_trusted_proxy_is_believed_in_the_header_that_is_configured() {
    for (header, value, ip) in [
        ("x-real-ip", "203.0.113.7", "203.0.113.7"),
        ("x-real-ip", "unknown", "10.0.0.1"),
        (
            "forwarded",
            "for=1.1.1.1, for=\"203.0.113.7:80\";proto=https, for=10.0.0.2",
            "203.0.113.7",
        ),
        ("forwarded", "For=\"[2001:db8::7]:4711\"", "2001:db8::7"),
        ("forwarded", "for=\"1.1.1.1, for=203.0.113.7", "203.0.113.7"),
        (
            "forwarded",
            "for=203.0.113.7, for=_hidden, for=10.0.0.2",
            "10.0.0.2",
        ),
        ("forwarded", "for=unknown", "10.0.0.1"),
    ] {
        let harness = Harness::with(&[PROXIES, ("INVITED_HTTP__CLIENT_ADDRESS", header)]);
        let headers = [(X_FORWARDED_FOR, "192.0.2.1"), (header, value)];
        assert_eq!(
            begun_at(&harness, "10.0.0.1", &headers).await,
            ip,
            "{value}"
        );
        let stranger = begun_at(&harness, "198.51.100.1", &headers).await;
        assert_eq!(stranger, "198.51.100.1", "{header}");
    }
}

#[tokio::test]
async fn a_proxy_that_is_not_declared_is_told_of_every_ten_minutes() {
    let harness = Harness::new();
    let (capture, _guard) = LogCapture::start();
    let warned = async |header| {
        harness
            .call(Method::GET, "/profile/", &[header], None)
            .await;
        capture.take().contains("http.trusted_proxies")
    };
    assert!(!warned(("x-forwarded-proto", "https")).await);
    for name in [
        "forwarded",
        "x-real-ip",
        "cf-connecting-ip",
        "fly-client-ip",
    ] {
        assert!(warned((name, "203.0.113.7")).await, "{name}");
        harness.advance(599);
        assert!(!warned((X_FORWARDED_FOR, "203.0.113.7")).await);
        harness.advance(1);
    }
}

#[tokio::test]
async fn a_trusted_proxy_that_names_nobody_is_told_of_every_ten_minutes() {
    let harness = Harness::with(&[PROXIES]);
    let (capture, _guard) = LogCapture::start();
    let warned = async |path, header| {
        let proxy = [10, 0, 0, 1].into();
        harness
            .call_from(proxy, Method::GET, path, &[header], None)
            .await;
        capture.take().contains("http.client_address")
    };
    assert!(!warned("/profile/", (X_FORWARDED_FOR, "203.0.113.7")).await);
    assert!(!warned("/health/live", ("x-probe", "1")).await);
    for header in [
        (X_FORWARDED_FOR, "unknown"),
        ("x-real-ip", "203.0.113.7"),
        ("x", ""),
    ] {
        assert!(warned("/profile/", header).await, "{header:?}");
        harness.advance(599);
        assert!(!warned("/profile/", header).await);
        harness.advance(1);
    }
}
