//! Every run of an attack: each strategy with all limits, then without one or
//! another, each over a store of its own; and the table that tells of them.

use std::{fmt::Display, iter::once, sync::Arc, thread};

use indicatif::{ProgressBar, ProgressStyle};
use tempfile::TempDir;
use tokio::runtime::Builder;

use super::{
    Attack, Options, Result, Strategy,
    ablation::Ablation,
    result::RunResult,
    service::{Service, dearest},
    table::{Line, table},
    world::World,
};
use crate::{
    cli::Failure,
    config::Config,
    domain::{error::StoreError, guard::Policy},
    store::{Location, Store},
};

const NOTE: &str = "\n~ reckoned up from the first days, for the others would be like them\n";

/// So many days' requests are enough to know a row that lacks no limit, and
/// those of one day any other.
const EXACT: u32 = 4;

/// What is played.
pub struct Run {
    pub config: Config,
    pub attack: &'static Attack,
    /// For how long, with how much.
    pub options: Options,
}

/// A row of the table: who plays, and which limits there are.
struct Row {
    strategy: &'static Strategy,
    name: String,
    policy: Policy,
    /// Whether it lacks a limit.
    lacks: bool,
}

/// Plays the attack, and tells how it went.
pub fn report(run: Run) -> Result<String, Failure> {
    let (attack, run) = (run.attack, Arc::new(run));
    let rows: Vec<_> = attack.strategies.iter().flat_map(|s| run.rows(s)).collect();
    let results = outcomes(&run, &rows)?;
    let line = |(row, result): (&Row, &RunResult)| Line {
        above: (!row.lacks && !row.strategy.name.is_empty()).then_some(row.strategy.name),
        name: row.name.clone(),
        cells: (attack.figures)(result, &run),
    };
    let lines: Vec<_> = rows.iter().zip(&results).map(line).collect();
    let days = if run.options.days == 1 { "day" } else { "days" };
    let days = format!("{} {days}", run.options.days);
    let heads = attack
        .heads
        .iter()
        .map(|head| head.replace("{days}", &days));
    let mut cells = lines.iter().flat_map(|line| &line.cells);
    let note = cells.any(|cell| cell.starts_with('~')).then_some(NOTE);
    Ok(format!(
        "{}\nAt most {} requests a day.\n\n{}{}",
        attack.about,
        run.options.requests,
        table(heads, &lines),
        note.unwrap_or_default()
    ))
}

impl Run {
    fn rows(&self, strategy: &'static Strategy) -> Vec<Row> {
        let policy = self.config.guard();
        let row = |name: String, policy, lacks| Row {
            strategy,
            name,
            policy,
            lacks,
        };
        let without = strategy.ablations.iter().filter_map(|ablation| {
            let name = format!("without {}", ablation.name());
            Some(row(name, ablation.removed_from(&policy)?, true))
        });
        let bare = Ablation::all_removed_from(&policy);
        once(row("as configured".to_owned(), policy.clone(), false))
            .chain(without)
            .chain([row("without any limit".to_owned(), bare, true)])
            .collect()
    }
}

/// Plays all rows at once.
fn outcomes(run: &Arc<Run>, rows: &[Row]) -> Result<Vec<RunResult>, Failure> {
    let bar = &progress(run.options.days, rows.len());
    let results = thread::scope(|scope| {
        let all = rows
            .iter()
            .map(|row| scope.spawn(move || play(run, row, bar)));
        let all: Vec<_> = all.collect();
        let broken = |_| Err(Failure::of("simulating failed: a run was given up"));
        all.into_iter()
            .map(|one| one.join().unwrap_or_else(broken))
            .collect()
    });
    bar.finish_and_clear();
    results
}

/// Plays a row, in one transaction. `bar` is told of every day.
fn play(run: &Arc<Run>, row: &Row, bar: &ProgressBar) -> Result<RunResult, Failure> {
    let destination = dearest(&run.config, &row.policy).ok_or_else(|| {
        Failure::misconfigured("login.destinations covers no phone that there can be")
    })?;
    let folder = TempDir::with_prefix("invited-simulate-").map_err(failed)?;
    let location = Location::Sqlite(folder.path().join("simulated.db"));
    Store::migrate(&location).map_err(failed)?;
    let store = Store::open_to_fill(&location).map_err(failed)?;
    let days = if row.lacks { 1 } else { EXACT };
    let (run, bar) = (Arc::clone(run), bar.clone());
    let (policy, strategy) = (row.policy.clone(), row.strategy);
    let played = store.write(move |tx| {
        let service = Service::new(tx, &run.config, policy.clone(), destination.clone());
        let mut world = World::new(service, &run, &bar);
        world.enough = run.options.requests.saturating_mul(days);
        (strategy.play)(&mut world, &run)?;
        Ok::<_, StoreError>(world.result)
    });
    let runtime = Builder::new_current_thread().build().map_err(failed)?;
    runtime.block_on(played).map_err(failed)
}

fn failed(error: impl Display) -> Failure {
    Failure::of(format!("simulating failed: {error}"))
}

fn progress(days: u32, runs: usize) -> ProgressBar {
    let style =
        ProgressStyle::with_template("{bar:40} {human_pos} of {human_len} days, {eta} to go");
    let bar = ProgressBar::new(u64::from(days) * runs as u64);
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
