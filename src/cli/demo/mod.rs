//! `invited demo`: the whole product at once, with a month of made-up people in
//! a database that is gone when it ends, to look at and to show.

mod days;
mod gateways;
mod life;
mod people;
mod play;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use clap::Args;
use tempfile::TempDir;

use self::life::{OPERATOR, OPERATOR_CODE, Sums};
use super::{failure::Failure, installation::migrate, seed, serve};
use crate::{
    clock::{Clock, SystemClock},
    config::{Config, Layers},
    store::Store,
    token::keys::Keys,
};

/// What is said on every page.
const NOTICE: &str = "Демо: данные вымышлены и исчезнут, когда оно закончится. \
                      Demo: made-up data, gone when it ends.";
/// The same where it is kept.
const NOTICE_OF_KEPT: &str = "Демо: данные вымышлены. Demo: made-up data.";

#[derive(Args)]
pub struct Demo {
    /// The address to listen on; port 0 takes any free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen: String,
    /// How many people there are at the end of the month.
    #[arg(long, value_name = "N", default_value_t = 400, value_parser = clap::value_parser!(u32).range(20..=5000))]
    people: u32,
    /// Which month: the same number and the same people come to the same.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Keep the database in this folder, which is made if it is not there.
    #[arg(long, value_name = "PATH")]
    keep: Option<PathBuf>,
}

impl Demo {
    pub fn run(self, log: Option<String>) -> Result<(), Failure> {
        let temporary = TempDir::with_prefix("invited-demo-");
        let temporary = temporary.map_err(|error| cannot_start(&error))?;
        let folder = self.keep.as_deref().unwrap_or(temporary.path());
        fs::create_dir_all(folder).map_err(|error| cannot_start(&error))?;
        let database = folder.join("invited.db");
        if database.exists() {
            let path = database.display();
            return Err(Failure::of(format!(
                "{path} is there already: name another folder, or serve it by `invited serve`"
            )));
        }
        let settings = self.settings(&database, log);
        let served = serve::run(
            move || read(&settings),
            |config, keys| self.fill(config, keys),
        );
        drop(temporary);
        served
    }

    /// Makes the database, has a month happen in it, and says what to do with it.
    fn fill(&self, config: &Config, keys: &Keys) -> Result<String, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| cannot_start(&error))?;
        migrate(&config.server.database)?;
        let store = Store::open(&config.server.database)?;
        let mut stop = seed::stop(&runtime)?;
        let (now, people) = (SystemClock.now(), self.people);
        let sums = runtime.block_on(async {
            tokio::select! {
                sums = life::live(&store, config, keys, now, people, self.seed) => {
                    sums.map_err(|error| Failure::of(format!("the demo cannot be filled: {error}")))
                }
                () = stop.as_mut() => Err(Failure::of("stopped")),
            }
        })?;
        Ok(self.greeting(&config.base_url(), sums))
    }

    fn greeting(&self, url: &str, sums: Sums) -> String {
        let Sums { people, invited } = sums;
        let end = if self.keep.is_some() {
            ""
        } else {
            ", gone when this ends"
        };
        format!(
            "\nDemo: {people} made-up people, {invited} of them invited, and what they did in a month{end}.\n  \
             As somebody new, open {url}/ and log in with any number, as 8 912 000-00-00: the page shows the message.\n  \
             As the operator, open {url}/admin/ and log in as +{OPERATOR} with the code {OPERATOR_CODE}.\n  \
             Ctrl+C ends it.\n\n"
        )
    }

    /// What is set, and is not told by the environment, which is not about demos.
    fn settings(&self, database: &Path, log: Option<String>) -> Vec<(&'static str, String)> {
        let notice = if self.keep.is_some() {
            NOTICE_OF_KEPT
        } else {
            NOTICE
        };
        let mut settings = vec![
            ("listen", self.listen.clone()),
            ("database", database.display().to_string()),
            ("http.admin", "on".to_owned()),
            ("pages.notice", notice.to_owned()),
            ("login.destinations", people::DESTINATIONS.to_owned()),
            ("tokens.refresh_ttl", "30d".to_owned()),
            ("budget.prices", gateways::PRICES.to_owned()),
            ("budget.amounts", gateways::budget(self.people)),
        ];
        settings.extend(log.map(|log| ("log", log)));
        settings
    }
}

