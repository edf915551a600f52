//! What the limits count is counted for good: killing the server gives nobody
//! another message or another guess.

use serde_json::json;

use super::site::Site;
use crate::harness::{
    ALICE,
    line::{Line, Told},
    other_than,
    server::Server,
};

/// A server with a setting of its own, beside the limits that are off.
fn start(site: &Site, (name, value): (&str, &str)) -> (Server, Line) {
    let mut command = site.command();
    command.env(name, value);
    command.env("INVITED_HTTP__TRUSTED_PROXIES", "127.0.0.1/32");
    let server = site.launch(command).unwrap();
    let line = Line::to(&server.address);
    (server, line)
}

fn restart(site: &Site, setting: (&str, &str), server: Server) -> (Server, Line) {
    server.signal("-KILL");
    drop(server);
    start(site, setting)
}

fn ask(line: &mut Line, from: &str) -> Told {
    let headers = [("x-forwarded-for", from)];
    line.call("POST", "/login/", &headers, &json!({ "phone": ALICE }))
        .unwrap()
}

fn sends_outlive(setting: (&str, &str), limit: &str) {
    let site = Site::new();
    let (mut server, mut line) = start(&site, setting);
    for _ in 0..3 {
        assert_eq!(ask(&mut line, "203.0.113.1").status, 200);
        (server, line) = restart(&site, setting, server);
    }
    // Whoever asked before may go on with what they have.
    let told = ask(&mut line, "203.0.113.2");
    assert_eq!(
        (told.status, told.code()),
        (429, "sms_rate_limited"),
        "{told:?}"
    );
    assert_eq!(told.json["limit"], limit);
    drop(server);
}

#[test]
fn live_tokens_are_counted_across_kills() {
    sends_outlive(
        ("INVITED_LOGIN__LIVE_TOKENS_PER_PHONE", "3"),
        "live_tokens_per_phone",
    );
}

#[test]
fn sends_are_counted_across_kills() {
    sends_outlive(
        ("INVITED_LIMITS__SENDS_PER_PHONE", "3/15m"),
        "sends_per_phone",
    );
}

#[test]
fn wrong_guesses_of_all_tokens_are_counted_across_kills() {
    const EIGHT: (&str, &str) = ("INVITED_LIMITS__WRONG_LONG_GUESSES_PER_PHONE", "8/24h");
    let site = Site::new();
    let (mut server, mut line) = start(&site, EIGHT);
    let tokens = [(); 3].map(|()| ask(&mut line, "203.0.113.1").text("sms-token"));
    let code = site.code(ALICE);
    for number in 0..8 {
        let told = line
            .confirm(&tokens[number / 3], &other_than(&code))
            .unwrap();
        assert_eq!(
            (told.status, told.code()),
            (401, "sms_code_invalid"),
            "{told:?}"
        );
        (server, line) = restart(&site, EIGHT, server);
    }
    // The last token has a guess left, but the phone has none: not even the right code is looked at.
    for code in [other_than(&code), code] {
        let told = line.confirm(&tokens[2], &code).unwrap();
        assert_eq!(
            (told.status, told.code()),
            (429, "too_many_attempts"),
            "{told:?}"
        );
    }
    drop(server);
}
