//! A visitor: what a request says of whoever sent it.

use super::{
    device::{Epoch, Presented},
    source::{Charged, Source},
    time::Timestamp,
};

/// Whoever sent a request, and when.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// Where from; `None` when that is not to be held against anybody.
    pub source: Option<Source>,
    /// What that was charged with for this very request.
    pub charged: Charged,
    /// The device's secret, if it says that it is a known one.
    pub device: Presented,
    /// What the clock shows.
    pub now: Timestamp,
    /// The same, unless the clock went back: the instant that ledgers go by.
    pub at: Timestamp,
}

impl Visitor {
    /// Somebody of whom nothing is known.
    pub fn unknown(now: Timestamp, at: Timestamp) -> Self {
        let epoch = Epoch(0);
        let device = Presented {
            secret: None,
            epoch,
            at,
        };
        Self {
            source: None,
            charged: Charged::default(),
            device,
            now,
            at,
        }
    }
}
