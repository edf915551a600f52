//! What requests of operators must be: of their own site, and by no form. And
//! what their cookies are.

use invited::http::admin_openapi;
use poem::{Request, http::Method};
use serde_json::json;

use crate::{
    fuzz::openapi::OpenApi,
    harness::{ALICE, BOB, Harness, operator::ADMIN},
};

const OWN: &str = "http://invited.test";

#[tokio::test]
async fn what_another_site_has_a_browser_send_changes_nothing() {
    let harness = Harness::with(&[ADMIN]);
    let alice = harness.operator(ALICE, "owner").await;
    harness.login(BOB).await;
    let path = format!("people/{}/logout/", alice.id_of(BOB).await);
    let (site, origin, why) = ("sec-fetch-site", "origin", ("x-reason", "why"));
    for (headers, status) in [
        (vec![(site, "same-origin")], 200),
        (
            vec![(site, "same-origin"), (origin, "https://elsewhere.test")],
            200,
        ),
        (vec![(site, "none")], 200),
        (vec![(origin, OWN)], 200),
        (vec![], 200),
        (vec![(site, "same-site"), (origin, OWN)], 403),
        (vec![(site, "cross-site"), (origin, OWN)], 403),
        (vec![(site, "")], 403),
        (vec![(origin, "https://elsewhere.test")], 403),
        (vec![(origin, "http://invited.test.elsewhere.test")], 403),
        (vec![(origin, "http://sub.invited.test")], 403),
        (vec![(origin, "null")], 403),
    ] {
        let headers = [headers, vec![why]].concat();
        let body = Some(json!({}));
        let reply = alice.call(Method::POST, &path, &headers, body).await;
        assert_eq!(reply.status, status, "{headers:?}: {reply:?}");
    }
    // What only shows something has no other site's cookie by itself.
    let read = [(site, "cross-site")];
    alice.call(Method::GET, "people/", &read, None).await.ok();
    let program = harness.program("report", "people,logout").await;
    let headers = [(site, "cross-site"), why];
    let body = Some(json!({}));
    program.call(Method::POST, &path, &headers, body).await.ok();
}

#[tokio::test]
async fn nobody_is_logged_in_by_another_site() {
    let harness = Harness::with(&[ADMIN]);
    let alien = [("sec-fetch-site", "cross-site")];
    for (path, body) in [
        ("/admin/api/login/", json!({ "phone": ALICE })),
        ("/admin/api/session/", json!({ "sms_code": "1234" })),
    ] {
        let refused = harness.call(Method::POST, path, &alien, Some(body)).await;
        refused.refused(403, "forbidden");
    }
    assert_eq!(harness.gateway.count(), 0);
}

#[tokio::test]
async fn what_a_form_can_send_changes_nothing() {
    let harness = Harness::with(&[ADMIN]);
    let alice = harness.operator(ALICE, "owner").await;
    let (name, cookie) = &alice.shows;
    let path = format!("/admin/api/people/{}/logout/", alice.id_of(ALICE).await);
    for kind in ["text/plain", "application/x-www-form-urlencoded", ""] {
        let headers = [
            (*name, cookie.as_str()),
            ("x-reason", "why"),
            ("content-type", kind),
        ];
        let refused = harness.call(Method::POST, &path, &headers, None).await;
        refused.refused(415, "unsupported_media_type");
    }
    alice.get("session/").await.ok();
}

#[tokio::test]
async fn no_origin_is_let_in_that_the_api_lets_in() {
    let origins = ("INVITED_HTTP__ALLOWED_ORIGINS", "https://app.example.com");
    let harness = Harness::with(&[ADMIN, origins]);
    let headers = [
        ("origin", "https://app.example.com"),
        ("access-control-request-method", "GET"),
    ];
    for (path, is_let_in) in [("/profile/", true), ("/admin/api/people/", false)] {
        let reply = harness.call(Method::OPTIONS, path, &headers, None).await;
        let named = reply.header("access-control-allow-origin");
        assert_eq!(named.is_some(), is_let_in, "{path}");
    }
}

/// The cookie that a login sets where the server is reached at this address.
async fn cookie_at(public_url: &str) -> String {
    let url = ("INVITED_HTTP__PUBLIC_URL", public_url);
    let harness = Harness::with(&[ADMIN, url]);
    harness.login(ALICE).await;
    let grant = json!({ "command": "grant", "who": ALICE, "role": "viewer" });
    harness.command(grant).await.unwrap();
    let token = harness.ask_as_operator(ALICE).await;
    let confirmed = harness.confirm_as_operator(&token, &harness.code()).await;
    let cookie = confirmed.header("set-cookie").unwrap();
    let (name, rest) = cookie.split_once('=').unwrap();
    let (_, attributes) = rest.split_once("; ").unwrap();
    let pair = cookie.split(';').next().unwrap();
    let headers = [("cookie", pair)];
    let shown = harness.call(Method::GET, "/admin/api/session/", &headers, None);
    shown.await.ok();
    format!("{name}; {attributes}")
}

