//! A delivery: what became of a message that a provider was given. It is on
//! record before the provider is asked, so that whatever happens in between
//! is known to have been paid for, and is never sent again by mistake.

use std::time::Duration;

use serde::Deserialize;

use super::{
    challenge::{self, ChallengeId},
    guard::{Guard, Visitor},
    money::Money,
    time::Timestamp,
    tx::{StoreError, Tx},
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
    Taken(Trace),
    /// It may have been.
    Unknown,
    /// It certainly was not; `is_blameless` when whoever asked cannot help it.
    Refused {
        /// Whether the source that asked gets its share back too.
        is_blameless: bool,
    },
}

/// Puts a delivery on record, within the transaction that opens its challenge.
/// Says how many older ones are given up for lost.
pub fn begin(
    tx: &mut dyn Tx,
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

/// Writes down what came of it, and what it cost if that is known.
pub fn settle(
    tx: &mut dyn Tx,
    guard: &Guard,
    visitor: &Visitor,
    id: ChallengeId,
    handover: &Handover,
    cost: Option<Money>,
) -> Result<(), StoreError> {
    note(tx, id, handover, visitor.now)?;
    if let Handover::Refused { is_blameless } = handover {
        return challenge::withdraw(tx, guard, visitor, id, *is_blameless);
    }
    match cost {
        Some(cost) => guard.correct_cost(tx, visitor, id, cost),
        None => Ok(()),
    }
}

/// Writes down what came of a delivery, whatever it brought.
pub fn note(
    tx: &mut dyn Tx,
    id: ChallengeId,
    handover: &Handover,
    now: Timestamp,
) -> Result<(), StoreError> {
    match handover {
        Handover::Refused { .. } => tx.delete_delivery(id),
        Handover::Unknown => tx.settle_delivery(id, State::Unknown, None, now),
        Handover::Taken(trace) => tx.settle_delivery(id, State::Taken, Some(trace), now),
    }
}
