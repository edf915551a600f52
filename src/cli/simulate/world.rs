//! The world that an attacker acts in: a service, a clock that every request
//! moves on, and what came of the attack.

use std::time::Duration;

use indicatif::ProgressBar;

use super::{
    bystanders::mistyped,
    result::{Options, RunResult},
    service::{BEGINNING, DAY, Result, Service, Stop, Token},
};
use crate::domain::{
    device::DeviceSecret, limit::Reached, login::Welcome, money::Price, phone::Phone,
    proof::Rejection, source::Source, time::Timestamp, user::UserId,
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
    /// When time stops, and the attacker with it: at the end of the first day
    /// on which there was no request left, or enough were made, unless
    /// something is remembered for longer: other days would be like it.
    pub end: Timestamp,
    /// Requests until it is plain what comes of them.
    enough: u32,
    today: u32,
    tomorrow: Timestamp,
    bar: &'t ProgressBar,
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
        let result = RunResult::new(options, !service.guard.policy.prices.is_empty());
        Self {
            service,
            source: None,
            pace,
            end: BEGINNING + result.whole(),
            result,
            enough,
            today: 0,
            tomorrow: BEGINNING + DAY,
            bar,
        }
    }

    pub fn now(&self) -> Timestamp {
        self.service.now
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
        (then < self.end).then_some(()).ok_or(Stop::Over)
    }

    fn request(&mut self) -> Result<()> {
        self.wait(self.now() + self.pace)?;
        self.today += 1;
        self.enough = self.enough.saturating_sub(1);
        let has_no_more = self.today >= self.result.options.requests;
        if has_no_more || self.enough == 0 {
            let policy = &self.service.guard.policy;
            let messages = policy.limits.sends_in_all.longest();
            // When messages of the beginning count no more.
            let forgotten = BEGINNING + messages.max(policy.budget.longest());
            self.end = self.end.min(self.tomorrow.max(forgotten));
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
        let asked = self.service.ask(self.source, phone, device)?;
        if asked.is_ok() {
            let price = Price::of(phone, &self.service.guard.policy.prices);
            self.result.message(self.now(), price);
        }
        self.request()?;
        Ok(asked)
    }

    /// Guesses a code that was not read, after `tried` other guesses at it;
    /// `None` when there is no other. That it might be right is written down
    /// as what is to be expected.
    pub fn guess(&mut self, token: &Token, tried: u32) -> Result<Option<Rejection>> {
        let wrong = mistyped(&token.code, tried);
        if wrong == token.code {
            return Ok(None);
        }
        let rejection = self.service.confirm(self.source, token, wrong)?.err();
        if let Some(Rejection::Wrong { .. }) = rejection {
            let at = self.now();
            self.result.guess(at, token.code.digits(), tried);
        }
        self.request()?;
        Ok(rejection)
    }

    /// Confirms a code that was read.
    pub fn enter(&mut self, token: &Token) -> Result<Option<Box<Welcome>>> {
        let code = token.code.clone();
        let entered = self.service.confirm(self.source, token, code)?;
        self.request()?;
        Ok(entered.ok())
    }

    /// Tries an invitation code at random; how long to wait if it was not
    /// looked at.
    pub fn redeem(&mut self, user: UserId) -> Result<Option<Reached>> {
        let limited = self.service.redeem(self.source, user)?;
        if limited.is_none() {
            self.result.day(self.now()).codes += 1.0;
        }
        self.request()?;
        Ok(limited)
    }
}
