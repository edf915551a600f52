//! `invited simulate`: what attackers could do here, in figures.
//!
//! Attackers who know every rule play against the rules themselves, with this
//! installation's limits, over a store in a temporary folder and on a clock
//! that only they move: when they are told to wait, the wait is over at once.
//! Then they play again without one limit or another, to show what it is
//! worth. The installation's own database and keys are not looked at.
//!
//! One file an attack; [`attack`] is what they all have. [`world`] is what an
//! attacker acts in, [`service`] the service, [`bystanders`] its other users,
//! [`result`] what came of it.

mod attack;
mod bomb;
mod bystanders;
mod guess;
mod harvest;
mod pump;
mod result;
mod service;
mod spray;
mod table;
mod world;

use std::{
    fmt::Display,
    iter::{once, zip},
    path::PathBuf,
};

use clap::Args;
use futures_util::future::join_all;
use indicatif::{ProgressBar, ProgressStyle};
use tempfile::TempDir;

use self::{
    attack::{Attack, Strategy, unbounded},
    result::{Options, RunResult},
    service::{Service, Stop},
    table::table,
    world::World,
};
use super::{
    failure::Failure,
    settings::Settings,
    terminal::{print, run_now},
};
use crate::{
    domain::{destination::Destination, guard::Policy, lock::Subject, money::Price, session},
    store::{Location, Store},
};

const ATTACKS: [&Attack; 5] = [
    &guess::ATTACK,
    &spray::ATTACK,
    &pump::ATTACK,
    &bomb::ATTACK,
    &harvest::ATTACK,
];
/// So many days' requests are enough to know a row that lacks no limit, and
/// those of one day any other.
const EXACT: u32 = 4;
const NOTE: &str = "\n~ reckoned up from the first days, for the others would be like them\n";

#[derive(Args)]
pub struct Simulate {
    /// A TOML file with settings (`invited config` prints one).
    #[arg(long, value_name = "FILE", env = "INVITED_CONFIG")]
    config: Option<PathBuf>,
    /// Who attacks: guess (the codes of one phone), spray (a few codes of many phones), pump (messages to numbers
    /// that earn from them), bomb (one phone with messages), harvest (invitation codes).
    #[arg(long, value_name = "ATTACK")]
    attack: String,
    #[command(flatten)]
    options: Options,
}

/// What all rows have in common.
#[derive(Clone)]
struct Run {
    attack: &'static Attack,
    options: Options,
    sessions: session::Policy,
    destination: Destination,
}

/// A row of the table: who plays, and which limits there are.
#[derive(Clone)]
struct Row {
    strategy: &'static Strategy,
    name: String,
    policy: Policy,
    is_first: bool,
}

impl Simulate {
    pub fn run(&self) -> Result<(), Failure> {
        let attack = ATTACKS.into_iter().find(|one| one.name == self.attack);
        let attack = attack.ok_or_else(|| {
            let names = ATTACKS.map(|attack| attack.name).join(", ");
            Failure::misconfigured(format!("--attack is not an attack: write one of {names}"))
        })?;
        let settings = Settings {
            config: self.config.clone(),
            database: None,
            keys: None,
        };
        let config = settings.read()?;
        let policy = config.guard();
        // Where messages cost most.
        let destinations = config.login.destinations.included();
        let priced =
            destinations.filter_map(|one| Some((Price::of(one.number(0)?, &policy.prices), one)));
        let (_, dearest) = priced.max_by_key(|(price, _)| *price).ok_or_else(|| {
            Failure::misconfigured("login.destinations covers no phone that there can be")
        })?;
        let run = Run {
            attack,
            options: self.options,
            sessions: config.sessions(),
            destination: dearest.clone(),
        };
        let strategies = attack.strategies.iter();
        let rows: Vec<_> = strategies.flat_map(|one| rows(one, &policy)).collect();
        let results = run.results(&rows)?;
        print(&run.report(&rows, &results))
    }
}

fn rows(strategy: &'static Strategy, policy: &Policy) -> Vec<Row> {
    let row = |name: &str, policy, is_first| Row {
        strategy,
        name: name.to_owned(),
        policy,
        is_first,
    };
    let without = strategy.ablations.iter().filter_map(|take_away| {
        let mut policy = policy.clone();
        let name = take_away(&mut policy)?;
        Some(row(&format!("without {name}"), policy, false))
    });
    once(row("as configured", policy.clone(), true))
        .chain(without)
        .chain([row("without any limit", unbounded(policy.clone()), false)])
        .collect()
}

impl Run {
    /// Plays all rows at once: every store has a thread of its own.
    fn results(&self, rows: &[Row]) -> Result<Vec<RunResult>, Failure> {
        let style =
            ProgressStyle::with_template("{bar:40} {human_pos} of {human_len} days, {eta} to go");
        let bar = ProgressBar::new(u64::from(self.options.days) * rows.len() as u64)
            .with_style(style.expect("a template that can be read"));
        let results = rows.iter().map(|row| self.play(row, &bar));
        let results = run_now(async { join_all(results).await.into_iter().collect() });
        bar.finish_and_clear();
        results
    }

    /// Plays a row, in one transaction.
    async fn play(&self, row: &Row, bar: &ProgressBar) -> Result<RunResult, Failure> {
        let folder = TempDir::with_prefix("invited-simulate-").map_err(failed)?;
        let location = Location::Sqlite(folder.path().join("simulated.db"));
        Store::migrate(&location).map_err(failed)?;
        let store = Store::open_to_fill(&location).map_err(failed)?;
        let (run, row, bar) = (self.clone(), row.clone(), bar.clone());
        let days = if row.is_first { EXACT } else { 1 };
        let enough = run.options.requests.saturating_mul(days);
        let played = store.write(move |tx| {
            tx.lock(&[Subject::Invitations])?;
            let (policy, destination) = (row.policy.clone(), run.destination.clone());
            let service = Service::new(tx, run.sessions, policy, destination);
            let mut world = World::new(service, run.attack.pace, run.options, enough, &bar);
            let Err(stop) = (row.strategy.play)(&mut world);
            match stop {
                Stop::Over => Ok(world.result),
                Stop::Store(error) => Err(error),
            }
        });
        played.await.map_err(failed)
    }

    fn report(&self, rows: &[Row], results: &[RunResult]) -> String {
        let Attack { about, columns, .. } = self.attack;
        let line = |(row, result): (&Row, &RunResult)| {
            let above = row.strategy.name.filter(|_| row.is_first);
            let figures = columns.iter().map(|(_, figure)| figure(result));
            (above, once(row.name.clone()).chain(figures).collect())
        };
        let lines: Vec<_> = zip(rows, results).map(line).collect();
        let days = match self.options.days {
            1 => "1 day".to_owned(),
            days => format!("{days} days"),
        };
        let heads = columns
            .iter()
            .map(|(head, _)| head.replace("{days}", &days));
        let (requests, table) = (self.options.requests, table(heads, &lines));
        let note = if table.contains('~') { NOTE } else { "" };
        format!("{about}\nAt most {requests} requests a day.\n\n{table}{note}")
    }
}

fn failed(error: impl Display) -> Failure {
    Failure::of(format!("simulating failed: {error}"))
}
