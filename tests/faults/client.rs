//! A client of the server under test: its connection, and what it shares with
//! the other clients.

use std::sync::mpsc::Sender;

use serde_json::{Value, json};

use super::environment::TestEnv;
use crate::harness::{
    line::{Line, Lost, Response},
    server::Server,
};

/// An account whose invitation code the others enter.
pub struct Referrer {
    pub phone: String,
    pub code: String,
}

pub struct Client<'a> {
    line: Line,
    pub env: &'a TestEnv,
    pub referrers: &'a [Referrer],
    /// Is sent a message for each expected response.
    pub responses: Option<Sender<()>>,
}

/// Why a client stopped.
#[derive(Debug)]
pub enum Interruption {
    NoResponse(Lost),
    /// 503.
    Unavailable(Response),
    /// A violation, which the report has.
    Unexpected,
}

impl<'a> Client<'a> {
    pub fn new(server: &Server, env: &'a TestEnv, referrers: &'a [Referrer]) -> Self {
        Self {
            line: Line::to(&server.address),
            env,
            referrers,
            responses: None,
        }
    }

    /// Sends a request under fault injection, and expects this status.
    pub fn expect(
        &mut self,
        status: u16,
        (method, path): (&str, &str),
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Result<Response, Interruption> {
        let response = self.line.call(method, path, headers, body);
        let response = response.map_err(Interruption::NoResponse)?;
        if response.status == status {
            // Nobody receives any more once the fault is injected.
            self.responses.as_ref().map(|responses| responses.send(()));
            Ok(response)
        } else if response.status == 503 {
            Err(Interruption::Unavailable(response))
        } else {
            let violation = format!("{method} {path}: {response:?}");
            self.env.report.violation(violation);
            Err(Interruption::Unexpected)
        }
    }

    /// Sends a request that is certain to get a response.
    pub fn call(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Response {
        let response = self.line.call(method, path, headers, body);
        response.unwrap_or_else(|lost| panic!("{method} {path}: {lost:?}"))
    }

    pub fn health(&mut self, probe: &str) -> Response {
        self.call("GET", &format!("/health/{probe}"), &[], &Value::Null)
    }

    /// Polls readiness until it has this status. A response is cached for a second.
    pub fn poll_readiness(&mut self, status: u16) -> Response {
        let mut responses = std::iter::repeat_with(|| self.health("ready")).take(1_000_000);
        let found = responses.find(|response| response.status == status);
        found.expect("readiness changes at last")
    }

    pub fn profile(&mut self, access: &str) -> Response {
        let bearer = format!("Bearer {access}");
        let headers = [("authorization", &*bearer)];
        self.call("GET", "/profile/", &headers, &Value::Null)
    }

    pub fn rename(&mut self, access: &str, name: &str) -> Response {
        let bearer = format!("Bearer {access}");
        let (headers, body) = ([("authorization", &*bearer)], json!({ "first_name": name }));
        self.call("PATCH", "/profile/", &headers, &body)
    }

    pub fn ask(&mut self, phone: &str) -> Response {
        self.call("POST", "/login/", &[], &json!({ "phone": phone }))
    }

    pub fn confirm(&mut self, token: &str, code: &str) -> Response {
        self.line.confirm(token, code).unwrap()
    }

    pub fn log_in(&mut self, phone: &str) -> Response {
        let token = self.ask(phone).text("sms-token");
        self.confirm(&token, &self.env.code(phone))
    }

    pub fn refresh(&mut self, refresh: &str) -> Response {
        let body = json!({ "refresh": refresh });
        self.call("POST", "/token/refresh/", &[], &body)
    }
}
