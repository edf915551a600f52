//! Somebody who is logged in.

use super::{Harness, Reply};
use poem::http::Method;
use serde_json::{Value, json};

/// Somebody who is logged in.
#[derive(Clone)]
pub struct Actor {
    harness: Harness,
    pub access: String,
    pub refresh: String,
    pub device: String,
}

impl Actor {
    #[track_caller]
    pub fn of(harness: &Harness, confirmed: &Reply) -> Self {
        let reply = confirmed.ok();
        let text = |name: &str| reply[name].as_str().unwrap().to_owned();
        Self {
            harness: harness.clone(),
            access: text("access"),
            refresh: text("refresh"),
            device: text("device_token"),
        }
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Reply {
        self.harness
            .call(
                method,
                path,
                &[("authorization", &format!("Bearer {}", self.access))],
                body,
            )
            .await
    }

    /// The same, with another token in place of the access token.
    pub fn bearing(&self, access: &str) -> Self {
        Self {
            access: access.to_owned(),
            ..self.clone()
        }
    }

    /// The same on another node.
    pub fn on(&self, node: &Harness) -> Self {
        Self {
            harness: node.clone(),
            ..self.clone()
        }
    }

    /// The same, with the tokens of an answer.
    pub fn with(&self, pair: &Value) -> Self {
        let text = |name: &str| pair[name].as_str().unwrap().to_owned();
        Self {
            refresh: text("refresh"),
            ..self.bearing(&text("access"))
        }
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.call(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.call(Method::POST, path, Some(body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Reply {
        self.call(Method::PUT, path, Some(body)).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Reply {
        self.call(Method::PATCH, path, Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        self.call(Method::DELETE, path, None).await
    }

    pub async fn profile(&self) -> Value {
        self.get("/profile/").await.ok()
    }

    pub async fn invitation_code(&self) -> String {
        self.profile().await["invitation_code"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    pub async fn redeem(&self, code: &str) -> Reply {
        self.post("/profile/invitation/", json!({ "invitation_code": code }))
            .await
    }

    pub async fn exchange(&self, refresh: &str) -> Reply {
        self.harness
            .post("/token/refresh/", json!({ "refresh": refresh }))
            .await
    }

    /// Confirms another phone with the token and code of `POST /profile/phone/`.
    pub async fn confirm_phone(&self, token: &str, code: &str) -> Reply {
        let headers = [
            ("authorization", &*format!("Bearer {}", self.access)),
            ("sms-token", token),
        ];
        self.harness
            .call(
                Method::POST,
                "/profile/phone/confirm/",
                &headers,
                Some(json!({ "sms_code": code })),
            )
            .await
    }
}
