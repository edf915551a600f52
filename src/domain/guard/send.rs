//! Who may be sent a message: limits of the party, the source, the numbers
//! around the phone, the whole installation, and the budget.
//!
//! Every shared limit is there twice: once for strangers, and once, as large,
//! for known devices. So a flood of strangers stops no owner, and the bill is
//! bounded all the same.

use std::time::Duration;

use super::{
    DAY, Guard,
    budget::Spending,
    trickle::{self, Pause},
};
use crate::domain::{
    counter::{Counter, Tallies},
    error::StoreError,
    id::{self, ChallengeId},
    ledger::{Asker, Network, Sent},
    limit::{self, Reached},
    lock::Subject,
    money::Money,
    phone::Phone,
    source::Deed,
    time::Timestamp,
    tx::Tx,
    visitor::Visitor,
};

/// What comes of asking for a message.
#[derive(Debug, Clone, Copy)]
pub struct Admission {
    /// The limit that stands in the way, if any.
    pub reached: Option<Reached>,
    /// What the operator should hear of if it is sent.
    pub spending: Option<Spending>,
    /// What it costs.
    pub cost: Money,
    /// The network that asks, if it is let through where others are not.
    pub network: Option<Network>,
}

impl Guard {
    /// Whether a message may be sent to a party that has to wait so long for the
    /// sake of its own latest ones: of the limits that are reached, the one that
    /// takes longest.
    pub fn may_send(
        &self,
        tx: &mut dyn Tx,
        visitor: &Visitor,
        asker: Asker,
        phone: Phone,
        cost: Money,
        own: Option<Reached>,
    ) -> Result<Admission, StoreError> {
        let counter = Counter::sends(asker.known);
        let so_far = Tallies::read(tx, &[counter], visitor.at)?;
        let (budget, spending) = self.budget_wait(&so_far, counter, cost);
        let (prefix, network) = self.prefix_wait(tx, visitor, asker, phone)?;
        // Of two that take as long, the later in this list is named.
        let reached = [
            budget,
            self.sum_wait(&so_far, counter),
            prefix,
            self.source_wait(visitor, asker, Deed::Send),
            own,
        ];
        Ok(Admission {
            reached: reached.into_iter().flatten().max_by_key(|one| one.wait),
            spending,
            cost,
            network,
        })
    }

    /// What is decided on when a message to the phone is asked for. What counts in
    /// all is not: it may run over by as many messages as are asked for at once.
    pub fn subjects_of_send(&self, phone: Phone) -> Vec<Subject> {
        let has_limit = !self.policy.limits.sends_per_prefix.is_off();
        let prefix = has_limit.then(|| Subject::Prefix(self.prefix(phone)));
        let phone = Subject::Phone(phone);
        prefix.into_iter().chain([phone]).collect()
    }

    /// When the party was sent its latest messages, the latest first.
    pub fn newest(&self, tx: &mut dyn Tx, asker: Asker) -> Result<Vec<Timestamp>, StoreError> {
        match self.policy.limits.sends_per_phone.most() {
            0 => Ok(Vec::new()),
            most => tx.sends_to(asker.party, most),
        }
    }

    /// How long until a party with these messages may be sent another, all else
    /// aside. Windows that are no longer than `useful` do not count.
    pub fn party_wait(
        &self,
        newest: &[Timestamp],
        at: Timestamp,
        useful: Duration,
    ) -> Option<Reached> {
        let limit = self.policy.limits.sends_per_phone.beyond(useful);
        limit.reached(newest, at)
    }

