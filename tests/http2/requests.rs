//! What requests and answers are like.

use poem::http::Request;
use tempfile::TempDir;

use super::{
    Encrypted,
    frames::{
        CONTINUATION, DATA, END_HEADERS, END_STREAM, End, Frames, HEADERS, PROTOCOL_ERROR, block,
        call, fields,
    },
};
use crate::{
    harness::door::PATIENT,
    tls::{certificates::place, start},
};

#[tokio::test]
async fn answers_are_those_of_http_1_without_its_connections() {
    let folder = TempDir::new().unwrap();
    let believed = place(folder.path(), "localhost", 90);
    let server = start(folder.path(), &[]);
    let json = "application/json";
    let too_long = format!("{{\"phone\": \"{}\"}}", "x".repeat(17_000));
    for (method, path, kind, body, status, code) in [
        ("GET", "/health/live", json, "", 200, None),
        ("GET", "/nothing/", json, "", 404, Some("not_found")),
        (
            "DELETE",
            "/login/",
            json,
            "",
            405,
            Some("method_not_allowed"),
        ),
        (
            "POST",
            "/login/",
            "text/plain",
            "{}",
            415,
            Some("unsupported_media_type"),
        ),
        ("POST", "/login/", json, "{", 400, Some("malformed_json")),
        (
            "POST",
            "/login/",
            json,
            "{}",
            422,
            Some("validation_failed"),
        ),
        (
            "POST",
            "/login/",
            json,
            &too_long,
            413,
            Some("payload_too_large"),
        ),
        (
            "POST",
            "/login/",
            json,
            r#"{"phone":"+79001234567"}"#,
            200,
            None,
        ),
        ("GET", "/profile/", json, "", 401, Some("unauthenticated")),
    ] {
        let request = Request::builder()
            .method(method)
            .header("content-type", kind);
        let request = request.uri(format!("https://{}{path}", server.address));
        let answer = call(&server.address, &believed, request.body(()).unwrap(), body);
        let answer = answer.await.unwrap();
        let (headers, text) = (answer.headers(), answer.body());
        assert_eq!(answer.status(), status, "{path}: {text}");
        let answered = End::Answer(text.clone());
        assert_eq!(answered.code().as_deref(), code);
        assert_eq!(headers["content-length"], text.len().to_string());
        assert!(!headers.contains_key("connection"));
        for name in ["date", "x-request-id", "strict-transport-security"] {
            assert!(headers.contains_key(name), "{name}: {headers:?}");
        }
    }
    assert!(server.stop().success());
    let log = std::fs::read_to_string(folder.path().join("stderr.txt")).unwrap();
    for told in ["GET /health/live 200", "POST /login/ 413 payload_too_large"] {
        let told: Vec<_> = told.split(' ').collect();
        let is_told = |line: &str| told.iter().all(|word| line.contains(word));
        assert!(log.lines().any(is_told), "{log}");
    }
}

#[test]
fn a_head_request_is_answered_without_a_body() {
    let server = Encrypted::new(PATIENT, 9);
    let mut client = server.client();
    client.head(1, &fields("HEAD", "/x"), END_STREAM);
    assert_eq!(client.end(1), End::Answer(String::new()));
    client.get(3, "/x");
    assert_eq!(client.end(3), End::Answer("/x".to_owned()));
}

#[tokio::test]
async fn a_head_has_at_most_32_kib() {
    let folder = TempDir::new().unwrap();
    let believed = place(folder.path(), "localhost", 90);
    let server = start(folder.path(), &[]);
    for (size, status) in [(31 << 10, 200), (33 << 10, 431), (100 << 10, 431)] {
        let uri = format!("https://{}/health/live", server.address);
        let request = Request::builder().uri(uri).header("x", "x".repeat(size));
        let answer = call(&server.address, &believed, request.body(()).unwrap(), "").await;
        assert_eq!(answer.unwrap().status(), status, "{size}");
    }
}

#[test]
fn a_request_is_for_one_host() {
    let folder = TempDir::new().unwrap();
    let believed = place(folder.path(), "localhost", 90);
    let server = start(folder.path(), &[]);
    let mut client = Frames::new(&server.address, &believed, &[]).unwrap();
    let mut stream = 1;
    let mut ask = |fields: &[(&str, &str)]| {
        stream += 2;
        client.head(stream, fields, END_STREAM);
        client.end(stream).code()
    };
    let method = (":method", "GET");
    let (scheme, path) = ((":scheme", "https"), (":path", "/health/live"));
    let (named, host) = ((":authority", "x:80"), ("host", "x:80"));
    for right in [
        &[method, scheme, path, named][..],
        &[method, scheme, path, named, host],
        &[method, scheme, path, host],
        &[method, scheme, path, named, ("host", "X:80")],
    ] {
        assert_eq!(ask(right), None, "{right:?}");
    }
    for wrong in [
        &[method, scheme, path][..],
        &[method, scheme, path, named, ("host", "y")],
        &[method, scheme, path, named, host, host],
        &[method, scheme, path, (":authority", "y@x")],
        &[method, scheme, path, ("host", "x, y")],
        &[method, (":scheme", "ftp"), path, named],
        &[method, scheme, (":path", "*"), named],
        &[(":method", "CONNECT"), named],
    ] {
        let malformed = Some("malformed_request".to_owned());
        assert_eq!(ask(wrong), malformed, "{wrong:?}");
    }
}

