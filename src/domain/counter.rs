//! Counters: how often something happened within a span, and what it cost.
//!
//! They are sums over buckets of time. So what was counted can be taken back
//! where it was counted, and several writers can share a counter. Every span
//! that a counter is asked for has buckets of its own, each a fortieth of it
//! long. A bucket is in the span for as long as the last that was counted in
//! it: what is rare counts for exactly as long as the span, what is frequent a
//! fortieth longer at most, and nothing shorter.

use std::time::Duration;

use super::{error::StoreError, money::Money, time::Timestamp};

/// Buckets of a span.
pub const BUCKETS: u32 = 40;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counter {
    /// Messages to strangers.
    SendsToStrangers,
    /// Messages to known devices.
    SendsToKnown,
    /// Right codes, of a phone once a day.
    Right,
    /// Wrong codes.
    Wrong,
}

impl Counter {
    /// Where messages are counted.
    pub fn sends(known: bool) -> Self {
        if known {
            Self::SendsToKnown
        } else {
            Self::SendsToStrangers
        }
    }
}

/// The sum of a span's buckets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sum {
    /// How often it happened.
    pub count: u64,
    /// What it cost.
    pub amount: Money,
    /// When the last was counted of the first bucket in which anything is left.
    pub first: Option<Timestamp>,
}

/// What counters may ask of a transaction.
pub trait Counters {
    /// Adds to the bucket of `span` that `at` is in. What is less than nothing is taken back.
    fn count(
        &mut self,
        counter: Counter,
        span: Duration,
        at: Timestamp,
        count: i64,
        amount: Money,
    ) -> Result<(), StoreError>;
    /// The sum of the buckets of `span` in which anything was counted after `after`.
    fn sum(
        &mut self,
        counter: Counter,
        span: Duration,
        after: Timestamp,
    ) -> Result<Sum, StoreError>;
    /// Counts for `span` what was counted for another since it was last.
    fn adopt_span(&mut self, counter: Counter, span: Duration) -> Result<(), StoreError>;
    /// Forgets the buckets of a counter that are in no span any more.
    fn prune_counter(&mut self, counter: Counter, at: Timestamp) -> Result<(), StoreError>;
}

/// The sum of a span, and how long it takes until some of it is out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// How often it happened.
    pub count: u64,
    /// What it cost.
    pub amount: Money,
    /// How long until some of it is out of the span.
    pub relief: Duration,
}

/// Sums a counter up over the `span` that ends at `at`.
pub fn tally(
    tx: &mut (impl Counters + ?Sized),
    counter: Counter,
    span: Duration,
    at: Timestamp,
) -> Result<Tally, StoreError> {
    let sum = tx.sum(counter, span, at - span)?;
    let Sum {
        count,
        amount,
        first,
    } = sum;
    let relief = first.map_or(span, |first| (first + span).since(at));
    Ok(Tally {
        count,
        amount,
        relief,
    })
}

/// How long a bucket of a span is.
pub fn width(span: Duration) -> Duration {
    (span / BUCKETS).max(Duration::from_millis(1))
}
