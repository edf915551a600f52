//! One request: drawn, spoilt, and sent.

mod body;
pub mod cast;
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

use self::{cast::Cast, header::Header};
use super::{
    chance::Chance,
    document::{Document, Operation},
};
use crate::harness::{Harness, Reply};

pub struct Shot {
    /// The call that it is meant for.
    pub call: String,
    pub method: Method,
    pub path: String,
    pub headers: Vec<Header>,
    pub body: Vec<u8>,
    /// Whether it lacks what its call wants to see first.
    pub is_hopeless: bool,
    /// What was sent that must not come back, beside all that has a mark.
    pub secrets: Vec<String>,
}

impl Shot {
    /// A request as it should be, without a body.
    pub fn plain(method: Method, path: &str, headers: Vec<Header>) -> Self {
        Self {
            call: String::new(),
            method,
            path: path.to_owned(),
            headers,
            body: Vec::new(),
            is_hopeless: false,
            secrets: Vec::new(),
        }
    }

    /// A request of some documented call, with more or less amiss.
    pub fn draw(chance: &mut Chance, document: &Document, cast: &Cast) -> Self {
        let operation = chance.pick(&document.operations);
        let path = operation.path.replace("{id}", &cast.session(chance));
        let mut shot = Self {
            call: operation.id.clone(),
            ..Self::plain(operation.method.clone(), &path, Vec::new())
        };
        shot.aim(chance);
        shot.authorize(chance, cast, operation);
        shot.show_tokens(chance, cast, operation);
        shot.fill(chance, cast, operation);
        for _ in 0..chance.below(12).saturating_sub(8) {
            shot.headers.push(header::stray(chance));
        }
        shot
    }

    fn aim(&mut self, chance: &mut Chance) {
        if chance.one_in(16) {
            self.method = path::method(chance);
        }
        if chance.one_in(12) {
            self.path = path::changed(chance, &self.path);
        }
        if self.path.contains("invitations") && chance.one_in(2) || chance.one_in(30) {
            self.path = format!("{}?{}", self.path, path::query(chance));
        }
    }

    fn authorize(&mut self, chance: &mut Chance, cast: &Cast, operation: &Operation) {
        if !operation.secured && !chance.one_in(10) {
            return;
        }
        let person = cast.person();
        match chance.below(10) {
            0 | 1 => {
                self.headers = header::broken_authorization(chance, &person.access);
                self.is_hopeless = operation.secured;
            }
            2..=4 => {
                let token = token::changed(chance, &person.access, &cast.tokens());
                self.headers
                    .push(("authorization", format!("Bearer {token}").into_bytes()));
                self.is_hopeless = operation.secured && token != cast.other().access;
                self.keep_secret(token);
            }
            _ => self.headers.push((
                "authorization",
                format!("Bearer {}", person.access).into_bytes(),
            )),
        }
    }

    fn show_tokens(&mut self, chance: &mut Chance, cast: &Cast, operation: &Operation) {
        for name in &operation.headers {
            let (name, good) = match name.as_str() {
                "sms-token" => ("sms-token", &cast.waiting.token),
                "device-token" => ("device-token", &cast.person().device),
                _ => continue,
            };
            match chance.below(6) {
                0 => {}
                1 | 2 => {
                    let token = token::changed(chance, good, &cast.tokens());
                    let is_sent = HeaderValue::from_bytes(token.as_bytes()).is_ok();
                    self.is_hopeless |= is_sent && name == "sms-token";
                    self.keep_secret(token.clone());
                    self.headers.push((name, token.into_bytes()));
                }
                _ => self.headers.push((name, good.clone().into_bytes())),
            }
        }
    }

    fn fill(&mut self, chance: &mut Chance, cast: &Cast, operation: &Operation) {
        if operation.members.is_empty() && !chance.one_in(20) {
            return;
        }
        let mut members = Map::new();
        for name in &operation.members {
            if !chance.one_in(5) {
                members.insert(name.clone(), cast.member(chance, name));
            }
        }
        if members.contains_key("refresh") && chance.one_in(2) {
            let refresh = token::changed(chance, &cast.person().refresh, &cast.tokens());
            self.is_hopeless |= refresh != cast.other().refresh;
            self.keep_secret(refresh.clone());
            members.insert("refresh".to_owned(), refresh.into());
        }
        self.headers.push(header::media_type(chance));
        self.body = if chance.one_in(3) {
            Value::Object(members).to_string().into_bytes()
        } else {
            body::spoilt(chance, &members)
        };
    }

    fn keep_secret(&mut self, token: String) {
        // What is shorter may be in any answer by chance.
        if token.len() > 24 {
            self.secrets.push(token);
        }
    }

    /// As it goes over a wire, with a body as long as it says.
    pub fn wire(&self) -> Vec<u8> {
        let framed = [
            "connection",
            "content-length",
            "expect",
            "host",
            "transfer-encoding",
            "upgrade",
        ];
        let mut wire = format!(
            "{} {} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {}\r\n",
            self.method,
            self.path,
            self.body.len()
        )
        .into_bytes();
        for (name, value) in &self.headers {
            if !framed.contains(name) && HeaderValue::from_bytes(value).is_ok() {
                wire.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
            }
        }
        wire.extend([b"\r\n", &self.body[..]].concat());
        wire
    }

    /// Sends it; `None` when no client could.
    pub async fn send(&self, harness: &Harness, peer: IpAddr) -> Option<Reply> {
        let uri: Uri = self.path.parse().ok()?;
        let mut request = poem::http::Request::builder()
            .method(self.method.clone())
            .uri(uri)
            .header("host", "invited.test");
        for (name, value) in &self.headers {
            // What HTTP cannot carry, its parser never lets through.
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

impl fmt::Debug for Shot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} {}", self.method, self.path)?;
        for (name, value) in &self.headers {
            writeln!(f, "{name}: {}", value.escape_ascii())?;
        }
        write!(f, "\n{}", self.body.escape_ascii())
    }
}
