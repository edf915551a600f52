//! `invited import`: takes in the users of another service.

mod django;
pub mod people;
mod scanner;
mod source;
mod sql;
mod table;
mod tally;

use std::{path::PathBuf, sync::Arc};

use clap::{Args, Subcommand};

use self::{source::Source, tally::Tally};
use super::{
    failure::Failure,
    progress::progress,
    settings::Settings,
    terminal::{print, run_now},
};
use crate::{
    clock::{Clock, SystemClock, dice},
    config::Config,
    domain::{
        error::StoreError,
        import::{self, Plan, Reading, Rules},
    },
    store::Store,
};

/// People in one transaction.
const BATCH: usize = 500;

#[derive(Args)]
pub struct Import {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    from: From,
}

#[derive(Subcommand)]
enum From {
    /// Import the table of users of the Django service, while no server runs.
    ///
    /// FILE is its dump by `pg_dump`, plain or with --inserts, or a CSV file with a header, as \copy
    /// writes one. Identifiers, phones, names, e-mail addresses, invitation codes, referrers and dates
    /// are kept; the date of an invitation is the day on which the invitee joined. Whoever is not active
    /// is banned. A phone that login.destinations does not cover is kept too: nobody can log in by it,
    /// until an operator moves the account to another phone (invited user move-phone). Of an older and a
    /// younger row that want the same, the older gets it. What is not kept is told at the end.
    ///
    /// To run it again, with the same file or a longer one, adds nothing twice.
    Django(Django),
    /// Import people from a CSV file, while no server runs.
    ///
    /// The first line names the columns, in any order: phone, and any of id, `first_name`, `last_name`,
    /// email, `invitation_code`, `invited_by_phone` or `invited_by_code`, `invited_at`, `created_at` and `banned_at`.
    /// Dates are written as 2024-03-01T00:00:00Z. What is missing is drawn (id, `invitation_code`), empty,
    /// or now (`created_at`). The file of `invited export csv` is one.
    ///
    /// To run it again, with the same file or a longer one, adds nothing twice.
    Csv(Csv),
}

#[derive(Args)]
struct Django {
    #[command(flatten)]
    file: Input,
    /// The table of users.
    #[arg(long, value_name = "NAME", default_value = "users_user")]
    table: String,
}

#[derive(Args)]
struct Csv {
    #[command(flatten)]
    file: Input,
}

#[derive(Args)]
struct Input {
    /// What to import.
    #[arg(value_name = "FILE")]
    path: PathBuf,
    /// Write down of each row what was not kept, as CSV: line, id, phone (masked), reason.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

impl Import {
    pub fn run(&self) -> Result<(), Failure> {
        let config = self.settings.read()?;
        match &self.from {
            From::Django(Django { file, table }) => {
                let plan = file.read(&config, |source, reading| {
                    django::read(source, table, reading)
                })?;
                file.import(&config, plan)
            }
            From::Csv(Csv { file }) => {
                let plan = file.read(&config, people::read)?;
                file.import(&config, plan)
            }
        }
    }
}

impl Input {
    /// Reads all of it before anything is changed.
    fn read(
        &self,
        config: &Config,
        read: impl FnOnce(&Source, &mut Reading) -> Result<(), String>,
    ) -> Result<Plan, Failure> {
        let mut reading = Reading::new(Rules {
            region: config.login.default_region,
            destinations: config.login.destinations.clone(),
            now: SystemClock.now(),
        });
        let refused = |reason| Failure::of(format!("{} {reason}", self.path.display()));
        let source = Source::read(&self.path).map_err(refused)?;
        read(&source, &mut reading).map_err(refused)?;
        let plan = reading.plan();
        if plan.people.is_empty() && plan.refused.is_empty() {
            return Err(refused("has no rows".to_owned()));
        }
        match &self.report {
            Some(report) if report.exists() => Err(Failure::of(format!(
                "--report: {} is there already: name another file",
                report.display()
            ))),
            _ => Ok(plan),
        }
    }

    /// Writes everybody to the store, and tells what came of it.
    fn import(&self, config: &Config, plan: Plan) -> Result<(), Failure> {
        Store::migrate(&config.server.database)?;
        let store = Store::open_to_fill(&config.server.database)?;
        let mut tally = Tally::new(plan.refused);
        let bar = progress(plan.people.len() as u64);
        let people: Arc<[_]> = plan.people.into();
        for first in (0..people.len()).step_by(BATCH) {
            let batch = first..people.len().min(first + BATCH);
            let (all, range) = (Arc::clone(&people), batch.clone());
            let work = store.write(move |tx| {
                let (now, mut dice) = (SystemClock.now(), dice());
                let people = all[range.clone()].iter();
                let outcomes = people.map(|person| import::add(tx, person, now, &mut dice));
                outcomes.collect::<Result<Vec<_>, StoreError>>()
            });
            let outcomes = run_now(async { work.await.map_err(|error| unfinished(&error)) })?;
            for (person, outcome) in people[batch.clone()].iter().zip(outcomes) {
                tally.add(person, outcome);
            }
            bar.set_position(batch.end as u64);
        }
        bar.finish_and_clear();
        print(&tally.summary())?;
        self.report.as_ref().map_or(Ok(()), |report| {
            let failed = |error| {
                let report = report.display();
                Failure::of(format!("--report: {report} cannot be written: {error}; run the import again with another, which adds nothing twice"))
            };
            tally.write(report).map_err(failed)
        })
    }
}

fn unfinished(error: &StoreError) -> Failure {
    Failure::of(format!(
        "the import ended early ({error}): run it again, which adds nothing twice"
    ))
}
