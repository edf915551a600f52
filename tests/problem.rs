//! Contract, section 2: what holds for every call.

use invited::http::problem::{self, Problem};
use poem::{
    Body, Request,
    http::{Method, StatusCode},
};
use serde_json::json;

use crate::harness::{ALICE, Harness, Reply};

async fn raw(harness: &Harness, headers: &[(&str, &str)], body: impl Into<Body>) -> Reply {
    let mut request = Request::builder().method(Method::POST).uri_str("/login/");
    request = request.header("host", "invited.test");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    harness.send(request.body(body)).await
}

const JSON: (&str, &str) = ("content-type", "application/json");

#[tokio::test]
async fn what_is_not_json_is_malformed() {
    let harness = Harness::new();
    let deep = format!("{{\"phone\":{}1{}}}", "[".repeat(1000), "]".repeat(1000));
    let bodies: [&[u8]; 15] = [
        b"",
        b"{",
        b"phone",
        b"{'phone':'1'}",
        b"{\"phone\":\"+79001234567\"} x",
        b"{\"phone\":\"+79001234567\"}{}",
        b"\xef\xbb\xbf{\"phone\":\"+79001234567\"}",
        b"{\"phone\":\"\xff\"}",
        b"{\"phone\":\"\\ud800\"}",
        b"{\"phone\":\"a\nb\"}",
        b"{\"phone\":\"+79001234567\",\"phone\":\"+79001234567\"}",
        b"{\"a\":{\"b\":1,\"b\":2},\"phone\":\"+79001234567\"}",
        b"{\"phone\":\"+79001234567\",}",
        b"{\"phone\":NaN}",
        deep.as_bytes(),
    ];
    for body in bodies {
        raw(&harness, &[JSON], body.to_vec())
            .await
            .refused(400, "malformed_json");
    }
    assert_eq!(harness.gateway.count(), 0);
}

#[tokio::test]
async fn json_of_another_shape_is_not_valid() {
    let harness = Harness::new();
    for (body, pointer) in [
        (json!([]), "#"),
        (json!("x"), "#"),
        (json!(null), "#"),
        (json!(1), "#"),
        (json!({}), "#/phone"),
        (json!({ "Phone": ALICE }), "#/phone"),
        (json!({ "phone": 79_001_234_567_u64 }), "#/phone"),
        (json!({ "phone": false }), "#/phone"),
    ] {
        let problem = harness
            .post("/login/", body)
            .await
            .refused(422, "validation_failed");
        assert_eq!(problem["errors"][0]["pointer"], pointer);
    }
    harness
        .post(
            "/login/",
            json!({ "phone": ALICE, "extra": [{ "a": 1e3 }, null] }),
        )
        .await
        .ok();
}

#[tokio::test]
async fn other_media_types_are_refused() {
    let harness = Harness::new();
    let body = json!({ "phone": ALICE }).to_string();
    for headers in [
        &[][..],
        &[("content-type", "text/plain")],
        &[("content-type", "application/x-www-form-urlencoded")],
        &[("content-type", "")],
        &[("content-type", "application/json; charset=latin1")],
        &[("content-type", "application/json; boundary=x")],
        &[("content-type", "application/merge-patch+json")],
        &[JSON, ("content-encoding", "gzip")],
        &[JSON, ("content-type", "text/plain")],
    ] {
        raw(&harness, headers, body.clone())
            .await
            .refused(415, "unsupported_media_type");
    }
    for media_type in [
        "application/json; charset=utf-8",
        "APPLICATION/JSON;Charset=\"UTF-8\"",
    ] {
        raw(&harness, &[("content-type", media_type)], body.clone())
            .await
            .ok();
    }
}

#[tokio::test]
async fn a_body_has_at_most_16_kib() {
    let harness = Harness::new();
    let body = |size: usize| {
        let empty = json!({ "phone": ALICE, "x": "" }).to_string().len();
        json!({ "phone": ALICE, "x": "a".repeat(size - empty) }).to_string()
    };
    raw(&harness, &[JSON], body(16 * 1024)).await.ok();
    let reply = raw(&harness, &[JSON], body(16 * 1024 + 1)).await;
    reply.refused(413, "payload_too_large");
    assert_eq!(reply.header("connection"), Some("close"));
    raw(&harness, &[JSON, ("content-length", "99999999999")], "{}")
        .await
        .refused(413, "payload_too_large");
}

#[tokio::test]
async fn only_chunks_are_understood_in_transfer() {
    let harness = Harness::new();
    let body = json!({ "phone": ALICE }).to_string();
    raw(
        &harness,
        &[JSON, ("transfer-encoding", "chunked")],
        body.clone(),
    )
    .await
    .ok();
    for codings in [
        &[JSON, ("transfer-encoding", "gzip, chunked")][..],
        &[
            JSON,
            ("transfer-encoding", "chunked"),
            ("transfer-encoding", "chunked"),
        ],
    ] {
        let reply = raw(&harness, codings, body.clone()).await;
        reply.refused(400, "malformed_request");
        assert_eq!(reply.header("connection"), Some("close"));
    }
}

#[tokio::test]
async fn a_path_is_the_same_without_its_last_slash() {
    let harness = Harness::new();
    for path in ["/login/", "/login"] {
        harness.post(path, json!({ "phone": ALICE })).await.ok();
    }
    for path in [
        "/health/live",
        "/health/live/",
        "/openapi.json",
        "/openapi.json/",
        "/swagger/",
        "/swagger",
        "/redoc/",
        "/redoc",
    ] {
        assert_eq!(
            harness.call(Method::GET, path, &[], None).await.status,
            200,
            "{path}"
        );
    }
}

