//! The access log, as the executable writes it.

use std::{collections::HashMap, fs, process::Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{
    line::Line,
    server::{Server, command},
};

const SMS: [&str; 2] = ["--sms", "file:sms.jsonl"];

/// The lines of the access log, by request id.
fn lines(log: &str) -> HashMap<String, Value> {
    let parsed = log.lines().map(|line| serde_json::from_str(line).unwrap());
    let access = parsed.filter(|line: &Value| line["target"] == "invited::access");
    let named = access.map(|line| (line["request_id"].as_str().unwrap().to_owned(), line));
    let lines: Vec<_> = named.collect();
    let by_id: HashMap<_, _> = lines.iter().cloned().collect();
    assert_eq!(by_id.len(), lines.len(), "one line a request");
    by_id
}

#[test]
fn every_request_leaves_one_line_that_its_id_finds_and_no_path() {
    let folder = TempDir::new().unwrap();
    let log = fs::File::create(folder.path().join("stderr.txt")).unwrap();
    let mut serve = command(folder.path());
    serve.env("INVITED_LOG_FORMAT", "json").stderr(log);
    serve.env("INVITED_HTTP__PAGES", "off");
    serve.args(["serve", "--listen", "127.0.0.1:0"]).args(SMS);
    let server = Server::launch(serve).unwrap();
    let mut client = Line::to(&server.address);
    let login = json!({ "phone": "+79001234567" });
    let calls = [
        ("POST /login", &login, "/login/ 200 -"),
        ("POST /login/", &json!([]), "/login/ 422 validation_failed"),
        (
            "GET /profile",
            &Value::Null,
            "/profile/ 401 unauthenticated",
        ),
        ("PUT /login/", &login, "/login/ 405 method_not_allowed"),
        (
            "DELETE /profile/sessions/12345/",
            &Value::Null,
            "/profile/sessions/{id}/ 401 unauthenticated",
        ),
        (
            "POST /hooks/sms/exolve/sesame",
            &login,
            "/hooks/sms/{gateway}/{secret}/ 404 not_found",
        ),
        ("GET /problems/sesame/", &Value::Null, "- 404 not_found"),
        ("SESAME /sesame/", &Value::Null, "- 404 not_found"),
        ("GET //sesame", &Value::Null, "- 404 not_found"),
        ("GET /?sesame", &Value::Null, "/ 303 -"),
    ];
    let ids = calls.each_ref().map(|(request, body, _)| {
        let (method, path) = request.split_once(' ').unwrap();
        let headers = [("x-request-id", "sesame")];
        let told = client.call(method, path, &headers, body).unwrap();
        told.header("x-request-id").unwrap().to_owned()
    });
    assert!(server.stop().success());
    let log = fs::read_to_string(folder.path().join("stderr.txt")).unwrap();
    let lines = lines(&log);
    assert_eq!(lines.len(), calls.len());
    for ((request, _, expected), id) in calls.iter().zip(ids) {
        let line = &lines[&id];
        let text = |name: &str| match &line[name] {
            Value::Null => "-".to_owned(),
            value => value.to_string().replace('"', ""),
        };
        let told = ["route", "status", "code"].map(text).join(" ");
        assert_eq!(told, *expected, "{request}");
        assert_eq!(line["source"], "127.0.0.0/24");
        assert!(line["duration_us"].is_u64(), "{line}");
    }
    for secret in ["sesame", "SESAME", "12345", "79001234567"] {
        assert!(!log.contains(secret), "{secret}");
    }
}

#[test]
fn a_log_that_nobody_reads_stops_nothing() {
    let folder = TempDir::new().unwrap();
    let arguments = [&SMS[..], &["--log", "trace"]].concat();
    // A pipe takes 64 KiB.
    let server = Server::spawn(folder.path(), &arguments, Stdio::piped());
    let mut client = Line::to(&server.address);
    for _ in 0..1000 {
        let told = client.call("GET", "/health/live", &[], &Value::Null);
        assert_eq!(told.unwrap().status, 200);
    }
    assert!(server.stop().success());
}
