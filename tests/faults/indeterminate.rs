//! Requests that got no response may have been executed, or not.

use serde_json::json;

use super::{
    client::Client,
    state::{PhoneState, Request},
};
use crate::harness::other_than;

impl PhoneState {
    /// Finds out whether it was executed. Either is right, but nothing else is.
    pub fn resolve(&mut self, pending: &Request, client: &mut Client<'_>) {
        let executed = match pending {
            // Nothing to see: a token that nobody has.
            Request::Ask => return,
            Request::Guess => self.resolve_guess(client),
            Request::Confirm(referrer) => self.resolve_confirmation(referrer.as_deref(), client),
            Request::Refresh => return self.resolve_refresh(client),
            _ => self.resolve_by_profile(pending, client),
        };
        client.env.report.resolved(executed);
    }

    /// Guesses wrong once more: that is one attempt less, or two.
    fn resolve_guess(&mut self, client: &mut Client<'_>) -> bool {
        let challenge = self.challenge.as_mut().unwrap();
        let before = challenge.attempts_left;
        let response = client.confirm(&challenge.token, &other_than(&challenge.code));
        let left = match response.code() {
            "sms_code_invalid" => response.json["attempts_left"].as_u64(),
            // This guess was one too many, so the other was the last.
            "too_many_attempts" if before == 1 => Some(0),
            _ => None,
        };
        let used = left.map(|left| before.saturating_sub(left));
        challenge.attempts_left = left.unwrap_or(0);
        client.env.report.check(matches!(used, Some(1 | 2)), || {
            format!("{}: after {before} left, {response:?}", self.phone)
        });
        used == Some(2) || response.code() == "too_many_attempts"
    }

    fn resolve_confirmation(&mut self, referrer: Option<&str>, client: &mut Client<'_>) -> bool {
        let mut referrers = client.referrers.iter();
        let invitation = referrers.find(|known| Some(&*known.phone) == referrer);
        let invitation = invitation.map(|referrer| &referrer.code);
        let challenge = self.challenge.as_ref().unwrap();
        let headers = [("sms-token", &*challenge.token)];
        let body = json!({ "sms_code": challenge.code, "invitation_code": invitation });
        let response = client.call("POST", "/login/sms-confirm/", &headers, &body);
        let executed = response.status != 200;
        let holds = !executed || response.code() == "sms_token_used";
        client.env.report.check(holds, || {
            format!("{}: confirmed or not? {response:?}", self.phone)
        });
        if executed {
            self.use_up_tokens();
        } else {
            self.logged_in(&response);
        }
        // Account and referral are one transaction: there is none without the other.
        let account = self.account.get_or_insert_default();
        if let Some(referrer) = referrer {
            account.referrer = Some(referrer.to_owned());
        }
        executed
    }

    fn resolve_refresh(&mut self, client: &mut Client<'_>) {
        let session = self.session.as_mut().unwrap();
        let response = client.refresh(&session.refresh);
        client.env.report.check(response.status == 200, || {
            format!("{}: neither exchanged nor not: {response:?}", self.phone)
        });
        if response.status == 200 {
            session.refreshed(&response);
        }
    }

    fn resolve_by_profile(&mut self, pending: &Request, client: &mut Client<'_>) -> bool {
        let response = client.profile(&self.session.as_ref().unwrap().access);
        let account = self.account.as_mut().unwrap();
        let executed = match pending {
            Request::Rename(name) => response.json["first_name"] == **name,
            Request::Redeem(phone) => response.json["invited_by"] == phone[1..],
            _ => response.code() == "token_invalid",
        };
        match pending {
            Request::Rename(name) if executed => account.name.clone_from(name),
            Request::Redeem(phone) if executed => account.referrer = Some(phone.clone()),
            Request::EndSession if executed => self.end_session(),
            Request::DeleteAccount if executed => self.delete_account(),
            // The checks that follow find it as it was, or lost.
            _ => {}
        }
        executed
    }
}
