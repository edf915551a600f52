//! Random operations on one phone. Each is pending from before it is sent
//! until its response was read; what was acknowledged is a fact from then on.

use rand::{RngExt, rngs::StdRng};
use serde_json::{Value, json};

use super::{
    client::{Client, Interruption},
    state::{Challenge, PhoneState, Request},
};
use crate::harness::{line::Response, other_than};

type Result<T = ()> = std::result::Result<T, Interruption>;

impl PhoneState {
    /// An operation that makes sense in this state.
    pub fn step(&mut self, client: &mut Client<'_>, rng: &mut StdRng) -> Result {
        if self.session.is_none() {
            let left = self
                .challenge
                .as_ref()
                .map(|challenge| challenge.attempts_left);
            return match left {
                None | Some(0) => self.ask(client),
                Some(_) if rng.random_ratio(1, 3) => self.guess(client),
                Some(_) => self.confirm(client, rng),
            };
        }
        match rng.random_range(0..20) {
            0..=2 => self.redeem(client, rng),
            3..=6 => self.refresh(client),
            7 => self.reuse_refresh(client),
            8..=9 => self.log_out(client),
            10 => self.delete(client),
            _ => self.rename(client, rng),
        }
    }

    fn ask(&mut self, client: &mut Client<'_>) -> Result {
        self.retire_challenge();
        self.pending = Some(Request::Ask);
        let body = json!({ "phone": self.phone });
        let response = client.expect(200, ("POST", "/login/"), &[], &body)?;
        self.challenge = Some(Challenge {
            token: response.text("sms-token"),
            code: client.env.code(&self.phone),
            attempts_left: 3,
        });
        self.acknowledge(client, 1)
    }

    fn guess(&mut self, client: &mut Client<'_>) -> Result {
        self.pending = Some(Request::Guess);
        let challenge = self.challenge.as_mut().unwrap();
        let body = json!({ "sms_code": other_than(&challenge.code) });
        let call = ("POST", "/login/sms-confirm/");
        let response = client.expect(401, call, &[("sms-token", &challenge.token)], &body)?;
        challenge.attempts_left -= 1;
        let (left, phone) = (challenge.attempts_left, &self.phone);
        if response.json["attempts_left"] != left {
            let violation = format!("{phone}: not {left} attempts left but {response:?}");
            client.env.report.violation(violation);
        }
        self.acknowledge(client, 1)
    }

    /// Confirms; a new account may bring an invitation.
    fn confirm(&mut self, client: &mut Client<'_>, rng: &mut StdRng) -> Result {
        let is_invited = self.account.is_none() && rng.random();
        let referrer = client.referrers.last().filter(|_| is_invited);
        let phone = referrer.map(|referrer| referrer.phone.clone());
        self.pending = Some(Request::Confirm(phone.clone()));
        let challenge = self.challenge.as_ref().unwrap();
        let code = referrer.map(|referrer| &referrer.code);
        let body = json!({ "sms_code": challenge.code, "invitation_code": code });
        let call = ("POST", "/login/sms-confirm/");
        let response = client.expect(200, call, &[("sms-token", &challenge.token)], &body)?;
        self.logged_in(&response);
        if let Some((account, phone)) = self.account.as_mut().zip(phone) {
            account.referrer = Some(phone);
        }
        self.acknowledge(client, 2)
    }

    fn rename(&mut self, client: &mut Client<'_>, rng: &mut StdRng) -> Result {
        let name = format!("N{}", rng.random::<u64>());
        self.pending = Some(Request::Rename(name.clone()));
        let body = json!({ "first_name": name });
        let response = self.authorized(client, 200, ("PATCH", "/profile/"), &body)?;
        let account = self.account.as_mut().unwrap();
        account.name = name;
        account.code = Some(response.text("invitation_code"));
        self.acknowledge(client, 2)
    }

    fn redeem(&mut self, client: &mut Client<'_>, rng: &mut StdRng) -> Result {
        if self.account.as_ref().unwrap().referrer.is_some() {
            return self.rename(client, rng);
        }
        let referrer = client.referrers.last().unwrap();
        self.pending = Some(Request::Redeem(referrer.phone.clone()));
        let body = json!({ "invitation_code": referrer.code });
        self.authorized(client, 200, ("POST", "/profile/invitation/"), &body)?;
        self.account.as_mut().unwrap().referrer = Some(referrer.phone.clone());
        self.acknowledge(client, 1)
    }

    fn refresh(&mut self, client: &mut Client<'_>) -> Result {
        self.pending = Some(Request::Refresh);
        let session = self.session.as_mut().unwrap();
        let body = json!({ "refresh": session.refresh });
        let response = client.expect(200, ("POST", "/token/refresh/"), &[], &body)?;
        session.refreshed(&response);
        self.acknowledge(client, 2)
    }

    /// A refresh token whose successor was used ends the session.
    fn reuse_refresh(&mut self, client: &mut Client<'_>) -> Result {
        let Some(old) = self.session.as_ref().unwrap().before[1].clone() else {
            return self.refresh(client);
        };
        self.pending = Some(Request::EndSession);
        let body = json!({ "refresh": old });
        client.expect(401, ("POST", "/token/refresh/"), &[], &body)?;
        self.end_session();
        self.acknowledge(client, 1)
    }

    fn log_out(&mut self, client: &mut Client<'_>) -> Result {
        self.pending = Some(Request::EndSession);
        self.authorized(client, 204, ("POST", "/logout/"), &json!({}))?;
        self.end_session();
        self.acknowledge(client, 1)
    }

    fn delete(&mut self, client: &mut Client<'_>) -> Result {
        self.pending = Some(Request::DeleteAccount);
        self.authorized(client, 204, ("DELETE", "/profile/"), &Value::Null)?;
        self.delete_account();
        self.acknowledge(client, 2)
    }

    fn authorized(
        &self,
        client: &mut Client<'_>,
        status: u16,
        call: (&str, &str),
        body: &Value,
    ) -> Result<Response> {
        let bearer = format!("Bearer {}", self.session.as_ref().unwrap().access);
        client.expect(status, call, &[("authorization", &bearer)], body)
    }

    #[expect(clippy::unnecessary_wraps, reason = "it ends every operation")]
    fn acknowledge(&mut self, client: &Client<'_>, facts: u64) -> Result {
        self.pending = None;
        client.env.report.acknowledged(facts);
        Ok(())
    }
}
