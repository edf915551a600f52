//! The service as people in a demo meet it: its rules, over one transaction,
//! at instants that are past, and the statistics that come of them.

use std::sync::Arc;

use rand::{SeedableRng, rngs::StdRng};

use super::{gateways::Gateway, people::Person};
use crate::{
    app::statistics::Statistics,
    config::Config,
    domain::{
        admin::{Desk, Refused},
        arrival::Arrival,
        audit::Operator,
        challenge::{Challenge, Purpose},
        code::{InvitationCode, OneTimeCode},
        delivery::{Dispatch, Handover, Reported, Trace},
        device::Epoch,
        error::StoreError,
        guard::Guard,
        invitation::{self, RedeemError},
        limit::Reached,
        login::{self, Attempt, Confirmation},
        money::Money,
        operator,
        permission::Permissions,
        phone::Phone,
        profile,
        proof::{self, Answer, OpenError, Opened, Wanted},
        source::Source,
        statistic::Measure,
        time::Timestamp,
        tx::Tx,
        user::{User, UserId},
        visitor::Visitor,
    },
    token::keys::Keys,
};

/// The service in the past.
pub struct Play<'t> {
    pub tx: &'t mut dyn Tx,
    pub now: Timestamp,
    pub rng: StdRng,
    pub statistics: Statistics,
    config: Config,
    guard: Guard,
    epoch: Epoch,
}

impl<'t> Play<'t> {
    /// One that is configured so, and has this chance.
    pub fn new(tx: &'t mut dyn Tx, config: Config, keys: &Keys, seed: u64) -> Self {
        let epoch = Epoch(keys.epoch);
        let keys = keys.clone();
        let hash = move |what: &str, text: &str| keys.fingerprint(what, text);
        Self {
            tx,
            now: Timestamp::default(),
            rng: StdRng::seed_from_u64(seed),
            statistics: Statistics::default(),
            guard: Guard::new(config.guard(), Arc::default(), hash),
            config,
            epoch,
        }
    }

    fn visitor(&self, person: &Person) -> Visitor {
        let mut visitor = Visitor::unknown(self.now, self.now);
        visitor.source = person.origin.ip.map(Source::from);
        visitor.device.epoch = self.epoch;
        visitor.device.secret.clone_from(&person.device);
        visitor
    }

    fn prefix(&self, phone: Phone) -> String {
        self.config.login.destinations.prefix(phone)
    }

    fn count(&self, measure: Measure, label: &str, phone: Phone, cost: Money) {
        let what = (measure, label, &*self.prefix(phone));
        self.statistics.count_of(what, cost, self.now);
    }

    /// Counts what is not told apart by destinations.
    fn count_in_all(&self, measure: Measure, label: &str) {
        let what = (measure, label, "");
        self.statistics.count_of(what, Money::default(), self.now);
    }

    /// Asks for a code.
    pub fn ask(&mut self, person: &Person) -> Result<Result<Opened, Reached>, StoreError> {
        let visitor = self.visitor(person);
        let fixed = self.config.fixed_code(person.phone, self.now).cloned();
        let wanted = Wanted {
            phone: person.phone,
            purpose: Purpose::Login,
            source: visitor.source,
            dispatch: fixed.is_none().then_some(Dispatch { price: None }),
            fixed,
            longest: usize::MAX,
        };
        match proof::open(self.tx, &self.guard, &visitor, &wanted, &mut self.rng) {
            Ok(opened) => {
                self.count(Measure::Asked, "", person.phone, Money::default());
                Ok(Ok(opened))
            }
            Err(OpenError::Limited(reached)) => {
                self.count_in_all(Measure::Limited, reached.limit);
                Ok(Err(reached))
            }
            Err(OpenError::Store(error)) => Err(error),
        }
    }

    /// Gives the message to a gateway, or tells that none took it.
    pub fn send(
        &mut self,
        person: &Person,
        challenge: &Challenge,
        gateway: Option<&Gateway>,
    ) -> Result<(), StoreError> {
        let handover = match gateway {
            Some(gateway) => Handover::Taken {
                trace: trace(gateway, challenge),
                at: self.now,
            },
            None => Handover::Refused { is_blameless: true },
        };
        let cost = gateway.map(Gateway::cost);
        let (measure, label) = match gateway {
            Some(gateway) => (Measure::Sent, gateway.name),
            None => (Measure::Unsent, ""),
        };
        self.count(measure, label, person.phone, cost.unwrap_or_default());
        let visitor = self.visitor(person);
        proof::settle(
            self.tx,
            &self.guard,
            &visitor,
            challenge.id,
            &handover,
            cost,
        )
    }