fn read(settings: &[(&'static str, String)]) -> Result<Config, Failure> {
    let mut layers = Layers::default();
    let number = format!("INVITED_TEST_NUMBERS__{OPERATOR}");
    let code = format!("{{ code = \"{OPERATOR_CODE}\", until = 2100-01-01T00:00:00Z }}");
    layers.environment([(number.into(), code.into())].into_iter())?;
    for (key, value) in settings {
        layers.flag(key, key, Some(value));
    }
    Ok(Config::read(layers)?)
}

fn cannot_start(error: &io::Error) -> Failure {
    Failure::of(format!("cannot start: {error}"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use rand::{SeedableRng, rngs::StdRng};

    use super::*;
    use crate::domain::{
        statistic::{Day, HOURS_KEPT, Hour, Measure},
        time::Timestamp,
        user::UserId,
    };

    const NOW: Timestamp = Timestamp::from_seconds(1_713_215_473);

    /// A month, and where it is.
    struct Filled {
        sums: Sums,
        store: Store,
        _folder: TempDir,
    }

    async fn fill(people: u32, seed: u64) -> Filled {
        let folder = TempDir::new().unwrap();
        let demo = Demo {
            listen: "127.0.0.1:0".to_owned(),
            people,
            seed,
            keep: None,
        };
        let settings = demo.settings(&folder.path().join("invited.db"), None);
        let config = read(&settings).map_err(|failure| failure.sentence).unwrap();
        let keys = Keys::draw(&mut StdRng::seed_from_u64(1));
        Store::migrate(&config.server.database).unwrap();
        let store = Store::open(&config.server.database).unwrap();
        let sums = life::live(&store, &config, &keys, NOW, people, seed);
        Filled {
            sums: sums.await.unwrap(),
            store,
            _folder: folder,
        }
    }

    /// How often each thing happened.
    async fn counts(filled: &Filled) -> BTreeMap<Measure, i64> {
        let reading = filled.store.read(|tx| tx.statistics(Day(0)));
        let mut counts = BTreeMap::new();
        for (_, row) in reading.await.unwrap() {
            *counts.entry(row.measure).or_default() += row.count;
        }
        counts
    }

    #[tokio::test]
    async fn what_is_counted_adds_up() {
        let filled = fill(120, 1).await;
        let counts = counts(&filled).await;
        let count = |measure| counts.get(&measure).copied().unwrap_or_default();
        let handed_over = count(Measure::Sent) + count(Measure::Unsent);
        let reported = count(Measure::Delivered) + count(Measure::Undelivered);
        assert!(count(Measure::Asked) >= handed_over && handed_over > 120);
        assert!(count(Measure::Sent) >= reported && reported > 0);
        assert!(count(Measure::Asked) >= count(Measure::Confirmed));
        assert!(count(Measure::Confirmed) > count(Measure::Accounts));
        let left = count(Measure::Accounts) - count(Measure::Deleted);
        let Sums { people, invited } = filled.sums;
        assert_eq!(
            (left, count(Measure::Invitations)),
            (people.cast_signed(), invited.cast_signed())
        );
        let every = Measure::ALL.into_iter().filter(|one| count(*one) == 0);
        assert_eq!(
            every.collect::<Vec<_>>(),
            [],
            "a demo has some of everything"
        );
    }

    #[tokio::test]
    async fn it_is_a_month_until_now_and_hours_are_those_of_the_last_days() {
        let filled = fill(120, 1).await;
        let reading = filled.store.read(|tx| {
            Ok::<_, crate::domain::error::StoreError>((
                tx.statistics(Day(0))?,
                tx.hourly_statistics(Hour(0))?,
            ))
        });
        let (days, hours) = reading.await.unwrap();
        let today = Day::of(NOW);
        assert!(
            days.iter()
                .all(|(day, _)| (today.0 - 30..=today.0).contains(&day.0))
        );
        let kept = Hour::of(NOW).0 - HOURS_KEPT;
        assert!(
            hours
                .iter()
                .all(|(hour, _)| (kept..=Hour::of(NOW).0).contains(&hour.0))
        );
        let sum = |day: Day| -> (i64, i64) {
            let of_day = days.iter().filter(|(one, _)| *one == day);
            let of_hours = hours.iter().filter(|(hour, _)| hour.day() == day);
            (
                of_day.map(|(_, row)| row.count).sum(),
                of_hours.map(|(_, row)| row.count).sum(),
            )
        };
        for before in 0..7 {
            let (day, hours) = sum(Day(today.0 - before));
            assert!(day == hours && day > 0, "{before} days ago: {day} {hours}");
        }
    }

    #[tokio::test]
    async fn the_same_number_comes_to_the_same() {
        let mut seen = Vec::new();
        for seed in [1, 1, 2] {
            let filled = fill(40, seed).await;
            let people = filled.store.read(|tx| tx.users(UserId(0), false, 1000));
            let people = people.await.unwrap();
            let row = |user: &crate::domain::user::User| {
                (
                    user.phone,
                    user.first_name.clone(),
                    user.redeemed.map(|one| one.at),
                )
            };
            seen.push((
                people.iter().map(row).collect::<Vec<_>>(),
                counts(&filled).await,
            ));
        }
        assert!(seen[0] == seen[1] && seen[0] != seen[2]);
    }
}
