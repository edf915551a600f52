//! How people log in, and whom they say invited them.

use std::time::Duration;

use rand::RngExt;

use super::{Attempt, Event, Life, Who};
use crate::{
    cli::{
        demo::{days::HOUR, gateways::on_duty, people::Person},
        seed::person::Named,
    },
    domain::{
        challenge::Challenge,
        code::InvitationCode,
        delivery::Reported,
        error::StoreError,
        login::{Confirmation, Welcome},
        permission::Role,
        person::{Change, Email, Name},
        profile,
        proof::Rejection,
        user::UserId,
    },
};

impl Life<'_> {
    pub(super) fn ask(&mut self, attempt: Attempt) -> Result<(), StoreError> {
        let person = self.people[attempt.who].clone();
        let opened = match self.play.ask(&person)? {
            Ok(opened) => opened,
            Err(reached) => {
                if reached.wait < HOUR {
                    self.ask_again(attempt, reached.wait + Duration::from_secs(5));
                }
                return Ok(());
            }
        };
        let challenge = opened.challenge;
        let mut wait = self.seconds(4..30);
        if opened.sends {
            let gateway = on_duty(&self.month, self.play.now, &mut self.play.rng);
            self.play.send(&person, &challenge, gateway)?;
            let Some(gateway) = gateway else {
                let soon = self.seconds(30..200);
                self.ask_again(attempt, soon);
                return Ok(());
            };
            let report = gateway.report(&mut self.play.rng);
            if let Some((reported, wait)) = report {
                let report = Event::Report(gateway, challenge.clone(), reported);
                self.later(wait, report);
            }
            let Some((Reported::Delivered, arrives)) = report else {
                self.ask_again(attempt, Duration::from_secs(90));
                return Ok(());
            };
            wait += arrives;
        }
        // Some think better of it, and not the operator.
        if attempt.who == 0 || self.play.rng.random_ratio(19, 20) {
            self.later(wait, Event::Confirm(attempt, challenge));
        }
        Ok(())
    }

    fn ask_again(&mut self, attempt: Attempt, wait: Duration) {
        if let Some(retries) = attempt.retries.checked_sub(1) {
            self.later(wait, Event::Ask(Attempt { retries, ..attempt }));
        }
    }

    pub(super) fn confirm(
        &mut self,
        attempt: Attempt,
        challenge: Challenge,
    ) -> Result<(), StoreError> {
        let (who, is_right) = (attempt.who, attempt.mistakes == 0);
        let person = self.people[who].clone();
        let is_new = person.account.is_none() && who > 0;
        let code = if is_new { self.invitation()? } else { None };
        // Some enter it when they have looked around.
        let at_once = code.filter(|_| self.play.rng.random_ratio(4, 5));
        let confirmation = self.play.confirm(&person, &challenge, is_right, at_once)?;
        let less = Attempt {
            mistakes: attempt.mistakes.saturating_sub(1),
            ..attempt
        };
        match confirmation {
            Confirmation::Welcome(welcome) => {
                if welcome.created && code.is_some() && at_once.is_none() {
                    let wait = self.seconds(600..90_000);
                    self.later(wait, Event::Redeem(who));
                }
                self.welcome(who, *welcome)?;
            }
            Confirmation::Refused(Rejection::Wrong { attempts_left: 1.. }) => {
                let wait = self.seconds(4..20);
                self.later(wait, Event::Confirm(less, challenge));
            }
            // Whoever is locked out calls for help.
            Confirmation::Refused(Rejection::Limited(_)) => {
                self.later(HOUR / 2, Event::Unlock(person.phone));
            }
            Confirmation::Refused(_) => {
                let wait = self.seconds(70..300);
                self.ask_again(less, wait);
            }
            Confirmation::Banned => {}
        }
        Ok(())
    }

    fn welcome(&mut self, who: Who, welcome: Welcome) -> Result<(), StoreError> {
        let id = welcome.session.user;
        let keeps_device = self.play.rng.random_ratio(4, 5);
        let person = &mut self.people[who];
        person.account = Some(id);
        person.device = Some(welcome.device).filter(|_| keeps_device);
        if !welcome.created {
            return Ok(());
        }
        if let Some(Ok(referrer)) = welcome.invitation {
            self.note_invitation(referrer.id);
        }
        // Whoever is there first has the widest circle.
        let weight = match who {
            0 => 9,
            _ if self.inviters.len() < 30 => 4,
            _ => 1,
        };
        self.inviters.extend(std::iter::repeat_n(who, weight));
        self.introduce(who, id)
    }

    /// Writes down what somebody says of themself.
    fn introduce(&mut self, who: Who, id: UserId) -> Result<(), StoreError> {
        let named = Named::draw(who as u64, &mut self.play.rng);
        let Some(user) = self.play.tx.user(id)? else {
            return Ok(());
        };
        if who == 0 {
            self.play
                .operate(id, "demo", |desk, tx, _| desk.grant(tx, &user, Role::Owner))?;
        } else if self.play.rng.random_ratio(1, 7) {
            return Ok(());
        }
        let change = Change {
            first_name: Name::parse(&named.first_name).ok(),
            last_name: Name::parse(&named.last_name).ok(),
            email: Email::parse(&named.email).ok(),
        };
        profile::change(self.play.tx, user, &change)?;
        Ok(())
    }

    fn note_invitation(&mut self, referrer: UserId) {
        self.invited += 1;
        let is_theirs = |person: &Person| person.account == Some(referrer);
        // Who has invited some will invite more.
        if let Some(who) = self.people.iter().position(is_theirs)
            && self.play.rng.random_ratio(2, 3)
        {
            self.inviters.push(who);
        }
    }

    /// The code that somebody new was given, if they were.
    fn invitation(&mut self) -> Result<Option<InvitationCode>, StoreError> {
        let count = self.inviters.len();
        if count == 0 || self.play.rng.random_ratio(1, 4) {
            return Ok(None);
        }
        // Many are told of it by somebody who has only just come.
        let from = if self.play.rng.random_ratio(2, 5) {
            count.saturating_sub(12)
        } else {
            0
        };
        let who = self.inviters[self.play.rng.random_range(from..count)];
        Ok(self.user(who)?.map(|user| user.invitation_code))
    }

    pub(super) fn redeem(&mut self, who: Who) -> Result<(), StoreError> {
        let (Some(user), Some(code)) = (self.user(who)?, self.invitation()?) else {
            return Ok(());
        };
        let person = self.people[who].clone();
        if self.play.redeem(&person, &user, code)?
            && let Some(referrer) = self.play.tx.user_by_invitation_code(code)?
        {
            self.note_invitation(referrer.id);
        }
        Ok(())
    }
}
