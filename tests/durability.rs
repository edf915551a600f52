//! A success is answered after its transaction is on the disk, never before.
//!
//! That a process which is killed loses nothing says little about a machine
//! that loses power: what was written but not flushed is in the system's
//! memory, and survives the process. So here the system is asked in what order
//! things were done.

use std::fs;

use serde_json::{Value, json};

use crate::{
    faults::{environment::TestEnv, say},
    harness::{
        line::{Line, Response},
        other_than,
        postgres::sqlite_only,
        trace::Trace,
    },
};

/// Everything that may write to the log, flush it, or answer.
const CALLS: &str = "trace=fsync,fdatasync,write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg";

#[test]
fn every_answer_to_a_writing_request_comes_after_the_flush_of_its_commit() {
    sqlite_only!("its write-ahead log");
    let env = TestEnv::new();
    let server = env.start();
    let mut client = Client::to(&server.address, &env);
    let referrer = client.log_in("+79001234567");
    let code = client
        .bear(&referrer, "GET", "/profile/", &Value::Null)
        .text("invitation_code");
    let output = env.side_file("-trace");
    let trace = match Trace::attach(&server, &output, &["-yy", "-e", CALLS]) {
        Ok(trace) => trace,
        Err(reason) => {
            return say(&format!(
                "SKIPPED: the order of flushes cannot be seen: {reason}"
            ));
        }
    };
    client.answered = 0;
    client.write_in_every_way("+79007654321", &code);
    assert!(server.stop().success());
    trace.finish();
    let trace = fs::read_to_string(output).unwrap();
    assert_eq!(answers_after_flushes(&trace), client.answered, "{trace}");
    say(&format!(
        "durability: {} answers, each after the flush of its commit",
        client.answered
    ));
}

/// How many answers there were, each of which has a write to the log and its flush before it.
fn answers_after_flushes(trace: &str) -> usize {
    let (mut written, mut flushed, mut answers) = (false, false, 0);
    for call in calls(trace) {
        let is_of_log = call.text.contains("invited.db-wal>");
        match call.name {
            "fsync" | "fdatasync" if is_of_log && call.ended => flushed = written,
            "write" | "pwrite64" | "pwritev" | "pwritev2" if is_of_log => {
                (written, flushed) = (true, false);
            }
            _ if call.begun && call.text.contains("<TCP") && call.text.contains("\"HTTP/1.1 ") => {
                assert!(
                    written && flushed,
                    "answered before the flush:\n{}\n{trace}",
                    call.text
                );
                (written, flushed) = (false, false);
                answers += 1;
            }
            _ => {}
        }
    }
    answers
}

/// A call, or one of its two ends where another thread's came between.
struct Call<'t> {
    name: &'t str,
    /// With its descriptor, which only the line of its beginning shows.
    text: &'t str,
    begun: bool,
    /// With success.
    ended: bool,
}

fn calls(trace: &str) -> impl Iterator<Item = Call<'_>> {
    let mut pending = std::collections::HashMap::new();
    trace.lines().filter_map(move |line| {
        let (thread, rest) = line.split_once(char::is_whitespace)?;
        let rest = rest.trim_start();
        let resumed = rest.starts_with("<... ");
        let text = if resumed {
            pending.remove(thread)?
        } else {
            rest
        };
        if rest.ends_with("<unfinished ...>") {
            pending.insert(thread, rest);
        }
        let (_, result) = line.rsplit_once(" = ").unwrap_or_default();
        Some(Call {
            name: text.split('(').next()?,
            text,
            begun: !resumed,
            ended: result.starts_with(|digit: char| digit.is_ascii_digit()),
        })
    })
}

/// Somebody with one connection, who counts answers.
struct Client<'s> {
    line: Line,
    env: &'s TestEnv,
    answered: usize,
}

impl<'s> Client<'s> {
    fn to(address: &str, env: &'s TestEnv) -> Self {
        Self {
            line: Line::to(address),
            env,
            answered: 0,
        }
    }

    fn call(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Response {
        self.answered += 1;
        self.line.call(method, path, headers, body).unwrap()
    }

    fn bear(&mut self, access: &str, method: &str, path: &str, body: &Value) -> Response {
        let bearer = format!("Bearer {access}");
        let response = self.call(method, path, &[("authorization", &bearer)], body);
        assert!([200, 204].contains(&response.status), "{response:?}");
        response
    }

    fn ask(&mut self, phone: &str) -> String {
        let body = json!({ "phone": phone });
        self.call("POST", "/login/", &[], &body).text("sms-token")
    }

    fn confirm(&mut self, token: &str, code: &str) -> Response {
        self.answered += 1;
        self.line.confirm(token, code).unwrap()
    }

    fn log_in(&mut self, phone: &str) -> String {
        let token = self.ask(phone);
        let code = self.env.code(phone);
        self.confirm(&token, &code).text("access")
    }

    fn write_in_every_way(&mut self, phone: &str, invitation_code: &str) {
        let token = self.ask(phone);
        let code = self.env.code(phone);
        // Refused, and counted all the same.
        assert_eq!(
            self.confirm(&token, &other_than(&code)).json["attempts_left"],
            2
        );
        let welcome = self.confirm(&token, &code);
        let access = welcome.text("access");
        let names = json!({ "first_name": "Andrey", "last_name": "Potapov", "email": "" });
        self.bear(&access, "PUT", "/profile/", &names);
        self.bear(
            &access,
            "PATCH",
            "/profile/",
            &json!({ "first_name": "Andrei" }),
        );
        let invitation = json!({ "invitation_code": invitation_code });
        self.bear(&access, "POST", "/profile/invitation/", &invitation);
        let refresh = json!({ "refresh": welcome.text("refresh") });
        let access = self
            .call("POST", "/token/refresh/", &[], &refresh)
            .text("access");
        self.change_phone(&access, "+79161112233");
        self.bear(&access, "POST", "/logout/", &json!({}));
        let access = self.log_in("+79161112233");
        self.bear(&access, "DELETE", "/profile/", &Value::Null);
    }

    fn change_phone(&mut self, access: &str, phone: &str) {
        let asked = self.bear(
            access,
            "POST",
            "/profile/phone/",
            &json!({ "phone": phone }),
        );
        let (token, bearer) = (asked.text("sms-token"), format!("Bearer {access}"));
        let headers = [("authorization", &*bearer), ("sms-token", &token)];
        let body = json!({ "sms_code": self.env.code(phone) });
        let response = self.call("POST", "/profile/phone/confirm/", &headers, &body);
        assert_eq!(response.status, 200, "{response:?}");
    }
}
