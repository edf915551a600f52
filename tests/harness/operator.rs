//! Somebody who operates the service over HTTP, by a cookie or by a key.

use invited::app::admin::{Actor, Command, Request, perform};
use poem::{Response, http::Method};
use serde_json::{Value, json};

use super::{Harness, Reply};

/// Beside the API.
pub const ADMIN: (&str, &str) = ("INVITED_HTTP__ADMIN", "on");

/// Somebody who is logged in as an operator, or a program with a key.
#[derive(Clone)]
pub struct Operator {
    harness: Harness,
    /// The header that lets them in.
    pub shows: (&'static str, String),
}

impl Harness {
    /// What the machine's own user asks for.
    pub async fn command(&self, command: Value) -> Result<Value, String> {
        let command: Command = serde_json::from_value(command).unwrap();
        let request = Request {
            command,
            reason: "asked by mail".to_owned(),
            full: false,
        };
        let actor = Actor::System("uid 7".to_owned());
        let done = perform(&self.app, &actor, request).await;
        done.map_err(|error| error.to_string())
    }

    /// Asks for a code as an operator; the sms-token.
    pub async fn ask_as_operator(&self, phone: &str) -> String {
        let asked = self
            .post("/admin/api/login/", json!({ "phone": phone }))
            .await;
        asked.ok()["sms-token"].as_str().unwrap().to_owned()
    }

    /// Confirms a code as an operator.
    pub async fn confirm_as_operator(&self, token: &str, code: &str) -> Reply {
        let (path, headers) = ("/admin/api/session/", [("sms-token", token)]);
        let body = Some(json!({ "sms_code": code }));
        self.call(Method::POST, path, &headers, body).await
    }

    /// Logs an operator in who has their role already.
    pub async fn operator_login(&self, phone: &str) -> Operator {
        let token = self.ask_as_operator(phone).await;
        let confirmed = self.confirm_as_operator(&token, &self.code()).await;
        confirmed.ok();
        let cookie = confirmed.header("set-cookie").unwrap();
        let (pair, _) = cookie.split_once(';').unwrap();
        Operator {
            harness: self.clone(),
            shows: ("cookie", pair.to_owned()),
        }
    }

    /// Somebody who was granted a role and has logged in.
    pub async fn operator(&self, phone: &str, role: &str) -> Operator {
        self.login(phone).await;
        let grant = json!({ "command": "grant", "who": phone, "role": role });
        self.command(grant).await.unwrap();
        self.operator_login(phone).await
    }

    /// A program with a key that has these permissions.
    pub async fn program(&self, name: &str, permissions: &str) -> Operator {
        let create = json!({ "command": "create_key", "name": name, "permissions": permissions });
        let made = self.command(create).await.unwrap();
        self.bearing_key(made["secret"].as_str().unwrap())
    }

    /// A program that shows this as its key.
    pub fn bearing_key(&self, key: &str) -> Operator {
        Operator {
            harness: self.clone(),
            shows: ("authorization", format!("Bearer {key}")),
        }
    }
}

impl Operator {
    /// The same, with another cookie.
    pub fn showing(&self, cookie: &str) -> Self {
        let shows = ("cookie", cookie.to_owned());
        Self {
            shows,
            ..self.clone()
        }
    }

    /// Calls something under `/admin/api/`, with more headers than those that everybody sends.
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        more: &[(&str, &str)],
        body: Option<Value>,
    ) -> Reply {
        let (name, value) = &self.shows;
        let mut headers = vec![(*name, value.as_str())];
        headers.extend(more);
        if body.is_none() {
            headers.push(("content-type", "application/json"));
        }
        let path = format!("/admin/api/{path}");
        self.harness.call(method, &path, &headers, body).await
    }

    /// The same, saying why.
    async fn because(&self, method: Method, path: &str, body: Option<Value>) -> Reply {
        let why = [("x-reason", "a%20letter")];
        self.call(method, path, &why, body).await
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.because(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.because(Method::POST, path, Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        self.because(Method::DELETE, path, None).await
    }

    /// Watches what happens.
    pub async fn watch(&self) -> Response {
        let (name, value) = &self.shows;
        let headers = [(*name, value.as_str())];
        self.harness.begin("/admin/api/events/", &headers).await
    }

    /// The identifier of the user with this phone, whoever looks.
    pub async fn id_of(&self, phone: &str) -> i64 {
        let show = json!({ "command": "show_user", "who": phone });
        self.harness.command(show).await.unwrap()["id"]
            .as_i64()
            .unwrap()
    }
}