#[tokio::test]
async fn a_cookie_is_as_strict_as_its_address_allows() {
    for (public_url, cookie) in [
        (
            "http://example.com",
            "invited_operator; Path=/admin/; HttpOnly; SameSite=Strict",
        ),
        (
            "https://example.com",
            "__Host-invited_operator; Path=/; HttpOnly; SameSite=Strict; Secure",
        ),
        (
            "https://example.com/auth",
            "__Secure-invited_operator; Path=/auth/admin/; HttpOnly; SameSite=Strict; Secure",
        ),
    ] {
        assert_eq!(cookie_at(public_url).await, cookie);
    }
}

#[tokio::test]
async fn a_cookie_that_is_nonsense_or_there_twice_is_nobodys() {
    let harness = Harness::with(&[ADMIN]);
    let alice = harness.operator(ALICE, "viewer").await;
    let (_, good) = &alice.shows;
    let with = |cookie: &str| alice.showing(cookie);
    with(&format!("a=b; {good}; c=d"))
        .get("session/")
        .await
        .ok();
    for cookie in [
        "invited_operator=",
        "invited_operator=x",
        "invited_operator",
        &format!("{good}A"),
        &good[..good.len() - 1],
        &format!("{good}; {good}"),
        &format!("__Host-{good}"),
        &format!("invited_operator={}", "A".repeat(10_000)),
        "=;;;= invited_operator;;",
    ] {
        let refused = with(cookie).get("session/").await;
        refused.refused(401, "unauthenticated");
    }
}

#[tokio::test]
async fn every_answer_is_in_the_envelope_of_the_api() {
    let harness = Harness::with(&[ADMIN]);
    let alice = harness.operator(ALICE, "viewer").await;
    let shown = alice.get("session/").await;
    assert_eq!(shown.header("cache-control"), Some("no-store"));
    assert_eq!(shown.header("x-content-type-options"), Some("nosniff"));
    assert!(shown.header("x-request-id").is_some());
    let refused = alice.call(Method::PUT, "session/", &[], None).await;
    refused.refused(405, "method_not_allowed");
    assert_eq!(refused.header("allow"), Some("GET, POST, DELETE, HEAD"));
    alice.get("nothing/").await.refused(404, "not_found");
    for path in [
        "people/x/",
        "people/?limit=0",
        "people/?after=x",
        "series/?span=age",
    ] {
        let refused = alice.get(path).await;
        assert!(
            [404, 422].contains(&refused.status.as_u16()),
            "{path}: {refused:?}"
        );
    }
    let document = alice.get("openapi.json").await.ok();
    assert!(document["paths"]["/admin/api/session/"].is_object());
}

#[tokio::test]
async fn nonsense_is_refused_in_the_words_of_the_document() {
    let harness = Harness::with(&[ADMIN]);
    let alice = harness.operator(ALICE, "owner").await;
    let document = OpenApi::of(&admin_openapi());
    let nested = "[".repeat(5000);
    let bodies = [
        "null",
        "[]",
        "{",
        "\"\"",
        "1e999",
        &nested,
        "{\"a\":1,\"a\":2}",
        "{\"phone\":1}",
        "{\"phone\":\"\u{202e}\",\"role\":\"king\",\"name\":\"\\u0000\",\"permissions\":[[]],\"sms_code\":\"\"}",
    ];
    let (name, cookie) = &alice.shows;
    for operation in &document.operations {
        for (id, body) in ["0", "-1", "9223372036854775807", "x", "%00"]
            .iter()
            .flat_map(|id| bodies.map(|body| (id, body)))
        {
            // It would not end.
            if operation.path.ends_with("/events/") || operation.id == "end_session" {
                continue;
            }
            let path = operation.path.replace("{id}", id);
            let request = Request::builder()
                .method(operation.method.clone())
                .uri_str(&path)
                .header("host", "invited.test")
                .header(*name, cookie)
                .header("x-reason", "why")
                .header("content-type", "application/json");
            let reply = harness.send(request.body(body.to_owned())).await;
            let status = reply.status.as_u16();
            assert!(status < 500, "{} {path} {body}: {reply:?}", operation.id);
            if status >= 400 {
                let code = reply.json()["code"].as_str().unwrap().to_owned();
                let is_known = operation.documents(status, &code);
                assert!(
                    is_known || status == 404,
                    "{} {path}: {reply:?}",
                    operation.id
                );
            }
        }
    }
    alice.get("session/").await.ok();
}
