//! Requests that others on the path may read differently, and bodies that are
//! asked for: over TCP, since what hyper makes of a request does not show it all.

use std::fs::{self, File};

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{
    client::Client,
    server::{Server, command},
};

/// A request that is never answered when the one before it was ambiguous.
const SMUGGLED: &str = "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n";
const BODY: &str = r#"{"phone":"+79001234567"}"#;
const CHUNKS: &str = "18\r\n{\"phone\":\"+79001234567\"}\r\n0\r\n\r\n";

/// Asserts that it is refused as malformed, and that nothing after it is answered.
#[track_caller]
fn refused(server: &Server, request: &str) {
    let mut client = Client::sending(&server.address, &format!("{request}{SMUGGLED}"));
    let answer = client.answer().unwrap();
    let told = (answer.status, answer.code());
    let malformed = "malformed_request".to_owned();
    assert_eq!(told, (400, Some(malformed)), "{request}");
    assert!(answer.closes() && client.answer().is_none(), "{request}");
}

fn post(lines: &str, body: &str) -> String {
    let head = "POST /login/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/json";
    format!("{head}\r\n{lines}\r\n\r\n{body}")
}

#[test]
fn a_body_has_one_length() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(folder.path());
    for (lines, body) in [
        ("Content-Length: 24\r\nContent-Length: 24", BODY),
        ("Transfer-Encoding: chunked\r\nContent-Length: 24", CHUNKS),
        ("content-length:24\r\nTRANSFER-ENCODING:chunked", CHUNKS),
        ("Transfer-Encoding: gzip, chunked", CHUNKS),
        ("Transfer-Encoding: chunked, chunked", CHUNKS),
        ("Transfer-Encoding: chunked", "2\n{}\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked", "2;a\nb\r\n{}\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked", "-2\r\n{}\r\n0\r\n\r\n"),
    ] {
        refused(&server, &post(lines, body));
    }
    for lines in [
        "Content-Length: 24\r\nContent-Length: 25",
        "Content-Length: 24, 24",
        "Content-Length: +24",
        "Content-Length: -24",
        "Content-Length: 0x18",
        "Content-Length:",
        "Content-Length: 18446744073709551616",
        "Content-Length : 24",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: \"chunked\"",
        "Transfer-Encoding: \x0bchunked",
        "Transfer-Encoding:",
        "Transfer-Encoding : chunked",
    ] {
        refused(&server, &post(lines, BODY));
    }
    let old = post("Transfer-Encoding: chunked", CHUNKS).replace("HTTP/1.1", "HTTP/1.0");
    refused(&server, &old);
}

#[test]
fn nothing_follows_a_body_in_chunks() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(folder.path());
    let request = post("Transfer-Encoding: chunked", CHUNKS) + SMUGGLED;
    let mut client = Client::sending(&server.address, &request);
    let answer = client.answer().unwrap();
    assert!(answer.status == 200 && answer.closes(), "{answer:?}");
    assert!(client.answer().is_none());
}

#[test]
fn a_request_is_for_one_host() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(folder.path());
    for head in [
        "GET /health/live HTTP/1.1",
        "GET /health/live HTTP/1.1\r\nHost: x\r\nHost: x",
        "GET /health/live HTTP/1.0\r\nHost: x\r\nHost: y",
        "GET /health/live HTTP/1.1\r\nHost: x, y",
        "GET /health/live HTTP/1.1\r\nHost: x y",
        "GET /health/live HTTP/1.1\r\nHost: x@y",
        "GET /health/live HTTP/1.1\r\nHost: x/y",
        "GET http://y/health/live HTTP/1.1\r\nHost: x",
        "GET http://y@x/health/live HTTP/1.1\r\nHost: x",
        "GET http://x/health/live HTTP/1.1",
        "GET ftp://x/health/live HTTP/1.1\r\nHost: x",
        "GET x:80 HTTP/1.1\r\nHost: x:80",
        "GET * HTTP/1.1\r\nHost: x",
        "CONNECT x:80 HTTP/1.1\r\nHost: x:80",
        "CONNECT /health/live HTTP/1.1\r\nHost: x",
    ] {
        refused(&server, &format!("{head}\r\n\r\n"));
    }
    for head in [
        "GET /health/live HTTP/1.0",
        "GET /health/live HTTP/1.1\r\nHost:",
        "GET /health/live HTTP/1.1\r\nHost: x:8080",
        "GET /health/live HTTP/1.1\r\nHost: [::1]:8080",
        "GET http://X:80/health/live HTTP/1.1\r\nHost: x:80",
        "GET https://x/health/live HTTP/1.1\r\nHost: x",
    ] {
        let mut client = Client::sending(&server.address, &format!("{head}\r\n\r\n"));
        assert_eq!(client.answer().unwrap().status, 200, "{head}");
    }
}

