//! The people whose tokens are spoilt: two who are logged in, and a code that
//! waits to be confirmed.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::{
    fuzz::chance::Chance,
    harness::{Harness, Reply},
};

pub struct Cast {
    harness: Harness,
    /// The first is who acts, the second is the one whose tokens are borrowed.
    people: [Person; 2],
    pub waiting: Waiting,
}

pub struct Person {
    pub phone: String,
    pub access: String,
    pub refresh: String,
    pub device: String,
    pub invitation_code: String,
}

/// An sms-token and its code.
pub struct Waiting {
    pub token: String,
    code: String,
}

impl Person {
    async fn log_in(harness: &Harness, phone: String) -> Self {
        let actor = harness.login(&phone).await;
        Self {
            invitation_code: actor.invitation_code().await,
            phone,
            access: actor.access,
            refresh: actor.refresh,
            device: actor.device,
        }
    }
}

impl Waiting {
    async fn ask(harness: &Harness, phone: &str) -> Self {
        Self {
            token: harness.ask(phone).await,
            code: harness.code(),
        }
    }
}

impl Cast {
    pub async fn gather(harness: &Harness, chance: &mut Chance) -> Self {
        Self {
            harness: harness.clone(),
            people: [
                Person::log_in(harness, chance.phone()).await,
                Person::log_in(harness, chance.phone()).await,
            ],
            waiting: Waiting::ask(harness, &chance.phone()).await,
        }
    }

    pub fn person(&self) -> &Person {
        &self.people[0]
    }

    pub fn other(&self) -> &Person {
        &self.people[1]
    }

    /// Every token that is good somewhere, but for the acting person's access token.
    pub fn tokens(&self) -> Vec<String> {
        let [one, other] = &self.people;
        let tokens = [
            &one.refresh,
            &one.device,
            &other.access,
            &other.refresh,
            &other.device,
            &self.waiting.token,
        ];
        tokens.map(String::clone).into()
    }

    /// The identifier of a session: one's own, another's, or nobody's.
    pub fn session(&self, chance: &mut Chance) -> String {
        match chance.below(4) {
            0 => claims(&self.person().access)["session_id"].to_string(),
            1 => claims(&self.other().access)["session_id"].to_string(),
            2 => chance.mark(),
            _ => chance.digits(16),
        }
    }

    /// What may stand in a member of a body.
    pub fn member(&self, chance: &mut Chance, name: &str) -> Value {
        match name {
            "phone" => json!(chance.phone()),
            "sms_code" if chance.one_in(4) => json!(chance.digits(4)),
            "sms_code" => json!(self.waiting.code),
            "sms_token" => json!(self.waiting.token),
            "invitation_code" if chance.one_in(2) => json!(self.other().invitation_code),
            "invitation_code" => json!(format!("ZZ{}", chance.digits(4))),
            "refresh" => json!(self.person().refresh),
            "all" => json!(chance.one_in(2)),
            "email" => json!(format!("{}@example.com", chance.mark())),
            _ => json!(chance.mark()),
        }
    }

    /// Puts back what a request used up.
    pub async fn recover(&mut self, chance: &mut Chance, call: &str, reply: &Reply) {
        let succeeded = reply.status.is_success();
        match call {
            "log_out" | "delete_profile" | "end_session" | "refresh_tokens"
            | "confirm_new_phone"
                if succeeded || reply.text.contains("refresh_reused") =>
            {
                for person in &mut self.people {
                    let phone = if chance.one_in(8) {
                        chance.phone()
                    } else {
                        person.phone.clone()
                    };
                    *person = Person::log_in(&self.harness, phone).await;
                }
            }
            "confirm_login" if succeeded || chance.one_in(3) => {
                self.waiting = Waiting::ask(&self.harness, &chance.phone()).await;
            }
            _ => {}
        }
    }
}

/// What a JWT says, believed or not.
pub fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}
