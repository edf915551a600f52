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
    /// Every counter there is.
    pub const ALL: [Self; 4] = [
        Self::SendsToStrangers,
        Self::SendsToKnown,
        Self::Right,
        Self::Wrong,
    ];

    /// Whose messages are counted there, where these are.
    pub fn party(self) -> &'static str {
        match self {
            Self::SendsToKnown => "known devices",
            _ => "strangers",
        }
    }

    /// Where messages are counted.
    pub fn sends(known: bool) -> Self {
        if known {
            Self::SendsToKnown
        } else {
            Self::SendsToStrangers
        }
    }
}

/// What a counter comes to over one of its spans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sum {
    /// Which counter.
    pub counter: Counter,
    /// Which span.
    pub span: Duration,
    /// How often it happened.
    pub count: u64,
    /// How often in the buckets that are in the span as a whole.
    pub least: u64,
    /// What it cost.
    pub amount: Money,
    /// When the last was counted of the first bucket in which anything is left.
    pub first: Option<Timestamp>,
}

/// What counters may ask of a transaction.
pub trait Counters {
    /// Adds to the bucket of each span that `at` is in. What is less than nothing is taken back.
    fn count(
        &mut self,
        counter: Counter,
        spans: &[Duration],
        at: Timestamp,
        count: i64,
        amount: Money,
    ) -> Result<(), StoreError>;
    /// The sums over all spans of these that end at `at`, but for those in which
    /// nothing was counted.
    fn sums(&mut self, counters: &[Counter], at: Timestamp) -> Result<Vec<Sum>, StoreError>;
    /// Counts for `span` what was counted for another since it was last.
    fn backfill_span(&mut self, counter: Counter, span: Duration) -> Result<(), StoreError>;
    /// Forgets the buckets of a counter that are in no span any more.
    fn prune_counter(&mut self, counter: Counter, at: Timestamp) -> Result<(), StoreError>;
}

/// What a counter comes to over a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// How often it happened at most.
    pub count: u64,
    /// How often it happened at least.
    pub least: u64,
    /// What it cost at most.
    pub amount: Money,
    /// How long until some of it is out of the span.
    pub wait: Duration,
}

/// What counters come to over all of their spans, read at once.
pub struct Tallies {
    at: Timestamp,
    sums: Vec<Sum>,
}

impl Tallies {
    /// Of these counters, at an instant.
    pub fn read(
        tx: &mut (impl Counters + ?Sized),
        counters: &[Counter],
        at: Timestamp,
    ) -> Result<Self, StoreError> {
        let sums = tx.sums(counters, at)?;
        Ok(Self { at, sums })
    }

    /// Over one of the spans that it is counted for.
    pub fn of(&self, counter: Counter, span: Duration) -> Tally {
        let is_it = |sum: &&Sum| sum.counter == counter && sum.span == span;
        let sum = self.sums.iter().find(is_it);
        let first = sum.and_then(|sum| sum.first);
        Tally {
            count: sum.map_or(0, |sum| sum.count),
            least: sum.map_or(0, |sum| sum.least),
            amount: sum.map_or_else(Money::default, |sum| sum.amount),
            wait: first.map_or(span, |first| (first + span).since(self.at)),
        }
    }
}

/// How long a bucket of a span is.
pub fn width(span: Duration) -> Duration {
    (span / BUCKETS).max(Duration::from_millis(1))
}