#[test]
fn lines_end_in_one_way_and_hold_text() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(folder.path());
    for head in [
        "GET /health/live HTTP/1.1\nHost: x\n\n",
        "GET /health/live HTTP/1.1\r\nHost: x\nX: y\r\n\r\n",
        "GET /health/live HTTP/1.1\r\nHost: x\r\n\n",
        "\nGET /health/live HTTP/1.1\r\nHost: x\r\n\r\n",
    ] {
        refused(&server, head);
    }
    for line in [
        "X: y\r\n folded",
        "X: y\r\n\tfolded",
        "X : y",
        "X\0: y",
        "X: \0",
        "X: y\rY: z",
        "X\r: y",
        "X: y\r",
        ": y",
        "X",
        "X\u{e9}: y",
    ] {
        let request = format!("GET /health/live HTTP/1.1\r\nHost: x\r\n{line}\r\n\r\n");
        refused(&server, &request);
    }
    for line in [
        "GET /health/live",
        "GET /health/live HTTP/0.9",
        "GET /health/live HTTP/1",
        "GET /health/live HTTP/1.2",
        "GET /health/live HTTP/1.10",
        "GET /health/live HTTP/2.0",
        "GET /health/live http/1.1",
        "GET  /health/live HTTP/1.1",
        "GET /health/live  HTTP/1.1",
        "GET\t/health/live HTTP/1.1",
        "GET /health/live\0 HTTP/1.1",
        " GET /health/live HTTP/1.1",
        "PRI * HTTP/2.0",
    ] {
        refused(&server, &format!("{line}\r\nHost: x\r\n\r\n"));
    }
}

#[test]
fn a_head_has_at_most_32_kib() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(folder.path());
    let of = |size: usize| {
        let frame = "GET /health/live HTTP/1.1\r\nHost: x\r\nX: \r\n\r\n";
        frame.replace("X: ", &format!("X: {}", "x".repeat(size - frame.len())))
    };
    let lines = |number: usize| {
        let frame = "GET /health/live HTTP/1.1\r\nHost: x\r\n";
        format!("{frame}{}\r\n", "X: y\r\n".repeat(number))
    };
    for (request, status) in [
        (of(32 << 10), 200),
        (of((32 << 10) + 1), 431),
        (of(1 << 20), 431),
        (lines(99), 200),
        (lines(100), 431),
        (lines(8000), 431),
    ] {
        let mut client = Client::sending(&server.address, &request);
        let answer = client.answer().unwrap();
        let code = (status == 431).then(|| "header_too_large".to_owned());
        let told = (answer.status, answer.code(), answer.closes());
        let length = request.len();
        assert_eq!(told, (status, code, status == 431), "{length} bytes");
        assert!(status == 200 || client.answer().is_none(), "{length} bytes");
    }
}

