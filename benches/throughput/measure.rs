//! Figures of one side of a round, and rounds of two sides in turn.

use std::{fs, time::Duration};

use invited::clock::{Clock, SystemClock};

/// What was measured of one side in one round. What was not is not a number.
#[derive(Debug, Clone, Copy)]
pub struct Measure {
    /// How many a second.
    pub rate: f64,
    /// Microseconds of processor time for each.
    pub cpu: f64,
    /// Milliseconds that half, all but 1 %, all but 0.1 % took at most.
    pub quantiles: [f64; 3],
}

/// The measures of both sides, ours first, round by round.
pub type Rounds = Vec<[Measure; 2]>;

impl Measure {
    /// So many in so long, without a look at each.
    pub fn of(count: usize, time: Duration, busy: Duration) -> Self {
        let count = f64::from(u32::try_from(count).unwrap());
        Self {
            rate: count / time.as_secs_f64(),
            cpu: busy.as_secs_f64() * 1e6 / count,
            quantiles: [f64::NAN; 3],
        }
    }

    /// The same, of how long each took.
    pub fn of_each(mut latencies: Vec<Duration>, time: Duration, busy: Duration) -> Self {
        latencies.sort_unstable();
        let count = latencies.len();
        let quantiles = [2, 100, 1000].map(|of| latencies[count - count.div_ceil(of)]);
        Self {
            quantiles: quantiles.map(|latency| latency.as_secs_f64() * 1e3),
            ..Self::of(count, time, busy)
        }
    }
}

/// Measures both sides in turn, so many times, so that whatever else the
/// machine does befalls both.
pub fn compare(
    rounds: usize,
    mut ours: impl FnMut() -> Measure,
    mut theirs: impl FnMut() -> Measure,
) -> Rounds {
    let round = |number| {
        if number % 2 == 0 {
            let first = ours();
            [first, theirs()]
        } else {
            let first = theirs();
            [ours(), first]
        }
    };
    (0..rounds).map(round).collect()
}

/// The middle one.
pub fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Looks at the clock, and at the processor time of a process or a thread.
pub struct Watch {
    folder: String,
    began: Duration,
    used: Duration,
}

impl Watch {
    /// Begins to look at this thread.
    pub fn this_thread() -> Self {
        Self::process("thread-self")
    }

    /// Begins to look at a process, by its folder in `/proc`.
    pub fn process(folder: &str) -> Self {
        Self {
            folder: folder.to_owned(),
            began: SystemClock.steady(),
            used: used(folder),
        }
    }

    /// How long it has been.
    pub fn elapsed(&self) -> Duration {
        SystemClock.steady().saturating_sub(self.began)
    }

    /// Processor time that was used since.
    pub fn busy(&self) -> Duration {
        used(&self.folder).saturating_sub(self.used)
    }
}

fn used(folder: &str) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{folder}/stat")).unwrap();
    let after_name = stat.rsplit_once(')').unwrap().1;
    let times = after_name.split_whitespace().skip(11).take(2);
    // Hundredths of a second, on every Linux there is.
    let ticks: u64 = times.map(|time| time.parse::<u64>().unwrap()).sum();
    Duration::from_millis(ticks * 10)
}
