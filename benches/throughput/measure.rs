//! Figures of one side of a round, rounds of two sides in turn, and the table
//! of them. It is printed row by row, since it takes minutes.

use std::{fs, thread, time::Duration};

use invited::clock::{Clock, SystemClock};

const NAME: usize = 44;
const HEAD: &str = "\
The load generator runs on the same cores. Each figure is the median of its rounds, in which both sides are measured in
turn; a ratio is the median of the rounds' ratios.

                                                              a second          CPU, us for each                          latency, ms
                                                  ours   theirs  ratio      ours   theirs  ratio       p50     p99   p99.9  their p99";

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
    /// What stands where there is nothing to compare with.
    pub const NOTHING: Self = Self {
        rate: f64::NAN,
        cpu: f64::NAN,
        quantiles: [f64::NAN; 3],
    };

    /// Of two at once: what both did, and the longer they took.
    pub fn both([one, other]: [Self; 2]) -> Self {
        let rate = one.rate + other.rate;
        let cpu = (one.cpu * one.rate + other.cpu * other.rate) / rate;
        let longer = |at: usize| one.quantiles[at].max(other.quantiles[at]);
        Self {
            rate,
            cpu,
            quantiles: std::array::from_fn(longer),
        }
    }

    /// So many until now, without a look at each.
    pub fn of(count: usize, watch: &Watch) -> Self {
        let count = f64::from(u32::try_from(count).unwrap());
        Self {
            rate: count / watch.elapsed().as_secs_f64(),
            cpu: watch.busy().as_secs_f64() * 1e6 / count,
            ..Self::NOTHING
        }
    }

    /// The same, of how long each took.
    pub fn of_each(mut latencies: Vec<Duration>, watch: &Watch) -> Self {
        let measure = Self::of(latencies.len(), watch);
        latencies.sort_unstable();
        let of = |share| latencies[latencies.len() - latencies.len().div_ceil(share)];
        Self {
            quantiles: [2, 100, 1000].map(|share| of(share).as_secs_f64() * 1e3),
            ..measure
        }
    }
}

/// Measures both sides in turn, so that whatever else the machine does befalls
/// both.
pub fn compare(
    rounds: usize,
    mut ours: impl FnMut() -> Measure,
    mut theirs: impl FnMut() -> Measure,
) -> Rounds {
    let round = |number| {
        let before = (number % 2 == 1).then(&mut theirs);
        let ours = ours();
        [ours, before.unwrap_or_else(&mut theirs)]
    };
    (0..rounds).map(round).collect()
}

/// Prints what is above all rows.
pub fn head(users: u64) {
    let version = env!("CARGO_PKG_VERSION");
    let cores = thread::available_parallelism().unwrap();
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let mut lines = cpuinfo.lines().filter_map(|line| line.split_once(": "));
    let model = lines.find(|(name, _)| name.starts_with("model name"));
    let model = model.map_or("an unknown processor", |(_, model)| model);
    println!(
        "invited {version} on {cores} cores of {model}, with {users} people in the database.\n{HEAD}"
    );
}

pub fn row(name: &str, rounds: &Rounds) {
    let cell = |width: usize, decimals: usize, figure: &dyn Fn(&[Measure; 2]) -> f64| {
        let mut values: Vec<_> = rounds.iter().map(figure).collect();
        values.sort_by(f64::total_cmp);
        match values[values.len() / 2] {
            value if value.is_nan() => " ".repeat(width),
            value => format!("{value:width$.decimals$}"),
        }
    };
    let both = |decimals, figure: fn(&Measure) -> f64| {
        cell(10, decimals, &|[ours, _]| figure(ours))
            + &cell(9, decimals, &|[_, theirs]| figure(theirs))
            + &cell(7, 2, &|[ours, theirs]| figure(ours) / figure(theirs))
    };
    let widths = [10, 8, 8].into_iter().enumerate();
    let quantiles = widths.map(|(at, width)| cell(width, 2, &|[ours, _]| ours.quantiles[at]));
    let line = format!("{name:NAME$}")
        + &both(0, |one| one.rate)
        + &both(1, |one| one.cpu)
        + &quantiles.collect::<String>()
        + &cell(11, 2, &|[_, theirs]| theirs.quantiles[1]);
    println!("{}", line.trim_end());
}

/// Looks at the clock, and at the processor time of a process or a thread.
pub struct Watch {
    folder: String,
    began: Duration,
    used: Duration,
}

impl Watch {
    /// Begins to look at a process or a thread, by its folder in `/proc`.
    pub fn of(folder: &str) -> Self {
        Self {
            folder: folder.to_owned(),
            began: SystemClock.steady(),
            used: used(folder),
        }
    }

    pub fn elapsed(&self) -> Duration {
        SystemClock.steady().saturating_sub(self.began)
    }

    /// Processor time that was used since.
    fn busy(&self) -> Duration {
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
