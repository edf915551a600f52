//! What keeps attackers out and the bill small: every limit, in one place.
//!
//! All that a limit needs is read and written in the transaction that decides,
//! so that neither a race nor a restart gains anything. What is counted is
//! charged to a [`Party`]: strangers who name a phone are one, and all devices
//! that are known to the phone's user are another. So strangers can use up
//! their own budgets only, an owner with a known device goes on, and however
//! many devices there are or were, what they guess wrong is at most as much
//! again.
//!
//! Instants in ledgers are those of [`Visitor::at`], which never go back.

pub mod alarm;
pub mod budget;
pub mod guess;
pub mod limits;
pub mod send;
pub mod standing;
mod trickle;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use self::limits::Limits;
use super::{
    challenge::{self, SourceHash},
    counter::Counter,
    device,
    error::StoreError,
    ledger::{Asker, Network, Party, Prefix},
    limit::{Named, Reached},
    money::{Budget, Money, Price},
    phone::Phone,
    source::{Deed, Source, memory::Sources},
    tx::Tx,
    visitor::Visitor,
};

/// Digits of a code that is hard enough to guess for a phone under attack.
pub const LONG: usize = 6;
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// What an installation bounds.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each is the setting of the same name")]
pub struct Policy {
    pub challenges: challenge::Policy,
    pub limits: Limits,
    pub prices: Vec<Price>,
    pub budget: Budget,
    pub warn_at: usize,
    /// Of new invitation codes.
    pub invitation_code_length: usize,
}

impl Policy {
    /// The spans that messages are counted for, each once.
    pub fn send_spans(&self) -> BTreeSet<Duration> {
        let windows = self.limits.sends_in_all.windows().iter();
        let allowances = self.budget.allowances().iter();
        let spans = windows.map(|window| window.span);
        let spans = spans.chain(allowances.map(|allowance| allowance.span));
        spans.collect()
    }

    /// Counts what was counted already for spans that limits did not have until
    /// they were changed.
    pub fn backfill_spans(&self, tx: &mut dyn Tx) -> Result<(), StoreError> {
        for counter in [Counter::SendsToStrangers, Counter::SendsToKnown] {
            for span in self.send_spans() {
                tx.backfill_span(counter, span)?;
            }
        }
        Ok(())
    }
}

/// A keyed hash of what something is, and of its text.
type Hash = dyn Fn(&str, &str) -> i64 + Send + Sync;

/// Judges what visitors want to do.
pub struct Guard {
    /// The limits.
    pub policy: Policy,
    sources: Arc<Sources>,
    hash: Box<Hash>,
}

impl Guard {
    /// A guard of `policy`, who knows what `sources` did, and calls phones by a
    /// keyed `hash` of this installation.
    pub fn new(
        policy: Policy,
        sources: Arc<Sources>,
        hash: impl Fn(&str, &str) -> i64 + Send + Sync + 'static,
    ) -> Self {
        Self {
            policy,
            sources,
            hash: Box::new(hash),
        }
    }

    /// Who the visitor is to the phone's user.
    pub fn identify(
        &self,
        tx: &mut dyn Tx,
        visitor: &Visitor,
        phone: Phone,
    ) -> Result<Asker, StoreError> {
        if let Some(device) = device::find(tx, &visitor.device)?
            && tx
                .user_by_phone(phone)?
                .is_some_and(|user| user.id == device.user)
        {
            let party = self.alias("devices", phone);
            tx.recharge_devices(device.user, party)?;
            return Ok(Asker { party, known: true });
        }
        Ok(Asker {
            party: self.alias("phone", phone),
            known: false,
        })
    }

    /// Who the visitor may turn out to be to the phone's user.
    fn possible_askers(&self, visitor: &Visitor, phone: Phone) -> Vec<Asker> {
        let asker = |who, known| Asker {
            party: self.alias(who, phone),
            known,
        };
        let known = visitor.device.secret.is_some();
        let known = known.then(|| asker("devices", true));
        [asker("phone", false)].into_iter().chain(known).collect()
    }

    /// Asks for all that may be needed to know who the visitor is, and whether
    /// they may guess.
    pub fn ask_before_guess(
        &self,
        tx: &mut dyn Tx,
        visitor: &Visitor,
        phone: Phone,
    ) -> Result<(), StoreError> {
        device::find(tx, &visitor.device)?;
        tx.user_by_phone(phone)?;
        for asker in self.possible_askers(visitor, phone) {
            self.ask_guesses(tx, visitor, asker)?;
        }
        Ok(())
    }

    /// The same, and whether they may be sent a message.
    pub fn ask_before_send(
        &self,
        tx: &mut dyn Tx,
        visitor: &Visitor,
        phone: Phone,
    ) -> Result<(), StoreError> {
        self.ask_before_guess(tx, visitor, phone)?;
        for asker in self.possible_askers(visitor, phone) {
            self.newest(tx, asker)?;
            self.may_send(tx, visitor, asker, phone, Money::default(), None)?;
        }
        Ok(())
    }

    /// What those who name the phone are called in the ledgers: strangers
    /// (`phone`), or its known `devices`.
    fn alias(&self, who: &str, phone: Phone) -> Party {
        Party((self.hash)(who, &phone.to_string()))
    }

    /// What it and the numbers are called that differ from it in the last four digits.
    fn prefix(&self, phone: Phone) -> Prefix {
        Prefix((self.hash)(
            "prefix",
            &(phone.number() / 10_000).to_string(),
        ))
    }

    /// What the source is called where its address must not be.
    pub fn source_hash(&self, source: Source) -> SourceHash {
        SourceHash((self.hash)("source", &format!("{source:?}")))
    }

    /// What the visitor's network is called; all that are not known are one.
    fn network(&self, visitor: &Visitor) -> Network {
        let network = visitor
            .source
            .map(|source| format!("{:?}", source.network()));
        Network((self.hash)("network", &network.unwrap_or_default()))
    }

    fn source_wait(&self, visitor: &Visitor, asker: Asker, deed: Deed) -> Option<Reached> {
        if asker.known {
            return None;
        }
        self.source_reached(visitor, deed)
    }

    /// Whether the visitor's source did too much of something.
    pub fn source_reached(&self, visitor: &Visitor, deed: Deed) -> Option<Reached> {
        if visitor.charged.with(deed) {
            return None;
        }
        let limit = self.source_limit(deed);
        let wait = self
            .sources
            .wait(deed, visitor.source?, limit, visitor.at)?;
        Some(limit.reached_for(wait))
    }

    /// Holds something against the visitor's source.
    pub fn blame_source(&self, visitor: &Visitor, deed: Deed) {
        if let Some(source) = visitor.source
            && visitor.charged.charge(deed)
        {
            let limit = self.source_limit(deed);
            self.sources.count(deed, source, limit, visitor.at);
        }
    }

    /// Takes that back.
    fn absolve_source(&self, visitor: &Visitor, deed: Deed) {
        if let Some(source) = visitor.source
            && visitor.charged.take_back(deed)
        {
            self.sources.take_back(deed, source, visitor.at);
        }
    }

    fn source_limit(&self, deed: Deed) -> &Named {
        let limits = &self.policy.limits;
        match deed {
            Deed::Send => &limits.sends_per_source,
            Deed::FailedConfirmation => &limits.failed_confirmations_per_source,
            Deed::UnreadableToken => &limits.unreadable_tokens_per_source,
            Deed::WrongInvitationCode => &limits.wrong_invitation_codes_per_source,
        }
    }
}
