//! Checks every acknowledged fact of a phone against the server.

use serde_json::json;

use super::{
    client::Client,
    report::Report,
    state::{Account, PhoneState},
};
use crate::harness::{line::Response, other_than};

impl PhoneState {
    pub fn check(&mut self, client: &mut Client<'_>) {
        if let Some(pending) = self.pending.take() {
            self.resolve(&pending, client);
        }
        self.check_challenge(client);
        self.check_account(client);
        self.check_refused_tokens(client);
        self.check_ended_sessions(client);
    }

    fn check_challenge(&mut self, client: &mut Client<'_>) {
        let Some(challenge) = &mut self.challenge else {
            return;
        };
        if challenge.attempts_left == 0 {
            return self.retire_challenge();
        }
        let response = client.confirm(&challenge.token, &other_than(&challenge.code));
        challenge.attempts_left -= 1;
        let (phone, left) = (&self.phone, challenge.attempts_left);
        let holds = response.json["attempts_left"] == left;
        client.env.report.check(holds, || {
            format!("{phone}: not {left} attempts left but {response:?}")
        });
    }

    fn check_account(&mut self, client: &mut Client<'_>) {
        if self.account.is_none() {
            return;
        }
        let report = &client.env.report;
        if self.session.is_none() {
            let response = client.log_in(&self.phone);
            report.check(response.status == 200, || {
                format!("{}: cannot log in again: {response:?}", self.phone)
            });
            if response.status == 200 {
                self.logged_in(&response);
            }
        }
        let (Some(session), Some(account)) = (&self.session, &mut self.account) else {
            return;
        };
        let response = client.profile(&session.access);
        account.check(&self.phone, &response, report);
        let retired = &self.retired_codes;
        let code = account.code.as_ref();
        let is_new = code.is_none_or(|code| !retired.contains(code));
        report.check(is_new, || format!("{}: {code:?} again", self.phone));
        // Within the grace, the token before yields the very same successor.
        if let Some(before) = &session.before[0] {
            let response = client.refresh(before);
            report.check(response.json["refresh"] == session.refresh, || {
                format!("{}: another successor: {response:?}", self.phone)
            });
        }
    }

    fn check_refused_tokens(&self, client: &mut Client<'_>) {
        for (challenge, refusals) in &self.refused {
            let response = client.confirm(&challenge.token, &challenge.code);
            let holds = refusals.contains(&response.code());
            client.env.report.check(holds, || {
                format!("{}: not {refusals:?} but {response:?}", self.phone)
            });
        }
    }

    fn check_ended_sessions(&self, client: &mut Client<'_>) {
        for session in &self.ended {
            for response in [
                client.profile(&session.access),
                client.refresh(&session.refresh),
            ] {
                let holds = response.code() == "token_invalid";
                client.env.report.check(holds, || {
                    format!("{}: an ended session: {response:?}", self.phone)
                });
            }
        }
    }
}

impl Account {
    fn check(&mut self, phone: &str, response: &Response, report: &Report) {
        let profile = &response.json;
        if let Some(code) = profile["invitation_code"].as_str() {
            self.code.get_or_insert_with(|| code.to_owned());
        }
        let referrer = self.referrer.as_ref().map(|phone| &phone[1..]);
        for (member, value) in [
            ("phone", json!(phone[1..])),
            ("first_name", json!(self.name)),
            ("invited_by", json!(referrer)),
            ("invitation_code", json!(self.code)),
        ] {
            report.check(profile[member] == value, || {
                format!("{phone}: {member} is not {value} but {response:?}")
            });
        }
    }
}