    fn prefix_wait(
        &self,
        tx: &mut dyn Tx,
        visitor: &Visitor,
        asker: Asker,
        phone: Phone,
    ) -> Result<(Option<Reached>, Option<Network>), StoreError> {
        let limit = &self.policy.limits.sends_per_prefix;
        if limit.is_off() {
            return Ok((None, None));
        }
        let most = limit.most().max(trickle::SAMPLE);
        let around = tx.sends_around(self.prefix(phone), asker.known, most)?;
        let newest: Vec<_> = around.iter().map(|one| one.at).collect();
        let reached = limit.reached(&newest, visitor.at);
        let network = self.network(visitor);
        let (paused, network) = match trickle::judge(&around, network, visitor.at) {
            Pause::None => (None, None),
            Pause::LetsThrough => (None, Some(network)),
            Pause::For(wait) => (Some(wait), None),
        };
        let paused = paused.map(|wait| Reached {
            limit: "confirmations_per_prefix",
            subject: limit::Subject::Prefix,
            wait,
        });
        let reached = reached.into_iter().chain(paused);
        Ok((reached.max_by_key(|one| one.wait), network))
    }

    fn sum_wait(&self, so_far: &Tallies, counter: Counter) -> Option<Reached> {
        let limit = &self.policy.limits.sends_in_all;
        let full = limit.windows().iter().filter_map(|window| {
            let sent = so_far.of(counter, window.span);
            (sent.count >= u64::from(window.count)).then_some(sent.wait)
        });
        Some(limit.reached_for(full.max()?))
    }

    /// Writes a message down before it is sent, so that a crash can make it
    /// count for nothing but never go uncounted.
    pub fn note_send(
        &self,
        tx: &mut dyn Tx,
        visitor: &Visitor,
        asker: Asker,
        phone: Phone,
        admission: &Admission,
        challenge: ChallengeId,
    ) -> Result<(), StoreError> {
        let &Admission { cost, network, .. } = admission;
        let at = visitor.at;
        if id::sweeps(challenge.0) {
            self.forget_sends(tx, asker, at)?;
        }
        tx.insert_send(&Sent {
            challenge,
            at,
            asker,
            prefix: self.prefix(phone),
            cost,
            network,
        })?;
        self.count_send(tx, asker.known, at, 1, cost)?;
        if !asker.known {
            self.blame_source(visitor, Deed::Send);
        }
        Ok(())
    }

    fn forget_sends(&self, tx: &mut dyn Tx, asker: Asker, at: Timestamp) -> Result<(), StoreError> {
        let limits = &self.policy.limits;
        let spans = [&limits.sends_per_phone, &limits.sends_per_prefix].map(|one| one.longest());
        tx.prune_sends(at - spans.into_iter().fold(DAY, Duration::max))?;
        tx.prune_counter(Counter::sends(asker.known), at)
    }

    /// Counts messages for the limits in all and the budget; what is less than
    /// nothing is taken back.
    pub fn count_send(
        &self,
        tx: &mut dyn Tx,
        known: bool,
        at: Timestamp,
        count: i64,
        cost: Money,
    ) -> Result<(), StoreError> {
        let spans: Vec<_> = self.policy.send_spans().into_iter().collect();
        tx.count(Counter::sends(known), &spans, at, count, cost)
    }

    /// Puts right what a message cost.
    pub fn correct_cost(
        &self,
        tx: &mut dyn Tx,
        challenge: ChallengeId,
        cost: Money,
    ) -> Result<(), StoreError> {
        let sent = tx.sent(challenge)?;
        let Some(sent) = sent.filter(|sent| sent.cost != cost) else {
            return Ok(());
        };
        tx.set_send_cost(challenge, cost)?;
        self.count_send(tx, sent.asker.known, sent.at, 0, cost - sent.cost)
    }

    /// Takes a message back that certainly was not sent. A source that made us
    /// ask for nothing keeps it on its account.
    pub fn unsend(
        &self,
        tx: &mut dyn Tx,
        visitor: &Visitor,
        challenge: ChallengeId,
        is_blameless: bool,
    ) -> Result<(), StoreError> {
        let Some(Sent {
            asker, cost, at, ..
        }) = tx.delete_send(challenge)?
        else {
            return Ok(());
        };
        self.count_send(tx, asker.known, at, -1, -cost)?;
        if is_blameless && !asker.known {
            self.absolve_source(visitor, Deed::Send);
        }
        Ok(())
    }
}
