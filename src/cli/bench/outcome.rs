//! What came of a load.

use std::{collections::BTreeMap, time::Duration};

use hdrhistogram::Histogram;
use tokio::time::Instant;

/// Latencies are told apart to so many digits.
const DIGITS: u8 = 3;

/// What came of a load.
pub struct Outcome {
    /// How many answers had which status.
    pub statuses: BTreeMap<u16, u64>,
    /// Connections that were lost, or could not be made.
    pub errors: u64,
    /// Requests whose answer did not come, long after the last was sent.
    pub unanswered: u64,
    /// From each request to the end of its answer, in microseconds.
    pub latencies: Histogram<u64>,
    /// From the beginning to the last answer.
    pub elapsed: Duration,
}

impl Outcome {
    /// How many answers there were.
    pub fn answers(&self) -> u64 {
        self.latencies.len()
    }

    /// How many a second.
    #[expect(clippy::cast_precision_loss, reason = "nobody counts to 2^52 answers")]
    pub fn rate(&self) -> f64 {
        self.answers() as f64 / self.elapsed.as_secs_f64().max(1e-6)
    }

    /// The latency that this share of the answers did not exceed.
    pub fn quantile(&self, share: f64) -> Duration {
        Duration::from_micros(self.latencies.value_at_quantile(share))
    }
}

/// What came of a thread's connections so far.
pub struct Tally {
    statuses: BTreeMap<u16, u64>,
    errors: u64,
    unanswered: u64,
    latencies: Histogram<u64>,
    last: Instant,
}

impl Tally {
    /// Nothing yet.
    pub fn new(began: Instant) -> Self {
        Self {
            statuses: BTreeMap::new(),
            errors: 0,
            unanswered: 0,
            latencies: Histogram::new(DIGITS).expect("so many digits can be told apart"),
            last: began,
        }
    }

    /// Counts an answer to what was `sent` then.
    pub fn answer(&mut self, status: u16, sent: Instant) {
        self.last = Instant::now();
        *self.statuses.entry(status).or_default() += 1;
        let micros = self.last.duration_since(sent).as_micros();
        let micros = u64::try_from(micros).unwrap_or(u64::MAX);
        self.latencies.record(micros).expect("it grows");
    }

    /// Counts a connection that was lost.
    pub fn error(&mut self) {
        self.errors += 1;
    }

    /// Counts a request that is not waited for any longer.
    pub fn give_up(&mut self) {
        self.unanswered += 1;
    }

    /// Counts what another counted.
    pub fn add(&mut self, other: Self) {
        for (status, count) in other.statuses {
            *self.statuses.entry(status).or_default() += count;
        }
        self.errors += other.errors;
        self.unanswered += other.unanswered;
        self.latencies
            .add(other.latencies)
            .expect("both are kept alike");
        self.last = self.last.max(other.last);
    }
    /// What came of it all.
    pub fn outcome(self, began: Instant) -> Outcome {
        Outcome {
            elapsed: self.last.duration_since(began),
            statuses: self.statuses,
            errors: self.errors,
            unanswered: self.unanswered,
            latencies: self.latencies,
        }
    }
}
