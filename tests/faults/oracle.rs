//! Asks for everything again that a client was told.

use serde_json::json;

use super::{
    desk::Desk,
    person::{Account, Person, Session},
    tally::Tally,
};
use crate::harness::{line::Told, other_than};

impl Person {
    /// Asks for everything again.
    pub fn check(&mut self, desk: &mut Desk<'_>) {
        if let Some(doubt) = self.doubt.take() {
            self.settle(&doubt, desk);
        }
        self.check_token(desk);
        self.check_account(desk);
        self.check_used(desk);
        self.check_ended(desk);
    }

    fn check_token(&mut self, desk: &mut Desk<'_>) {
        let Some(token) = &mut self.token else {
            return;
        };
        if token.left == 0 {
            self.retire_token();
            return;
        }
        let told = desk.confirm(&token.token, &other_than(&token.code));
        token.left -= 1;
        let (phone, left) = (&self.phone, token.left);
        desk.tally.check(told.json["attempts_left"] == left, || {
            format!("{phone}: not {left} guesses left but {told:?}")
        });
    }

    fn check_account(&mut self, desk: &mut Desk<'_>) {
        if self.account.is_none() {
            return;
        }
        if self.session.is_none() {
            let told = desk.log_in(&self.phone);
            desk.tally.check(told.status == 200, || {
                format!("{}: cannot log in again: {told:?}", self.phone)
            });
            if told.status == 200 {
                self.welcome(&told);
            }
        }
        let (Some(session), Some(account)) = (&mut self.session, &mut self.account) else {
            return;
        };
        let told = desk.profile(&session.access);
        account.compare(&self.phone, &told, desk.tally);
        self.check_code(&told, desk.tally);
        self.check_successor(desk);
    }

    /// The code is the one that was told, or it is new and nobody had it.
    fn check_code(&mut self, told: &Told, tally: &Tally) {
        let (Some(account), Some(code)) =
            (&mut self.account, told.json["invitation_code"].as_str())
        else {
            return;
        };
        let known = account.code.get_or_insert_with(|| code.to_owned());
        let is_right = known == code && !self.retired_codes.contains(known);
        tally.check(is_right, || {
            format!(
                "{}: not {known}, after {:?}, but {told:?}",
                self.phone, self.retired_codes
            )
        });
    }

    /// Within the grace, the token before yields the very same successor.
    fn check_successor(&mut self, desk: &mut Desk<'_>) {
        let Some(Session {
            refresh,
            before: [Some(before), _],
            ..
        }) = &self.session
        else {
            return;
        };
        let told = desk.exchange(before);
        desk.tally.check(told.json["refresh"] == *refresh, || {
            format!("{}: another successor: {told:?}", self.phone)
        });
    }

    fn check_used(&self, desk: &mut Desk<'_>) {
        for used in &self.used {
            let told = desk.confirm(&used.token, &used.code);
            desk.tally.check(used.refusals.contains(&told.code()), || {
                format!("{}: not {:?} but {told:?}", self.phone, used.refusals)
            });
        }
    }

    fn check_ended(&self, desk: &mut Desk<'_>) {
        for session in &self.ended {
            for told in [
                desk.profile(&session.access),
                desk.exchange(&session.refresh),
            ] {
                desk.tally.check(told.code() == "token_invalid", || {
                    format!("{}: an ended session: {told:?}", self.phone)
                });
            }
        }
    }
}

impl Account {
    fn compare(&self, phone: &str, told: &Told, tally: &Tally) {
        let referrer = self.referrer.as_ref().map(|phone| &phone[1..]);
        for (member, value) in [
            ("phone", json!(phone[1..])),
            ("first_name", json!(self.name)),
            ("invited_by", json!(referrer)),
        ] {
            tally.check(told.json[member] == value, || {
                format!("{phone}: {member} is not {value} but {told:?}")
            });
        }
    }
}
