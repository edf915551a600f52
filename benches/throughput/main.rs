//! What the service does in a second, in one table: each figure beside that
//! of something to compare it with, measured in the same run, in turn.
//! How to run it, and what its settings are, is in the README beside.

#![expect(clippy::unwrap_used, reason = "a bench that cannot go on should stop")]

mod bare;
mod client;
mod database;
mod fixture;
mod limits;
mod measure;
mod postgres;
mod prepare;
mod reads;
mod server;
mod tokens;
mod writes;

use std::{fmt::Debug, path::PathBuf, str::FromStr, time::Duration};

use self::fixture::Fixture;

struct Run {
    /// A side of a round.
    time: Duration,
    words: Vec<String>,
}

impl Run {
    /// The rows of a section that are wanted, below its title if there are any.
    fn wanted<N: AsRef<str>, R>(
        &self,
        title: &str,
        rows: impl IntoIterator<Item = (N, R)>,
    ) -> Vec<(N, R)> {
        let is_in = |name: &str| self.words.iter().any(|word| name.contains(word));
        let is_wanted = |(name, _): &(N, R)| self.words.is_empty() || is_in(name.as_ref());
        let rows: Vec<_> = rows.into_iter().filter(is_wanted).collect();
        if !rows.is_empty() {
            println!("\n{title}");
        }
        rows
    }

    /// How much there is in a round, of so much a second.
    fn count(&self, a_second: u128) -> usize {
        usize::try_from(a_second * self.time.as_millis() / 1000).unwrap()
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
    let words = std::env::args().skip(1);
    let words: Vec<_> = words.filter(|word| !word.starts_with("--")).collect();
    if let [first, answer] = &words[..]
        && first == bare::WORD
    {
        return bare::serve(answer);
    }
    let users = setting("INVITED_BENCH_USERS", 100_000);
    let time = Duration::from_secs_f64(setting("INVITED_BENCH_SECONDS", 2.0));
    let run = Run { time, words };
    let fixture = Fixture::seeded(users, &setting("INVITED_BENCH_DATABASE", PathBuf::new()));
    measure::head(users);
    reads::rows(&run, &fixture);
    writes::rows(&run, &fixture);
    reads::log_rows(&run, &fixture);
    limits::rows(&run);
    tokens::rows(&run, &fixture);
    postgres::rows(&run, &fixture, users);
}
