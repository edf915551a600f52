//! Accounts and a challenge whose tokens the requests use.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::{
    fuzz::rng::TestRng,
    harness::{Actor, Harness, Reply},
};

pub struct Accounts {
    harness: Harness,
    /// The one that requests are made for.
    pub own: Account,
    /// The one whose tokens are tried in place of its own.
    pub other: Account,
    pub challenge: Challenge,
}

pub struct Account {
    phone: String,
    pub actor: Actor,
    invitation_code: String,
}

pub struct Challenge {
    pub token: String,
    code: String,
}

impl Account {
    async fn log_in(harness: &Harness, phone: String) -> Self {
        let actor = harness.login(&phone).await;
        Self {
            invitation_code: actor.invitation_code().await,
            phone,
            actor,
        }
    }
}

impl Challenge {
    async fn ask(harness: &Harness, rng: &mut TestRng) -> Self {
        Self {
            token: harness.ask(&rng.phone()).await,
            code: harness.code(),
        }
    }
}

impl Accounts {
    pub async fn create(harness: &Harness, rng: &mut TestRng) -> Self {
        Self {
            harness: harness.clone(),
            own: Account::log_in(harness, rng.phone()).await,
            other: Account::log_in(harness, rng.phone()).await,
            challenge: Challenge::ask(harness, rng).await,
        }
    }

    /// Every token that is valid somewhere, but for the own access token.
    pub fn tokens(&self) -> Vec<String> {
        let (own, other) = (&self.own.actor, &self.other.actor);
        let tokens = [
            &own.refresh,
            &own.device,
            &other.access,
            &other.refresh,
            &other.device,
            &self.challenge.token,
        ];
        tokens.map(String::clone).into()
    }

    /// The identifier of a session: an own one, another's, or none.
    pub fn session(&self, rng: &mut TestRng) -> String {
        match rng.below(4) {
            0 => claims(&self.own.actor.access)["session_id"].to_string(),
            1 => claims(&self.other.actor.access)["session_id"].to_string(),
            2 => rng.marker(),
            _ => rng.digits(16),
        }
    }

    /// A valid value of a body's property.
    pub fn property(&self, rng: &mut TestRng, name: &str) -> Value {
        match name {
            "phone" => json!(rng.phone()),
            "sms_code" if rng.one_in(4) => json!(rng.digits(4)),
            "sms_code" => json!(self.challenge.code),
            "sms_token" => json!(self.challenge.token),
            "invitation_code" if rng.one_in(2) => json!(self.other.invitation_code),
            "invitation_code" => json!(format!("ZZ{}", rng.digits(4))),
            "refresh" => json!(self.own.actor.refresh),
            "all" => json!(rng.one_in(2)),
            "email" => json!(format!("{}@example.com", rng.marker())),
            _ => json!(rng.marker()),
        }
    }

    /// Replaces what a request used up.
    pub async fn replace_used(&mut self, rng: &mut TestRng, operation: &str, reply: &Reply) {
        let succeeded = reply.status.is_success();
        match operation {
            "log_out" | "delete_profile" | "end_session" | "refresh_tokens"
            | "confirm_new_phone"
                if succeeded || reply.text.contains("refresh_reused") =>
            {
                for account in [&mut self.own, &mut self.other] {
                    let phone = if rng.one_in(8) {
                        rng.phone()
                    } else {
                        account.phone.clone()
                    };
                    *account = Account::log_in(&self.harness, phone).await;
                }
            }
            "confirm_login" if succeeded || rng.one_in(3) => {
                self.challenge = Challenge::ask(&self.harness, rng).await;
            }
            _ => {}
        }
    }
}

/// The claims of a JWT, unverified.
pub fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}
