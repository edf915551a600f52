//! What happens beside logins: people leave and try codes, numbers are tried in
//! a row, and an operator bans and helps.

use rand::RngExt;

use super::{Event, Life};
use crate::{
    cli::{
        demo::{days::DAY, gateways::on_duty, people::Person},
        seed::person::one,
    },
    domain::{code::InvitationCode, error::StoreError, phone::Phone, user::UserId},
};

/// Why people are banned.
const BANS: [&str; 4] = [
    "накрутка приглашений",
    "жалобы на спам",
    "мошенничество с вознаграждением",
    "по запросу службы безопасности",
];

impl Life<'_> {
    pub(super) fn guess(&mut self) -> Result<(), StoreError> {
        let Some((who, user)) = self.anybody()? else {
            return Ok(());
        };
        let person = self.people[who].clone();
        let length = user.invitation_code.length();
        for _ in 0..self.play.rng.random_range(1..14) {
            let code = InvitationCode::draw(length, &mut self.play.rng);
            self.play.redeem(&person, &user, code)?;
        }
        Ok(())
    }

    pub(super) fn leave(&mut self) -> Result<(), StoreError> {
        let Some((who, user)) = self.anybody()? else {
            return Ok(());
        };
        self.play.close(&user)?;
        let person = &mut self.people[who];
        (person.account, person.device) = (None, None);
        self.inviters.retain(|inviter| *inviter != who);
        Ok(())
    }

    pub(super) fn harvest(&mut self, number: u64) -> Result<(), StoreError> {
        let phone = Phone::from_number(79_031_230_000 + number * 7);
        let attacker = Person {
            phone: phone.expect("eleven digits from 7 are a phone"),
            device: None,
            ..self.people[0].clone()
        };
        if let Ok(opened) = self.play.ask(&attacker)?
            && opened.sends
        {
            let gateway = on_duty(&self.month, self.play.now, &mut self.play.rng);
            self.play.send(&attacker, &opened.challenge, gateway)?;
        }
        Ok(())
    }

    pub(super) fn ban(&mut self) -> Result<(), StoreError> {
        let Some((who, user)) = self.anybody()? else {
            return Ok(());
        };
        let (by, reason) = (self.operator(), one(&mut self.play.rng, &BANS));
        self.play
            .operate(by, reason, |desk, tx, _| desk.ban(tx, &user))?;
        self.inviters.retain(|inviter| *inviter != who);
        if self.play.rng.random_ratio(1, 4) {
            self.later(DAY * 2, Event::Unban(user.id));
        }
        Ok(())
    }

    pub(super) fn unban(&mut self, user: UserId) -> Result<(), StoreError> {
        let Some(user) = self.play.tx.user(user)? else {
            return Ok(());
        };
        let (by, reason) = (self.operator(), "разобрались, это ошибка");
        self.play
            .operate(by, reason, |desk, tx, _| desk.unban(tx, &user))
    }

    pub(super) fn unlock(&mut self, phone: Phone) -> Result<(), StoreError> {
        let (by, reason) = (self.operator(), "звонок в поддержку: не может войти");
        self.play
            .operate(by, reason, |desk, tx, guard| desk.unlock(tx, guard, phone))
    }
}
