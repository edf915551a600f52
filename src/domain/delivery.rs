//! A delivery: what became of a message that a provider was given. It is on
//! record before the provider is asked, so that whatever happens in between
//! is known to have been paid for, and is never sent again by mistake.

use std::time::Duration;

use serde::Deserialize;

use super::{
    error::StoreError, id::ChallengeId, ledger::Party, money::Money, phone::Phone, time::Timestamp,
};

/// How long a delivery may be under way. After that whoever saw to it is gone.
pub const LEASE: Duration = Duration::from_secs(30);
/// How long reports are waited for.
const REMEMBERED: Duration = Duration::from_hours(3 * 24);

/// A message that a provider is to bring.
#[derive(Debug, Clone, Copy)]
pub struct Dispatch {
    /// What it costs at most, where that is known of the gateways themselves.
    pub price: Option<Money>,
}

/// What is known of a delivery. It only ever moves on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nobody has answered yet.
    UnderWay,
    /// Nobody knows whether it was sent.
    Unknown,
    /// A gateway took it.
    Taken,
    /// The provider has reported what became of it.
    Reported(Reported),
}

impl State {
    /// As operators read it.
    pub fn name(self) -> &'static str {
        match self {
            Self::UnderWay => "under_way",
            Self::Unknown => "unknown",
            Self::Taken => "taken",
            Self::Reported(Reported::Undelivered) => "undelivered",
            Self::Reported(Reported::Delivered) => "delivered",
        }
    }
}

/// What a provider reports of a message in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reported {
    /// It did not arrive.
    Undelivered,
    /// It arrived.
    Delivered,
}

/// By what a provider reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// Which gateway took it.
    pub gateway: String,
    /// The provider's name for it.
    pub message: Option<String>,
}

/// What came of handing a message over.
#[derive(Debug, Clone)]
pub enum Handover {
    /// It was taken.
    Taken {
        /// By what its provider reports.
        trace: Trace,
        /// When, which is later than it was asked for.
        at: Timestamp,
    },
    /// It may have been.
    Unknown,
    /// It certainly was not; `is_blameless` when whoever asked cannot help it.
    Refused {
        /// Whether the source that asked gets its share back too.
        is_blameless: bool,
    },
}

/// A message to a phone, as far as it is on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// When it was asked for.
    pub at: Timestamp,
    /// What it counts as.
    pub cost: Money,
    /// Which gateway took it.
    pub gateway: Option<String>,
    /// What is known of it; `None` where nobody asked a provider, or it is forgotten.
    pub state: Option<State>,
}

/// That something new is known of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct News {
    /// Whom it was for, as long as the challenge is known.
    pub phone: Option<Phone>,
    /// When the gateway took it.
    pub taken_at: Option<Timestamp>,
}

/// What became of messages that providers were given.
pub trait Deliveries {
    /// Adds one that is under way, seen to until `lease`; `false` when the
    /// identifier is taken.
    fn insert_delivery(&mut self, id: ChallengeId, lease: Timestamp) -> Result<bool, StoreError>;
    /// Moves one on to `state`, unless it is there already.
    fn settle_delivery(
        &mut self,
        id: ChallengeId,
        state: State,
        trace: Option<&Trace>,
        at: Timestamp,
    ) -> Result<(), StoreError>;
    /// Records what the provider reports of those with this trace, and yields
    /// each of which that is news: it had not moved past that before.
    fn report_delivery(
        &mut self,
        trace: &Trace,
        reported: Reported,
    ) -> Result<Vec<News>, StoreError>;
    /// The latest messages that are charged to these parties, the latest first.
    fn deliveries_to(
        &mut self,
        parties: [Party; 2],
        most: usize,
    ) -> Result<Vec<Record>, StoreError>;
    /// Forgets one that certainly was not sent.
    fn delete_delivery(&mut self, id: ChallengeId) -> Result<(), StoreError>;
    /// Of some that nobody sees to any more, says that nobody knows, and how many those are.
    fn abandon_deliveries(&mut self, now: Timestamp) -> Result<usize, StoreError>;
    /// Forgets some whose lease ended before `before`.
    fn prune_deliveries(&mut self, before: Timestamp) -> Result<(), StoreError>;
}

/// Puts a delivery on record, within the transaction that opens its challenge.
/// Says how many older ones are given up for lost.
pub fn begin(
    tx: &mut (impl Deliveries + ?Sized),
    id: ChallengeId,
    now: Timestamp,
    sweeps: bool,
) -> Result<usize, StoreError> {
    if !tx.insert_delivery(id, now + LEASE)? {
        return Err(StoreError::no_free_id("delivery"));
    }
    if !sweeps {
        return Ok(0);
    }
    tx.prune_deliveries(now - REMEMBERED)?;
    tx.abandon_deliveries(now)
}

/// Writes down what came of a delivery, whatever it brought.
pub fn note(
    tx: &mut (impl Deliveries + ?Sized),
    id: ChallengeId,
    handover: &Handover,
    now: Timestamp,
) -> Result<(), StoreError> {
    match handover {
        Handover::Refused { .. } => tx.delete_delivery(id),
        Handover::Unknown => tx.settle_delivery(id, State::Unknown, None, now),
        Handover::Taken { trace, at } => tx.settle_delivery(id, State::Taken, Some(trace), *at),
    }
}
