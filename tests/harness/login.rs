//! How people log in.

use poem::http::Method;
use serde_json::json;

use super::{Actor, Harness, Reply};

impl Harness {
    /// Asks for a code; the sms-token.
    pub async fn ask(&self, phone: &str) -> String {
        self.post("/login/", json!({ "phone": phone })).await.ok()["sms-token"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Confirms a code.
    pub async fn confirm(&self, token: &str, code: &str) -> Reply {
        let body = json!({ "sms_code": code });
        self.call(
            Method::POST,
            "/login/sms-confirm/",
            &[("sms-token", token)],
            Some(body),
        )
        .await
    }

    /// The code that was sent last.
    pub fn code(&self) -> String {
        self.gateway.last().code
    }

    /// A code that was not sent.
    pub fn wrong_code(&self) -> String {
        other_than(&self.code())
    }

    /// Logs a phone in.
    pub async fn login(&self, phone: &str) -> Actor {
        let token = self.ask(phone).await;
        let code = self.code();
        Actor::of(self, &self.confirm(&token, &code).await)
    }

    /// Logs phones in, one after the other.
    pub async fn logins<const N: usize>(&self, phones: [&str; N]) -> [Actor; N] {
        let mut actors = Vec::with_capacity(N);
        for phone in phones {
            actors.push(self.login(phone).await);
        }
        actors.try_into().ok().expect("as many as phones")
    }

    /// Logs a phone in on a device that may be known.
    pub async fn login_on(&self, phone: &str, device: &str) -> Actor {
        let token = self.ask(phone).await;
        let headers = [("sms-token", &*token), ("device-token", device)];
        let body = json!({ "sms_code": self.code() });
        let path = "/login/sms-confirm/";
        Actor::of(
            self,
            &self.call(Method::POST, path, &headers, Some(body)).await,
        )
    }
}

/// Another code of the same length.
pub fn other_than(code: &str) -> String {
    let first = code.as_bytes()[0];
    let other = if first == b'9' { b'0' } else { first + 1 };
    format!("{}{}", char::from(other), &code[1..])
}
