//! One request: generated, mutated, and sent.

pub mod accounts;
mod body;
pub mod header;
mod path;
mod text;
pub mod token;

use std::{fmt, net::IpAddr};

use poem::{
    Addr, Body, Request, RequestParts,
    http::{HeaderName, HeaderValue, Method, Uri, uri::Scheme},
    web::{LocalAddr, RemoteAddr},
};
use serde_json::{Map, Value};

use self::{accounts::Accounts, header::Header};
use super::{
    openapi::{OpenApi, Operation},
    rng::TestRng,
};
use crate::harness::{Harness, Reply};

/// Headers that would contradict how it is sent.
const FRAMING: &str = "connection content-length expect host transfer-encoding upgrade";

pub struct GeneratedRequest {
    /// The operation that it was generated for.
    pub operation: String,
    pub method: Method,
    pub path: String,
    pub headers: Vec<Header>,
    pub body: Vec<u8>,
    /// Whether it lacks a valid token that its operation needs.
    pub must_fail: bool,
    /// What was sent that must not come back, beside all that has a marker.
    pub secrets: Vec<String>,
}

impl GeneratedRequest {
    /// A valid request, without a body.
    pub fn plain(method: Method, path: &str, headers: Vec<Header>) -> Self {
        Self {
            operation: String::new(),
            method,
            path: path.to_owned(),
            headers,
            body: Vec::new(),
            must_fail: false,
            secrets: Vec::new(),
        }
    }

    /// A request of a documented operation, mutated more or less.
    pub fn random(rng: &mut TestRng, openapi: &OpenApi, accounts: &Accounts) -> Self {
        let operation = rng.choose(&openapi.operations);
        let path = operation.path.replace("{id}", &accounts.session(rng));
        let mut request = Self {
            operation: operation.id.clone(),
            ..Self::plain(operation.method.clone(), &path, Vec::new())
        };
        request.mutate_target(rng);
        request.add_authorization(rng, accounts, operation);
        request.add_token_headers(rng, accounts, operation);
        request.add_body(rng, accounts, operation);
        for _ in 0..rng.below(12).saturating_sub(8) {
            request.headers.push(header::extra(rng));
        }
        request
    }

    fn mutate_target(&mut self, rng: &mut TestRng) {
        if rng.one_in(16) {
            self.method = path::method(rng);
        }
        if rng.one_in(12) {
            self.path = path::mutated(rng, &self.path);
        }
        if self.path.contains("invitations") && rng.one_in(2) || rng.one_in(30) {
            self.path = format!("{}?{}", self.path, path::query(rng));
        }
    }

    fn add_authorization(&mut self, rng: &mut TestRng, accounts: &Accounts, operation: &Operation) {
        if !operation.secured && !rng.one_in(10) {
            return;
        }
        let access = &accounts.own.actor.access;
        let token = match rng.below(10) {
            0 | 1 => {
                self.headers = header::broken_authorization(rng, access);
                self.must_fail = operation.secured;
                return;
            }
            2..=4 => {
                let token = token::mutated(rng, access, &accounts.tokens());
                self.must_fail = operation.secured && token != accounts.other.actor.access;
                self.add_secret(&token);
                token
            }
            _ => access.clone(),
        };
        let bearer = format!("Bearer {token}").into_bytes();
        self.headers.push(("authorization", bearer));
    }

    fn add_token_headers(&mut self, rng: &mut TestRng, accounts: &Accounts, operation: &Operation) {
        for name in &operation.headers {
            let (name, valid) = match name.as_str() {
                "sms-token" => ("sms-token", &accounts.challenge.token),
                "device-token" => ("device-token", &accounts.own.actor.device),
                _ => continue,
            };
            let token = match rng.below(6) {
                0 => continue,
                1 | 2 => {
                    let token = token::mutated(rng, valid, &accounts.tokens());
                    let is_sent = HeaderValue::from_bytes(token.as_bytes()).is_ok();
                    self.must_fail |= is_sent && name == "sms-token";
                    self.add_secret(&token);
                    token
                }
                _ => valid.clone(),
            };
            self.headers.push((name, token.into_bytes()));
        }
    }

    fn add_body(&mut self, rng: &mut TestRng, accounts: &Accounts, operation: &Operation) {
        if operation.properties.is_empty() && !rng.one_in(20) {
            return;
        }
        let mut members = Map::new();
        for name in &operation.properties {
            if !rng.one_in(5) {
                members.insert(name.clone(), accounts.property(rng, name));
            }
        }
        if members.contains_key("refresh") && rng.one_in(2) {
            let refresh = token::mutated(rng, &accounts.own.actor.refresh, &accounts.tokens());
            self.must_fail |= refresh != accounts.other.actor.refresh;
            self.add_secret(&refresh);
            members.insert("refresh".to_owned(), refresh.into());
        }
        self.headers.push(header::media_type(rng));
        self.body = if rng.one_in(3) {
            Value::Object(members).to_string().into_bytes()
        } else {
            body::mutated(rng, &members)
        };
    }

    fn add_secret(&mut self, token: &str) {
        // What is shorter may be in any response by chance.
        if token.len() > 24 {
            self.secrets.push(token.to_owned());
        }
    }

    /// As HTTP/1.1, with a body as long as it says.
    pub fn to_bytes(&self) -> Vec<u8> {
        let (method, path, length) = (&self.method, &self.path, self.body.len());
        let mut bytes = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
             content-length: {length}\r\n"
        )
        .into_bytes();
        for (name, value) in &self.headers {
            let is_framing = FRAMING.split(' ').any(|framing| framing == *name);
            if !is_framing && HeaderValue::from_bytes(value).is_ok() {
                bytes.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
            }
        }
        bytes.extend([b"\r\n", &self.body[..]].concat());
        bytes
    }

    /// Sends it; `None` when no client could.
    pub async fn send(&self, harness: &Harness, peer: IpAddr) -> Option<Reply> {
        let uri: Uri = self.path.parse().ok()?;
        let mut request = poem::http::Request::builder()
            .method(self.method.clone())
            .uri(uri)
            .header("host", "invited.test");
        for (name, value) in &self.headers {
            // Others never get through an HTTP parser.
            if let Ok(value) = HeaderValue::from_bytes(value) {
                request = request.header(HeaderName::from_static(name), value);
            }
        }
        let (parts, ()) = request.body(()).ok()?.into_parts();
        let peer = RemoteAddr(Addr::SocketAddr((peer, 4711).into()));
        let parts = RequestParts::from((parts, LocalAddr::default(), peer, Scheme::HTTP));
        let body = Body::from_vec(self.body.clone());
        Some(harness.send(Request::from_parts(parts, body)).await)
    }
}

impl fmt::Debug for GeneratedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} {}", self.method, self.path)?;
        for (name, value) in &self.headers {
            writeln!(f, "{name}: {}", value.escape_ascii())?;
        }
        write!(f, "\n{}", self.body.escape_ascii())
    }
}
