//! What the service does in a second, in one table: each figure beside that
//! of something to compare it with, measured in the same run, in turn.
//!
//! `cargo bench --bench throughput`; words after `--` pick the rows that have
//! one of them in their names. `INVITED_BENCH_USERS` says how many people are
//! in the database (100 000), `INVITED_BENCH_DATABASE` where one of so many is
//! already, `INVITED_BENCH_SECONDS` how long a side of a round takes (2). Nothing fails for being slow, only for answering wrongly.

#![expect(clippy::unwrap_used, reason = "a bench that cannot go on should stop")]

mod bare;
mod client;
mod guards;
mod house;
mod log;
mod measure;
mod people;
mod pieces;
mod raw;
mod reads;
mod server;
mod table;
mod tokens;
mod writes;

use std::{fmt::Debug, path::PathBuf, str::FromStr, thread, time::Duration};

use self::house::House;

/// How the run was asked for.
pub struct Run {
    /// Seeded people.
    pub users: u64,
    /// A side of a round.
    pub time: Duration,
    /// A database of so many that is there already.
    pub before: Option<PathBuf>,
    words: Vec<String>,
}

impl Run {
    fn of(words: Vec<String>) -> Self {
        Self {
            users: setting("INVITED_BENCH_USERS", 100_000),
            time: Duration::from_secs_f64(setting("INVITED_BENCH_SECONDS", 2.0)),
            before: Some(setting("INVITED_BENCH_DATABASE", PathBuf::new()))
                .filter(|path| !path.as_os_str().is_empty()),
            words,
        }
    }

    /// Whether a row of this name is wanted.
    pub fn wants(&self, name: &str) -> bool {
        self.words.is_empty() || self.words.iter().any(|word| name.contains(word.as_str()))
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "these are not settings of the service"
)]
fn setting<T: FromStr<Err: Debug>>(name: &str, default: T) -> T {
    std::env::var(name).map_or(default, |value| value.parse().unwrap())
}

fn main() {
    let mut words = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with("--"));
    let first = words.next();
    if first.as_deref() == Some(bare::WORD) {
        return bare::serve(&words.next().unwrap());
    }
    let run = Run::of(first.into_iter().chain(words).collect());
    let house = House::seeded(run.users, run.before.as_deref());
    let machine = format!(
        "invited {} on {} cores of {}, with {} people in the database.",
        env!("CARGO_PKG_VERSION"),
        thread::available_parallelism().unwrap(),
        model(),
        run.users,
    );
    table::begin(&machine);
    reads::rows(&run, &house);
    writes::rows(&run, &house);
    log::rows(&run, &house);
    guards::rows(&run);
    tokens::rows(&run);
}

/// What the processor calls itself.
fn model() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("model name"));
    let name = line.and_then(|line| line.split_once(": "));
    name.map_or("an unknown processor", |(_, name)| name)
        .to_owned()
}
