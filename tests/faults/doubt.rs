//! Finds out about requests whose answers were lost.

use serde_json::json;

use super::{
    desk::Desk,
    person::{Doubt, Person},
};
use crate::harness::other_than;

impl Person {
    /// Finds out whether it was done. Either is right, but nothing else is.
    pub fn settle(&mut self, doubt: &Doubt, desk: &mut Desk<'_>) {
        let done = match doubt {
            // Nothing to see: a token that nobody has.
            Doubt::Asked => return,
            Doubt::Guessed => self.settle_guess(desk),
            Doubt::Confirmed(referrer) => self.settle_confirmation(referrer.as_ref(), desk),
            Doubt::Rotated => return self.settle_rotation(desk),
            Doubt::Named(_) | Doubt::Redeemed(_) | Doubt::Ended | Doubt::Closed => {
                self.settle_by_profile(doubt, desk)
            }
        };
        desk.tally.settle(done);
    }

    /// Guesses wrong once more: that is one guess less, or two.
    fn settle_guess(&mut self, desk: &mut Desk<'_>) -> bool {
        let token = self.token.as_mut().unwrap();
        let told = desk.confirm(&token.token, &other_than(&token.code));
        let left = match told.code() {
            "sms_code_invalid" => told.json["attempts_left"].as_u64(),
            // This guess was one too many, so the other was the last.
            "too_many_attempts" if token.left == 1 => Some(0),
            _ => None,
        };
        let spent = left.map(|left| token.left.saturating_sub(left));
        let done = spent == Some(2) || told.code() == "too_many_attempts";
        desk.tally.check(matches!(spent, Some(1 | 2)), || {
            format!("{}: after {} left, {told:?}", self.phone, token.left)
        });
        token.left = left.unwrap_or(0);
        done
    }

    fn settle_confirmation(&mut self, referrer: Option<&String>, desk: &mut Desk<'_>) -> bool {
        let invitation = referrer.map(|phone| desk.invitation_code(phone));
        let token = self.token.as_ref().unwrap();
        let body = json!({ "sms_code": token.code, "invitation_code": invitation });
        let told = desk.answer(
            "POST",
            "/login/sms-confirm/",
            &[("sms-token", &token.token)],
            &body,
        );
        let done = told.status != 200;
        desk.tally
            .check(!done || told.code() == "sms_token_used", || {
                format!("{}: confirmed or not? {told:?}", self.phone)
            });
        if done {
            self.use_up();
            self.account.get_or_insert_default();
        } else {
            self.welcome(&told);
        }
        // Account and referral are one transaction: there is none without the other.
        if let (Some(account), Some(referrer)) = (&mut self.account, referrer) {
            account.referrer = Some(referrer.clone());
        }
        done
    }

    fn settle_rotation(&mut self, desk: &mut Desk<'_>) {
        let session = self.session.as_mut().unwrap();
        let told = desk.exchange(&session.refresh);
        desk.tally.check(told.status == 200, || {
            format!("{}: neither exchanged nor not: {told:?}", self.phone)
        });
        if told.status == 200 {
            session.rotate(&told);
        }
    }

    fn settle_by_profile(&mut self, doubt: &Doubt, desk: &mut Desk<'_>) -> bool {
        let told = desk.profile(&self.session.as_ref().unwrap().access);
        let account = self.account.as_mut().unwrap();
        let done = match doubt {
            Doubt::Named(name) => told.json["first_name"] == **name,
            Doubt::Redeemed(phone) => told.json["invited_by"] == phone[1..],
            _ => told.code() == "token_invalid",
        };
        match doubt {
            Doubt::Named(name) if done => account.name.clone_from(name),
            Doubt::Redeemed(phone) if done => account.referrer = Some(phone.clone()),
            Doubt::Ended if done => self.end(),
            Doubt::Closed if done => self.close(),
            // What follows finds it as it was, or lost.
            _ => {}
        }
        done
    }
}
