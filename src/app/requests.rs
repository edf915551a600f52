//! How requests were answered, for whoever watches the process.

use std::time::Duration;

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{family::Family, histogram::Histogram},
};

/// Where a bucket of durations ends, in seconds.
const BUCKETS: [f64; 14] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// What requests are told apart by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Answered {
    /// The method, or `other`.
    pub method: &'static str,
    /// The route, as the document writes it; empty if there is no such thing.
    pub route: &'static str,
    /// The status; 0 when the client went away before the answer.
    pub status: u16,
    /// The code of the problem; empty for a success.
    pub code: &'static str,
}

type Durations = Family<Answered, Histogram, fn() -> Histogram>;

/// How long requests took.
pub struct Requests(Durations);

impl Default for Requests {
    fn default() -> Self {
        Self(Family::new_with_constructor(|| Histogram::new(BUCKETS)))
    }
}

impl Requests {
    /// Notes that a request is over.
    pub fn note(&self, answered: &Answered, duration: Duration) {
        self.0
            .get_or_create(answered)
            .observe(duration.as_secs_f64());
    }

    /// All of them.
    pub fn durations(&self) -> Durations {
        self.0.clone()
    }
}