#[test]
fn what_is_not_a_request_is_reset() {
    let server = Encrypted::new(PATIENT, 9);
    let mut client = server.client();
    let [method, scheme, named, path] = fields("GET", "/");
    let mut stream = 1;
    for wrong in [
        &[method, scheme, named][..],
        &[scheme, named, path],
        &[method, named, path],
        &[method, scheme, named, path, path],
        &[method, scheme, named, (":path", "")],
        &[method, scheme, named, (":path", "x")],
        &[method, scheme, named, path, (":status", "200")],
        &[method, scheme, named, path, (":protocol", "websocket")],
        &[method, scheme, named, ("x", "y"), path],
        &[method, scheme, named, path, ("connection", "close")],
        &[
            method,
            scheme,
            named,
            path,
            ("transfer-encoding", "chunked"),
        ],
        &[method, scheme, named, path, ("upgrade", "h2c")],
        &[method, scheme, named, path, ("keep-alive", "1")],
        &[method, scheme, named, path, ("te", "gzip")],
        &[method, scheme, named, path, ("content-length", "1")],
        &[method, scheme, named, path, ("content-length", "x")],
    ] {
        client.head(stream, wrong, END_STREAM);
        assert_eq!(client.end(stream), End::Reset(PROTOCOL_ERROR), "{wrong:?}");
        stream += 2;
    }
}

#[test]
fn what_breaks_the_protocol_ends_the_connection() {
    let server = Encrypted::new(PATIENT, 9);
    for wrong in [
        &[("X", "y")][..],
        &[("x", "y\r\nz")],
        &[("x y", "z")],
        &[(":sesame", "y")],
    ] {
        let mut client = server.client();
        client.head(1, &[&fields("GET", "/")[..], wrong].concat(), END_STREAM);
        let end = client.end(1);
        assert!(
            matches!(end, End::Gone(_) | End::Reset(_)),
            "{wrong:?}: {end:?}"
        );
    }
    for (kind, flags, stream) in [
        (DATA, 0, 1),
        (HEADERS, 4, 2),
        (CONTINUATION, 4, 1),
        (5, 4, 1),
    ] {
        let mut client = server.client();
        client.send(kind, flags, stream, &block(&fields("GET", "/")));
        assert!(matches!(client.end(1), End::Gone(Some(_))), "{kind}");
    }
}

#[test]
fn a_body_has_the_length_that_was_told() {
    let server = Encrypted::new(PATIENT, 9);
    let mut client = server.client();
    let [method, scheme, named, path] = fields("POST", "/");
    for (stream, sent) in [(1, "12"), (3, "1234"), (5, "123")] {
        let told = ("content-length", "3");
        client.head(stream, &[method, scheme, named, path, told], 0);
        client.send(DATA, END_STREAM, stream, sent.as_bytes());
        let end = client.end(stream);
        if sent.len() == 3 {
            assert_eq!(end, End::Answer("/123".to_owned()));
        } else {
            assert_eq!(end, End::Reset(PROTOCOL_ERROR));
        }
    }
}

#[test]
fn who_is_answered_before_the_body_has_come_need_not_send_it() {
    let server = Encrypted::new(PATIENT, 9);
    let mut client = server.client();
    client.post(1, "/refused");
    assert_eq!(client.end(1), End::Answer("/refused".to_owned()));
    assert_eq!(client.end(1), End::Reset(0));
    client.get(3, "/other");
    assert_eq!(client.end(3), End::Answer("/other".to_owned()));
}

#[test]
fn requests_are_answered_as_they_are_ready() {
    let server = Encrypted::new(PATIENT, 9);
    let mut client = server.client();
    client.get(1, "/held");
    server.door.entered.recv().unwrap();
    client.get(3, "/other");
    assert_eq!(client.end(3), End::Answer("/other".to_owned()));
    server.door.release.notify_waiters();
    assert_eq!(client.end(1), End::Answer("/held".to_owned()));
}

#[test]
fn a_head_may_come_in_several_frames_but_nothing_between_them() {
    let server = Encrypted::new(PATIENT, 9);
    let mut client = server.client();
    let whole = block(&fields("GET", "/x"));
    for (stream, between) in [(1, false), (3, true)] {
        client.send(HEADERS, END_STREAM, stream, &whole[..9]);
        if between {
            client.get(5, "/y");
        }
        client.send(CONTINUATION, END_HEADERS, stream, &whole[9..]);
        let end = client.end(stream);
        let right = End::Answer("/x".to_owned());
        assert!(
            if between {
                matches!(end, End::Gone(_))
            } else {
                end == right
            },
            "{end:?}"
        );
    }
}
