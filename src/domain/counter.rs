//! Counters: how often something happened within a span, and what it cost.
//!
//! They are sums over buckets of time. So what was counted can be taken back
//! where it was counted, and several writers can share a counter. All that
//! happens is counted once for each width of bucket, and a span is summed up
//! from the widest that are short beside it. A bucket is in a span for as long
//! as the last that was counted in it: what is rare counts for exactly as long
//! as the span, and what is frequent a fortieth of it longer at most (or a
//! second, where that is more).

use std::time::Duration;

use super::{error::StoreError, money::Money, time::Timestamp};

/// The widths of buckets. Never to be changed.
pub const WIDTHS: [Duration; 4] = [
    Duration::from_secs(1),
    Duration::from_mins(1),
    Duration::from_mins(30),
    Duration::from_hours(12),
];
/// A span is summed up from at least so many buckets, unless it is too short.
const FINENESS: u32 = 40;

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

/// A sum of buckets.
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
    /// Adds to a counter, in the buckets of every width that `at` is in. What is
    /// less than nothing is taken back.
    fn count(
        &mut self,
        counter: Counter,
        at: Timestamp,
        count: i64,
        amount: Money,
    ) -> Result<(), StoreError>;
    /// The sum of a counter's buckets of `width` in which anything was counted after `after`.
    fn sum(
        &mut self,
        counter: Counter,
        width: Duration,
        after: Timestamp,
    ) -> Result<Sum, StoreError>;
    /// Forgets a counter's buckets of `width` that begin more than that before `before`.
    fn prune_counter(
        &mut self,
        counter: Counter,
        width: Duration,
        before: Timestamp,
    ) -> Result<(), StoreError>;
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
    let sum = tx.sum(counter, width(span), at - span)?;
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

/// Forgets what no span of at most `longest` takes in.
pub fn prune(
    tx: &mut (impl Counters + ?Sized),
    counter: Counter,
    longest: Duration,
    at: Timestamp,
) -> Result<(), StoreError> {
    for (nth, width) in WIDTHS.iter().enumerate() {
        // Longer spans are summed up from wider buckets.
        let wider = WIDTHS.get(nth + 1);
        let kept = wider.map_or(longest, |wider| longest.min(*wider * FINENESS));
        tx.prune_counter(counter, *width, at - kept)?;
    }
    Ok(())
}

fn width(span: Duration) -> Duration {
    let widths = WIDTHS.into_iter().rev();
    let mut fine = widths.filter(|width| *width * FINENESS <= span);
    fine.next().unwrap_or(WIDTHS[0])
}