#[test]
fn what_is_not_a_request_is_refused_and_logged_as_every_other() {
    let folder = TempDir::new().unwrap();
    let log = File::create(folder.path().join("stderr.txt")).unwrap();
    let mut serve = command(folder.path());
    serve.env("INVITED_LOG_FORMAT", "json").stderr(log);
    serve.args([
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--sms",
        "file:sms.jsonl",
    ]);
    let server = Server::launch(serve).unwrap();
    let mut refused = Vec::new();
    for (request, told) in [
        ("sesame\r\n\r\n".to_owned(), "400 malformed_request"),
        (
            "GET /sesame HTTP/3\r\n\r\n".to_owned(),
            "400 malformed_request",
        ),
        ("\x16\x03\x01\x02\0".to_owned(), "400 malformed_request"),
        ("GET /sesame\r\n".repeat(4000), "400 malformed_request"),
        (
            format!("GET /{} HTTP/1.1\r\n", "sesame".repeat(8000)),
            "431 header_too_large",
        ),
    ] {
        // After a request of the same connection, and as its first.
        for before in ["", "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"] {
            let mut client = Client::new(&server.address);
            client.send(before);
            if !before.is_empty() {
                assert_eq!(client.answer().unwrap().status, 200);
            }
            client.send(&request);
            let answer = client.answer().unwrap();
            assert!(answer.closes() && client.answer().is_none(), "{told}");
            let problem: Value = serde_json::from_str(&answer.body).unwrap();
            let id = problem["request_id"].as_str().unwrap().to_owned();
            for line in [
                &format!("x-request-id: {id}"),
                "content-type: application/problem+json",
                "cache-control: no-store",
                "date: ",
            ] {
                let found = answer.head.lines().any(|given| given.starts_with(line));
                assert!(found, "{line}: {}", answer.head);
            }
            refused.push((id, told));
        }
    }
    assert!(server.stop().success());
    let log = fs::read_to_string(folder.path().join("stderr.txt")).unwrap();
    assert!(!log.contains("sesame"), "{log}");
    for (id, told) in refused {
        let line = log.lines().find(|line| line.contains(&id)).unwrap();
        let line: Value = serde_json::from_str(line).unwrap();
        let logged = format!("{} {}", line["status"], line["code"].as_str().unwrap());
        assert_eq!(logged, told);
        assert_eq!(line["source"], "127.0.0.0/24");
    }
}

#[test]
fn a_connection_is_kept_for_the_next_request() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(folder.path());
    let mut client = Client::new(&server.address);
    for _ in 0..3 {
        client.send("HEAD /health/live HTTP/1.1\r\nHost: x\r\n\r\n");
        let answer = client.head().unwrap();
        assert!(answer.status == 200 && !answer.closes(), "{answer:?}");
        client.send(&post("Content-Length: 24", &BODY.replace('9', "x")));
        assert_eq!(client.answer().unwrap().status, 422);
    }
}

#[test]
fn a_body_is_asked_for_once_it_is_wanted() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(folder.path());
    let length = "Expect: 100-continue\r\nContent-Length: 24";
    let mut client = Client::sending(&server.address, &post(length, ""));
    assert_eq!(client.answer().unwrap().status, 100);
    client.send(BODY);
    let answer = client.answer().unwrap();
    assert!(answer.status == 200 && !answer.closes(), "{answer:?}");
}

#[test]
fn a_body_that_is_not_wanted_is_not_asked_for() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(folder.path());
    let long = post("Expect: 100-continue\r\nContent-Length: 16385", "");
    let short = post("Expect: 100-continue\r\nContent-Length: 24", "");
    for (request, status) in [
        (long.as_str(), 413),
        (&short.replace("application/json", "text/plain"), 415),
        (&short.replace("/login/", "/profile/invitation/"), 401),
        (&short.replace("/login/", "/profile/phone/"), 401),
        (&short.replace("/login/", "/logout/"), 401),
        (&short.replace("POST /login/", "PUT /profile/"), 401),
        (&short.replace("/login/", "/nothing/"), 404),
        (&short.replace("POST", "DELETE"), 405),
        (&short.replace("Host: x", "Host: x y"), 400),
    ] {
        let mut client = Client::sending(&server.address, request);
        let answer = client.answer().unwrap();
        assert!(answer.status == status && answer.closes(), "{answer:?}");
        client.send(SMUGGLED);
        assert!(client.answer().is_none(), "{request}");
    }
}

#[test]
fn who_is_refused_before_the_body_has_come_is_told_that_nothing_follows() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(folder.path());
    let put = post("Content-Length: 24", "").replace("POST /login/", "PUT /profile/");
    for (request, status) in [(&put, 401), (&put.replace("PUT", "POST"), 405)] {
        let mut client = Client::sending(&server.address, request);
        let answer = client.answer().unwrap();
        assert!(answer.status == status && answer.closes(), "{answer:?}");
    }
}
