//! Contract, section 8: how often what may happen, and to whom.

mod bill;
mod device;
mod invitation;
mod phone;
mod prefix;
mod source;

use std::net::IpAddr;

use poem::http::Method;
use serde_json::json;

use crate::harness::{Harness, Reply};

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

impl Harness {
    async fn ask_as(&self, phone: &str, device: &str, peer: [u8; 4]) -> Reply {
        let headers = [("device-token", device)];
        let body = json!({ "phone": phone });
        self.call_from(peer.into(), Method::POST, "/login/", &headers, Some(body))
            .await
    }

    /// Somebody asks who has not asked before, and has nothing to go on with.
    async fn asked_elsewhere(&self, phone: &str) -> Reply {
        self.ask_as(phone, "", [203, 0, 113, 250]).await
    }

    async fn asked(&self, phone: &str) -> Reply {
        self.post("/login/", json!({ "phone": phone })).await
    }

    async fn confirm_from(&self, peer: IpAddr, token: &str, code: &str) -> Reply {
        let (headers, body) = ([("sms-token", token)], json!({ "sms_code": code }));
        self.call_from(
            peer,
            Method::POST,
            "/login/sms-confirm/",
            &headers,
            Some(body),
        )
        .await
    }

    /// So many wrong guesses, each evaluated, with as many codes as that takes.
    async fn guess_wrong(&self, phone: &str, guesses: usize) {
        let mut token = String::new();
        for guess in 0..guesses {
            if guess % 3 == 0 {
                self.advance(181);
                token = self.ask(phone).await;
            }
            let reply = self.confirm(&token, &self.wrong_code()).await;
            reply.refused(401, "sms_code_invalid");
        }
    }
}

fn token(reply: &Reply) -> String {
    reply.ok()["sms-token"].as_str().unwrap().to_owned()
}

/// Asserts that a limit is named, and what there is to wait.
#[track_caller]
fn limited(reply: &Reply, code: &str, limit: &str, wait: u64) {
    let problem = reply.refused(429, code);
    assert_eq!(
        (&problem["limit"], &problem["retry_after"]),
        (&json!(limit), &json!(wait))
    );
    assert_eq!(reply.header("retry-after"), Some(&*wait.to_string()));
}
