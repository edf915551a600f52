//! The world that an attacker acts in: a service, a clock that every request
//! moves on, and what came of the attack.

use std::time::Duration;

use indicatif::ProgressBar;

use super::{
    bystanders::mistyped,
    options::Options,
    result::RunResult,
    service::{BEGINNING, DAY, Result, Service, Token},
};
use crate::domain::{
    device::DeviceSecret,
    limit::{Reached, Subject},
    login::Confirmation,
    phone::Phone,
    proof::Rejection,
    source::Source,
    time::Timestamp,
    user::UserId,
};

/// What anybody is told when all is over.
const OVER: Reached = Reached {
    limit: "time",
    subject: Subject::Everybody,
    wait: DAY,
};

/// Everything around an attacker.
pub struct World<'t> {
    pub service: Service<'t>,
    /// What came of the attack so far, and who lives meanwhile.
    pub result: RunResult,
    /// The one address that the attack comes from; `None` when it comes from
    /// so many that no limit of sources is ever reached.
    pub source: Option<Source>,
    pub pace: Duration,
    /// When all is over: time stops there, and nobody is answered any more.
    /// That is at the end of the first day on which the attacker had no
    /// request left, or had made enough, unless something is remembered for
    /// longer: other days would be like it.
    pub end: Timestamp,
    /// Requests after which it is plain what comes of them.
    enough: u32,
    made: u32,
    today: u32,
    tomorrow: Timestamp,
    /// When messages of the beginning count no more.
    forgotten: Timestamp,
    bar: &'t ProgressBar,
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

impl<'t> World<'t> {
    /// `bar` is told of every day.
    pub fn new(
        service: Service<'t>,
        pace: Duration,
        options: Options,
        enough: u32,
        bar: &'t ProgressBar,
    ) -> Self {
        let policy = service.policy();
        let messages = policy.limits.sends_in_all.longest();
        let forgotten = BEGINNING + messages.max(policy.budget.longest());
        let result = RunResult::new(options, !policy.prices.is_empty());
        Self {
            service,
            source: None,
            pace,
            end: BEGINNING + result.whole(),
            result,
            enough,
            made: 0,
            today: 0,
            tomorrow: BEGINNING + DAY,
            forgotten,
            bar,
        }
    }

    pub fn now(&self) -> Timestamp {
        self.service.now
    }

    pub fn is_over(&self) -> bool {
        self.now() >= self.end
    }

    /// The attacker does nothing until `then`.
    pub fn wait(&mut self, then: Timestamp) -> Result<()> {
        let then = then.max(self.now()).min(self.end);
        self.result.bystanders.live(&mut self.service, then)?;
        self.result.played = then.since(BEGINNING);
        while self.tomorrow <= self.now() {
            self.tomorrow = self.tomorrow + DAY;
            self.today = 0;
            self.bar.inc(1);
        }
        Ok(())
    }

    fn request(&mut self) -> Result<()> {
        self.wait(self.now() + self.pace)?;
        self.today += 1;
        self.made += 1;
        let has_no_more = self.today >= self.result.options.requests;
        if has_no_more || self.made >= self.enough {
            self.end = self.end.min(self.tomorrow.max(self.forgotten));
        }
        if has_no_more {
            self.wait(self.tomorrow)?;
        }
        Ok(())
    }

    pub fn ask(
        &mut self,
        phone: Phone,
        device: Option<&DeviceSecret>,
    ) -> Result<Result<Token, Reached>> {
        if self.is_over() {
            return Ok(Err(OVER));
        }
        let asked = self.service.ask(self.source, phone, device)?;
        if asked.is_ok() {
            let price = self.service.price(phone);
            self.result.message(self.now(), price);
        }
        self.request()?;
        Ok(asked)
    }

    /// Guesses a code that was not read, after `tried` other guesses at it.
    /// That it might be right is written down as what is to be expected.
    pub fn guess(&mut self, token: &Token, tried: u64) -> Result<Guess> {
        let (at, digits) = (self.now(), token.code.digits());
        let wrong = mistyped(&token.code, tried);
        if wrong == token.code || self.is_over() {
            return Ok(Guess::Over);
        }
        let outcome = self.service.confirm(self.source, token, wrong)?;
        self.request()?;
        Ok(match outcome {
            Confirmation::Refused(Rejection::Wrong { .. }) => {
                self.result.guess(at, digits, tried);
                Guess::Wrong
            }
            Confirmation::Refused(
                Rejection::Limited(reached) | Rejection::SourceLimited(reached),
            ) => Guess::Limited(reached),
            _ => Guess::Over,
        })
    }

    /// Confirms a code that was read: the account, and the device that is
    /// known from now on.
    pub fn enter(&mut self, token: &Token) -> Result<Option<(UserId, DeviceSecret)>> {
        if self.is_over() {
            return Ok(None);
        }
        let code = token.code.clone();
        let outcome = self.service.confirm(self.source, token, code)?;
        self.request()?;
        Ok(match outcome {
            Confirmation::Welcome(welcome) => Some((welcome.session.user, welcome.device)),
            Confirmation::Refused(_) => None,
        })
    }

    /// Tries an invitation code at random; how long to wait if it was not
    /// looked at.
    pub fn redeem(&mut self, user: UserId) -> Result<Option<Reached>> {
        if self.is_over() {
            return Ok(Some(OVER));
        }
        let at = self.now();
        let limited = self.service.redeem(self.source, user)?;
        self.request()?;
        if limited.is_none() {
            self.result.day(at).codes += 1.0;
        }
        Ok(limited)
    }
}
