//! A client at random: each step is in doubt from before it is sent until its
//! answer was read, and what was answered is a fact from then on.

use rand::{RngExt, rngs::StdRng};
use serde_json::{Value, json};

use super::{
    desk::{Desk, Stop},
    person::{Challenge, Doubt, Person},
};
use crate::harness::{line::Told, other_than};

type Step = Result<(), Stop>;

impl Person {
    /// One step, whichever makes sense.
    pub fn step(&mut self, desk: &mut Desk<'_>, dice: &mut StdRng) -> Step {
        if self.session.is_none() {
            return match self.token.as_ref().map(|token| token.left) {
                None => self.ask(desk),
                Some(0) => {
                    self.retire_token();
                    self.ask(desk)
                }
                Some(_) if dice.random_ratio(1, 3) => self.guess(desk),
                Some(_) => self.confirm(desk, dice),
            };
        }
        match dice.random_range(0..20) {
            0..=2 => self.redeem(desk, dice),
            3..=6 => self.rotate(desk),
            7 => self.reuse(desk),
            8..=9 => self.log_out(desk),
            10 => self.delete(desk),
            _ => self.rename(desk, dice),
        }
    }

    fn ask(&mut self, desk: &mut Desk<'_>) -> Step {
        self.doubt = Some(Doubt::Asked);
        let body = json!({ "phone": self.phone });
        let told = desk.expect(200, ("POST", "/login/"), &[], &body)?;
        self.sure(desk, 1);
        self.token = Some(Challenge {
            token: told.text("sms-token"),
            code: desk.site.code(&self.phone),
            left: 3,
        });
        Ok(())
    }

    fn guess(&mut self, desk: &mut Desk<'_>) -> Step {
        self.doubt = Some(Doubt::Guessed);
        let token = self.token.as_mut().unwrap();
        let body = json!({ "sms_code": other_than(&token.code) });
        let call = ("POST", "/login/sms-confirm/");
        let told = desk.expect(401, call, &[("sms-token", &token.token)], &body)?;
        token.left -= 1;
        let (left, phone) = (token.left, &self.phone);
        if told.json["attempts_left"] != left {
            desk.tally
                .lose(format!("{phone}: not {left} guesses left but {told:?}"));
        }
        self.sure(desk, 1);
        Ok(())
    }

    /// Confirms; somebody new may bring an invitation.
    fn confirm(&mut self, desk: &mut Desk<'_>, dice: &mut StdRng) -> Step {
        let invited = self.account.is_none() && dice.random();
        let referrer = desk.referrers.last().filter(|_| invited);
        let phone = referrer.map(|referrer| referrer.phone.clone());
        self.doubt = Some(Doubt::Confirmed(phone.clone()));
        let token = self.token.as_ref().unwrap();
        let code = referrer.map(|referrer| &referrer.code);
        let body = json!({ "sms_code": token.code, "invitation_code": code });
        let call = ("POST", "/login/sms-confirm/");
        let told = desk.expect(200, call, &[("sms-token", &token.token)], &body)?;
        self.welcome(&told);
        self.sure(desk, 2);
        if let Some((account, phone)) = self.account.as_mut().zip(phone) {
            account.referrer = Some(phone);
        }
        Ok(())
    }

    fn rename(&mut self, desk: &mut Desk<'_>, dice: &mut StdRng) -> Step {
        let name = format!("N{}", dice.random::<u64>());
        self.doubt = Some(Doubt::Named(name.clone()));
        let told = self.bear(
            desk,
            200,
            ("PATCH", "/profile/"),
            &json!({ "first_name": name }),
        )?;
        let account = self.account.as_mut().unwrap();
        account.name = name;
        account.code = Some(told.text("invitation_code"));
        self.sure(desk, 2);
        Ok(())
    }

    fn redeem(&mut self, desk: &mut Desk<'_>, dice: &mut StdRng) -> Step {
        let Some(referrer) = desk.referrers.last() else {
            return Ok(());
        };
        if self.account.as_ref().unwrap().referrer.is_some() {
            return self.rename(desk, dice);
        }
        self.doubt = Some(Doubt::Redeemed(referrer.phone.clone()));
        let body = json!({ "invitation_code": referrer.code });
        self.bear(desk, 200, ("POST", "/profile/invitation/"), &body)?;
        self.account.as_mut().unwrap().referrer = Some(referrer.phone.clone());
        self.sure(desk, 1);
        Ok(())
    }

    fn rotate(&mut self, desk: &mut Desk<'_>) -> Step {
        self.doubt = Some(Doubt::Rotated);
        let session = self.session.as_mut().unwrap();
        let body = json!({ "refresh": session.refresh });
        let told = desk.expect(200, ("POST", "/token/refresh/"), &[], &body)?;
        session.rotate(&told);
        self.sure(desk, 2);
        Ok(())
    }

    /// Shows a refresh token whose successor was used: that ends the session.
    fn reuse(&mut self, desk: &mut Desk<'_>) -> Step {
        let Some(old) = self.session.as_ref().unwrap().before[1].clone() else {
            return self.rotate(desk);
        };
        self.doubt = Some(Doubt::Ended);
        let body = json!({ "refresh": old });
        desk.expect(401, ("POST", "/token/refresh/"), &[], &body)?;
        self.end();
        self.sure(desk, 1);
        Ok(())
    }

    fn log_out(&mut self, desk: &mut Desk<'_>) -> Step {
        self.doubt = Some(Doubt::Ended);
        self.bear(desk, 204, ("POST", "/logout/"), &json!({}))?;
        self.end();
        self.sure(desk, 1);
        Ok(())
    }

    fn delete(&mut self, desk: &mut Desk<'_>) -> Step {
        self.doubt = Some(Doubt::Closed);
        self.bear(desk, 204, ("DELETE", "/profile/"), &Value::Null)?;
        self.close();
        self.sure(desk, 2);
        Ok(())
    }

    fn bear(
        &self,
        desk: &mut Desk<'_>,
        status: u16,
        call: (&str, &str),
        body: &Value,
    ) -> Result<Told, Stop> {
        let bearer = format!("Bearer {}", self.session.as_ref().unwrap().access);
        desk.expect(status, call, &[("authorization", &bearer)], body)
    }

    fn sure(&mut self, desk: &Desk<'_>, facts: u64) {
        self.doubt = None;
        desk.tally.told(facts);
    }
}