    /// Hears from a gateway what became of a message.
    pub fn report(
        &mut self,
        gateway: &Gateway,
        challenge: &Challenge,
        reported: Reported,
    ) -> Result<(), StoreError> {
        self.tx
            .report_delivery(&trace(gateway, challenge), reported)?;
        let (phone, nothing) = (challenge.phone, Money::default());
        let measure = match reported {
            Reported::Delivered => Measure::Delivered,
            Reported::Undelivered => Measure::Undelivered,
        };
        self.count(measure, gateway.name, phone, nothing);
        if reported == Reported::Delivered {
            let arrival = Arrival::after(self.now.since(challenge.created_at));
            self.count_in_all(Measure::Arrived(arrival), gateway.name);
        }
        Ok(())
    }

    /// Confirms with the code, or with one that is wrong.
    pub fn confirm(
        &mut self,
        person: &Person,
        challenge: &Challenge,
        is_right: bool,
        invitation: Option<InvitationCode>,
    ) -> Result<Confirmation, StoreError> {
        let guess = if is_right {
            challenge.code.clone()
        } else {
            mistyped(&challenge.code, &mut self.rng)
        };
        let attempt = Attempt {
            answer: Answer {
                challenge: challenge.id,
                phone: person.phone,
                purpose: Purpose::Login,
                guess,
                longest: usize::MAX,
            },
            invitation: invitation.map(Ok),
            origin: person.origin.clone(),
        };
        let (visitor, sessions) = (self.visitor(person), self.config.sessions());
        let confirmation = login::confirm(
            self.tx,
            &self.guard,
            &visitor,
            &attempt,
            sessions,
            &mut self.rng,
        )?;
        self.count_confirmation(person.phone, &confirmation);
        Ok(confirmation)
    }

    fn count_confirmation(&self, phone: Phone, confirmation: &Confirmation) {
        let nothing = Money::default();
        match confirmation {
            Confirmation::Welcome(welcome) => {
                self.count(Measure::Confirmed, "", phone, nothing);
                if welcome.created {
                    self.count(Measure::Accounts, "", phone, nothing);
                }
                if let Some(Ok(_)) = welcome.invitation {
                    self.count(Measure::Invitations, "", phone, nothing);
                }
            }
            Confirmation::Refused(proof::Rejection::Wrong { .. }) => {
                self.count_in_all(Measure::Wrong, "");
            }
            Confirmation::Refused(
                proof::Rejection::Limited(reached) | proof::Rejection::SourceLimited(reached),
            ) => {
                self.count_in_all(Measure::Limited, reached.limit);
            }
            Confirmation::Refused(_) | Confirmation::Banned => {}
        }
    }

    /// Enters an invitation code; whether it was accepted.
    pub fn redeem(
        &mut self,
        person: &Person,
        user: &User,
        code: InvitationCode,
    ) -> Result<bool, StoreError> {
        let visitor = self.visitor(person);
        let redeemed = invitation::redeem(self.tx, &self.guard, &visitor, user, code)?;
        match &redeemed {
            Ok(_) => self.count(Measure::Invitations, "", person.phone, Money::default()),
            Err(RedeemError::Limited(reached)) => {
                self.count_in_all(Measure::Limited, reached.limit);
            }
            Err(_) => {}
        }
        Ok(redeemed.is_ok())
    }

    /// Closes an account.
    pub fn close(&mut self, user: &User) -> Result<(), StoreError> {
        profile::close(self.tx, user)?;
        self.count_in_all(Measure::Deleted, "");
        Ok(())
    }

    /// Has an operator do something, and say why.
    pub fn operate(
        &mut self,
        by: UserId,
        reason: &str,
        act: impl FnOnce(&mut Desk<'_>, &mut dyn Tx, &Guard) -> Result<(), Refused>,
    ) -> Result<(), StoreError> {
        let operator = Operator {
            name: operator::name(by),
            reason: reason.to_owned(),
            at: self.now,
            permissions: Permissions::ALL,
        };
        let mut desk = Desk {
            operator: &operator,
            rng: &mut self.rng,
        };
        match act(&mut desk, self.tx, &self.guard) {
            Err(Refused::Store(error)) => Err(error),
            // What is so already is as well.
            _ => Ok(()),
        }
    }
}

fn trace(gateway: &Gateway, challenge: &Challenge) -> Trace {
    Trace {
        gateway: gateway.name.to_owned(),
        message: Some(challenge.id.0.to_string()),
    }
}

/// Another code of as many digits.
fn mistyped(code: &OneTimeCode, rng: &mut StdRng) -> OneTimeCode {
    loop {
        let wrong = OneTimeCode::draw(code.digits(), rng);
        if !wrong.matches(code) {
            return wrong;
        }
    }
}
