//! The world that an attacker acts in: a service, its other visitors, a clock
//! that every request moves on, and the score.

use std::time::Duration;

use super::{
    DAY,
    bystanders::{Bystanders, mistyped},
    score::Score,
    service::{Service, Token},
};
use crate::domain::{
    challenge::Verdict,
    device::DeviceSecret,
    invitation::RedeemError,
    limit::Reached,
    login::Confirmation,
    phone::Phone,
    source::Source,
    time::Timestamp,
    tx::{StoreError, Tx},
    user::UserId,
};

/// What anybody is told when all is over.
const OVER: Reached = Reached {
    limit: "time",
    wait: DAY,
};

/// Somebody who attacks.
pub trait Attacker: Send {
    /// Gets everything ready, at the very beginning.
    fn prepare(&mut self, world: &mut World, tx: &mut dyn Tx) -> Result<(), StoreError>;
    /// Does the next thing, and lets time pass.
    fn act(&mut self, world: &mut World, tx: &mut dyn Tx) -> Result<(), StoreError>;
}

/// Everything around an attacker.
pub struct World {
    /// The service.
    pub service: Service,
    /// Everybody else.
    pub bystanders: Bystanders,
    /// What came of the attack so far.
    pub score: Score,
    /// The one address that the attack comes from; `None` when it comes from
    /// so many that no limit of sources is ever reached.
    pub source: Option<Source>,
    /// How long one request takes.
    pub pace: Duration,
    /// When all is over: time stops there, and nobody is answered any more.
    /// That is at the end of the first day on which the attacker had no
    /// request left, or had made enough, unless something is remembered for
    /// longer: other days would be like it.
    pub end: Timestamp,
    /// Requests after which it is plain what comes of them.
    pub enough: u32,
    requests: u32,
    made: u32,
    today: u32,
    tomorrow: Timestamp,
    /// When messages of the beginning count no more.
    forgotten: Timestamp,
}

/// What became of a guess.
pub enum Guess {
    /// It was evaluated, and it was wrong.
    Wrong,
    /// It was not evaluated.
    Limited(Reached),
    /// No guess at this token will be evaluated any more.
    Over,
}

impl World {
    /// A world of so many days and so many requests on each, none of which
    /// takes less than `pace`.
    pub fn new(service: Service, pace: Duration, days: u32, requests: u32) -> Self {
        let begin = service.now;
        let policy = service.policy();
        let forgotten = begin + policy.sends_in_all.longest().max(policy.budget.longest());
        Self {
            service,
            bystanders: Bystanders::default(),
            score: Score::default(),
            source: None,
            pace,
            end: begin + DAY * days,
            enough: u32::MAX,
            requests,
            made: 0,
            today: 0,
            tomorrow: begin + DAY,
            forgotten,
        }
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        self.service.now
    }

    /// Whether all is over.
    pub fn is_over(&self) -> bool {
        self.now() >= self.end
    }

    /// The attacker does nothing until `then`.
    pub fn wait(&mut self, tx: &mut dyn Tx, then: Timestamp) -> Result<(), StoreError> {
        let then = then.max(self.now()).min(self.end);
        self.bystanders.live(tx, &mut self.service, then)?;
        while self.tomorrow <= self.now() {
            self.tomorrow = self.tomorrow + DAY;
            self.today = 0;
        }
        Ok(())
    }

    fn request(&mut self, tx: &mut dyn Tx) -> Result<(), StoreError> {
        self.wait(tx, self.now() + self.pace)?;
        self.today += 1;
        self.made += 1;
        let is_tired = self.today >= self.requests;
        if is_tired || self.made >= self.enough {
            self.end = self.end.min(self.tomorrow.max(self.forgotten));
        }
        if is_tired {
            self.wait(tx, self.tomorrow)?;
        }
        Ok(())
    }

    /// Has a message sent to the phone.
    pub fn ask(
        &mut self,
        tx: &mut dyn Tx,
        phone: Phone,
        device: Option<&DeviceSecret>,
    ) -> Result<Result<Token, Reached>, StoreError> {
        if self.is_over() {
            return Ok(Err(OVER));
        }
        let asked = self.service.ask(tx, self.source, phone, device)?;
        if asked.is_ok() {
            let price = self.service.price(phone);
            self.score.message(self.now(), price);
        }
        self.request(tx)?;
        Ok(asked)
    }

    /// Guesses a code that was not read, after `tried` other guesses at it.
    /// That it might be right is written down as what is to be expected.
    pub fn guess(
        &mut self,
        tx: &mut dyn Tx,
        token: &Token,
        tried: u64,
    ) -> Result<Guess, StoreError> {
        let (at, digits) = (self.now(), token.code.digits());
        let wrong = mistyped(&token.code, tried);
        if wrong == token.code || self.is_over() {
            return Ok(Guess::Over);
        }
        let outcome = self.service.confirm(tx, self.source, token, wrong)?;
        self.request(tx)?;
        Ok(match outcome {
            Confirmation::Refused(Verdict::Wrong { .. }) => {
                self.score.guess(at, digits, tried);
                Guess::Wrong
            }
            Confirmation::Refused(Verdict::Limited(reached)) => Guess::Limited(reached),
            _ => Guess::Over,
        })
    }

    /// Confirms a code that was read: the account, and the device that is
    /// known from now on.
    pub fn enter(
        &mut self,
        tx: &mut dyn Tx,
        token: &Token,
    ) -> Result<Option<(UserId, DeviceSecret)>, StoreError> {
        if self.is_over() {
            return Ok(None);
        }
        let code = token.code.clone();
        let outcome = self.service.confirm(tx, self.source, token, code)?;
        self.request(tx)?;
        Ok(match outcome {
            Confirmation::Welcome(welcome) => Some((welcome.session.user, welcome.device)),
            Confirmation::Refused(_) => None,
        })
    }

    /// Tries an invitation code at random; how long to wait if it was not
    /// looked at.
    pub fn redeem(&mut self, tx: &mut dyn Tx, user: UserId) -> Result<Option<Reached>, StoreError> {
        if self.is_over() {
            return Ok(Some(OVER));
        }
        let at = self.now();
        let outcome = self.service.redeem(tx, self.source, user)?;
        self.request(tx)?;
        if let Err(RedeemError::Limited(reached)) = outcome {
            return Ok(Some(reached));
        }
        self.score.invitation_code(at);
        Ok(None)
    }
}