#[tokio::test]
async fn other_spellings_of_a_path_are_not_found() {
    let harness = Harness::new();
    for path in [
        "//login/",
        "/login//",
        "/LOGIN/",
        "/./login/",
        "/x/../login/",
        "/%6cogin/",
        "/login/%2e/",
        "/login/x/",
        "/nothing",
        "/profile/sessions//",
    ] {
        harness
            .post(path, json!({ "phone": ALICE }))
            .await
            .refused(404, "not_found");
    }
}

#[tokio::test]
async fn a_wrong_method_is_told_the_right_ones() {
    let harness = Harness::new();
    for (method, path, allowed) in [
        (Method::GET, "/login/", "POST"),
        (Method::OPTIONS, "/login/sms-confirm", "POST"),
        (Method::POST, "/profile/", "GET, PUT, DELETE, PATCH, HEAD"),
        (Method::GET, "/profile/sessions/17/", "DELETE"),
        (Method::POST, "/health/ready/", "GET, HEAD"),
        (Method::POST, "/swagger/", "GET, HEAD"),
        (Method::TRACE, "/login/", "POST"),
    ] {
        let reply = harness.call(method, path, &[], None).await;
        reply.refused(405, "method_not_allowed");
        assert_eq!(reply.header("allow"), Some(allowed), "{path}");
    }
}

#[tokio::test]
async fn head_works_where_get_does() {
    let harness = Harness::new();
    for path in [
        "/health/live/",
        "/openapi.json",
        "/swagger/",
        "/problems/not_found/",
    ] {
        let reply = harness.call(Method::HEAD, path, &[], None).await;
        assert_eq!(reply.status, StatusCode::OK, "{path}");
    }
    let reply = harness.call(Method::HEAD, "/profile/", &[], None).await;
    assert_eq!(
        (reply.status.as_u16(), reply.header("www-authenticate")),
        (401, Some("Bearer"))
    );
}

#[test]
fn only_bearer_tokens_that_were_sent_are_called_invalid() {
    for kind in problem::ALL {
        let expected = match (kind.status, kind.code) {
            (401, "unauthenticated") => Some("Bearer"),
            (401, "token_invalid" | "token_expired" | "refresh_reused") => {
                Some("Bearer error=\"invalid_token\"")
            }
            (401, code) => Some("SMS-Token").filter(|_| code.starts_with("sms_")),
            _ => None,
        };
        let answer = Problem::new(kind).answer("id", "");
        let told = answer.headers().get("www-authenticate");
        let told = told.map(|value| value.to_str().unwrap());
        assert_eq!(told, expected, "{}", kind.code);
    }
}

#[tokio::test]
async fn every_answer_has_its_headers() {
    let harness = Harness::new();
    let mut ids = std::collections::HashSet::new();
    for (method, path) in [
        (Method::GET, "/health/live/"),
        (Method::GET, "/nothing"),
        (Method::GET, "/login/"),
        (Method::GET, "/profile/"),
    ] {
        let reply = harness
            .call(method, path, &[("x-request-id", "mine")], None)
            .await;
        assert_eq!(
            (
                reply.header("cache-control"),
                reply.header("x-content-type-options")
            ),
            (Some("no-store"), Some("nosniff"))
        );
        assert!(
            ids.insert(reply.header("x-request-id").unwrap().to_owned()),
            "each request has its own"
        );
        assert!(
            reply.header("set-cookie").is_none()
                && reply.header("access-control-allow-origin").is_none()
        );
    }
}

#[tokio::test]
async fn a_request_id_tells_nothing_of_others() {
    let harness = Harness::new();
    let draw = async || {
        let reply = harness.call(Method::GET, "/health/live", &[], None).await;
        u128::from_str_radix(reply.header("x-request-id").unwrap(), 16).unwrap()
    };
    let mut ids = Vec::new();
    for _ in 0..64 {
        ids.push(draw().await);
    }
    let differing = ids.windows(2).map(|two| two[0] ^ two[1]);
    // Every bit is another one time and again; a counter's high ones are not.
    let all = differing.fold(0, |all, bits| all | bits);
    assert_eq!(all, (1 << 96) - 1, "{all:x}");
}

#[tokio::test]
async fn every_problem_has_a_page() {
    let harness = Harness::new();
    for kind in invited::http::problem::ALL {
        let page = harness
            .call(Method::GET, &format!("/problems/{}", kind.code), &[], None)
            .await;
        assert_eq!(
            (page.status.as_u16(), page.header("content-type")),
            (200, Some("text/html; charset=utf-8"))
        );
        assert!(page.text.contains(kind.title) && page.text.contains(kind.detail));
    }
    harness
        .call(Method::GET, "/problems/unheard_of", &[], None)
        .await
        .refused(404, "not_found");
}

#[tokio::test]
async fn whoever_has_to_wait_is_told_how_long() {
    for kind in invited::http::problem::ALL {
        let answer = Problem::new(kind).answer("id", "");
        let waits = [429, 503].contains(&kind.status);
        let told = answer.header("retry-after").map(str::parse::<u64>);
        assert_eq!(
            told.is_some_and(|seconds| seconds.is_ok_and(|wait| wait > 0)),
            waits,
            "{}",
            kind.code
        );
    }
}
