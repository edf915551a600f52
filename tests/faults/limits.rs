//! What the limits count is durable: killing the server gives nobody another
//! message or another guess.

use serde_json::json;

use super::environment::TestEnv;
use crate::harness::{
    ALICE,
    line::{Line, Response},
    other_than,
    server::Server,
};

/// A server with a setting of its own, beside the limits that are off.
fn start(env: &TestEnv, (name, value): (&str, &str)) -> (Server, Line) {
    let mut command = env.command();
    command.env(name, value);
    command.env("INVITED_HTTP__TRUSTED_PROXIES", "127.0.0.1/32");
    let server = env.launch(command).unwrap();
    let line = Line::to(&server.address);
    (server, line)
}

fn ask(line: &mut Line, from: &str) -> Response {
    let headers = [("x-forwarded-for", from)];
    let response = line.call("POST", "/login/", &headers, &json!({ "phone": ALICE }));
    response.unwrap()
}

#[track_caller]
fn assert_problem(response: &Response, status: u16, code: &str) {
    let found = (response.status, response.code());
    assert_eq!(found, (status, code), "{response:?}");
}

fn assert_sends_survive_kills(setting: (&str, &str), limit: &str) {
    let env = TestEnv::new();
    let (mut server, mut line) = start(&env, setting);
    for _ in 0..3 {
        assert_eq!(ask(&mut line, "203.0.113.1").status, 200);
        // That kills it.
        drop(server);
        (server, line) = start(&env, setting);
    }
    // Whoever asked before may go on with what they have.
    let response = ask(&mut line, "203.0.113.2");
    assert_problem(&response, 429, "sms_rate_limited");
    assert_eq!(response.json["limit"], limit);
    drop(server);
}

#[test]
fn live_tokens_are_counted_across_kills() {
    let setting = ("INVITED_LOGIN__LIVE_TOKENS_PER_PHONE", "3");
    assert_sends_survive_kills(setting, "live_tokens_per_phone");
}

#[test]
fn sends_are_counted_across_kills() {
    let setting = ("INVITED_LIMITS__SENDS_PER_PHONE", "3/15m");
    assert_sends_survive_kills(setting, "sends_per_phone");
}

#[test]
fn wrong_guesses_of_all_tokens_are_counted_across_kills() {
    const EIGHT: (&str, &str) = ("INVITED_LIMITS__WRONG_LONG_GUESSES_PER_PHONE", "8/24h");
    let env = TestEnv::new();
    let (mut server, mut line) = start(&env, EIGHT);
    let tokens = [(); 3].map(|()| ask(&mut line, "203.0.113.1").text("sms-token"));
    let code = env.code(ALICE);
    for number in 0..8 {
        let response = line.confirm(&tokens[number / 3], &other_than(&code));
        assert_problem(&response.unwrap(), 401, "sms_code_invalid");
        drop(server);
        (server, line) = start(&env, EIGHT);
    }
    // The last token has a guess left, but the phone has none: not even the right code is looked at.
    for code in [other_than(&code), code] {
        let response = line.confirm(&tokens[2], &code).unwrap();
        assert_problem(&response, 429, "too_many_attempts");
    }
    drop(server);
}
