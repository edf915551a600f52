//! Every run of an attack, and the table that tells of them.

use std::{iter::once, thread};

use indicatif::{ProgressBar, ProgressStyle};

use super::{
    Attack, Player,
    ablation::Ablation,
    engine::Engine,
    score::Outcome,
    service::Service,
    table::{Line, table, wrapped},
    world::World,
};
use crate::{cli::Failure, config::Config, domain::guard::Policy};

const NOTE: &str = "\n~ reckoned up from the first days, for the others would be like them\n";

/// So many days' requests are enough to know a row that lacks no limit, and
/// those of one day any other.
const EXACT: u32 = 4;

/// What is played.
pub struct Run {
    /// The settings of the installation.
    pub config: Config,
    /// How long.
    pub days: u32,
    /// Requests of an attacker on a day, at most.
    pub requests: u32,
    /// Prefixes of whoever earns from messages.
    pub prefixes: u32,
    /// People who have an invitation code.
    pub users: u32,
    /// Whether messages cost anything.
    pub has_prices: bool,
}

/// A row of the table: who plays, and which limits there are.
struct Row<'a> {
    player: &'a Player,
    name: String,
    policy: Policy,
    /// Whether it lacks a limit.
    lacks: bool,
}

impl Run {
    /// A figure over the whole time, with its head.
    pub fn in_all(&self, what: &str, figure: String) -> (String, String) {
        let days = if self.days == 1 { "day" } else { "days" };
        (format!("{what}\nin {} {days}", self.days), figure)
    }

    /// Plays the attack with every limit, then without one or another, and
    /// tells how it went.
    pub fn tell(&self, attack: &Attack) -> Result<String, Failure> {
        let rows: Vec<_> = attack
            .players
            .iter()
            .flat_map(|player| self.rows(player))
            .collect();
        let (mut heads, mut lines) = (Vec::new(), Vec::new());
        for (row, outcome) in rows.iter().zip(self.outcomes(attack, &rows)?) {
            if !row.lacks && !row.player.name.is_empty() {
                let (name, cells) = (format!("{}:", row.player.name), Vec::new());
                lines.push(Line { name, cells });
            }
            let figures = (attack.figures)(&outcome, self);
            let (names, cells) = figures.into_iter().unzip();
            heads = names;
            let name = row.name.clone();
            lines.push(Line { name, cells });
        }
        let mut cells = lines.iter().flat_map(|line| &line.cells);
        let note = cells.any(|cell| cell.starts_with('~')).then_some(NOTE);
        let about = format!("{} At most {} requests a day.", attack.about, self.requests);
        Ok(format!(
            "{}\n{}{}",
            wrapped(&about),
            table(&heads, &lines),
            note.unwrap_or_default()
        ))
    }

    fn rows<'a>(&self, player: &'a Player) -> Vec<Row<'a>> {
        let policy = self.config.guard();
        let row = |name: String, policy, lacks| Row {
            player,
            name,
            policy,
            lacks,
        };
        let without = player.ablations.iter().filter_map(|ablation| {
            let name = format!("without {}", ablation.name());
            Some(row(name, ablation.removed_from(&policy)?, true))
        });
        let bare = Ablation::all_removed_from(&policy);
        once(row("as configured".to_owned(), policy.clone(), false))
            .chain(without)
            .chain([row("without any limit".to_owned(), bare, true)])
            .collect()
    }

    /// Plays all rows at once.
    fn outcomes(&self, attack: &Attack, rows: &[Row<'_>]) -> Result<Vec<Outcome>, Failure> {
        let bar = &progress(self.days, rows.len());
        let play = |row: &Row<'_>| {
            let service = Service::new(&self.config, row.policy.clone()).ok_or_else(|| {
                Failure::misconfigured("login.destinations covers no phone that there can be")
            })?;
            let mut world = World::new(service, attack.pace, self.days, self.requests);
            let days = if row.lacks { 1 } else { EXACT };
            world.enough = self.requests.saturating_mul(days);
            Engine::new(world, (row.player.attacker)(self)).play(bar)
        };
        let outcomes = thread::scope(|scope| {
            let runs: Vec<_> = rows
                .iter()
                .map(|row| scope.spawn(move || play(row)))
                .collect();
            let broken = |_| Err(Failure::of("simulating failed: a run was given up"));
            runs.into_iter()
                .map(|run| run.join().unwrap_or_else(broken))
                .collect()
        });
        bar.finish_and_clear();
        outcomes
    }
}

fn progress(days: u32, runs: usize) -> ProgressBar {
    let style =
        ProgressStyle::with_template("{bar:40} {human_pos} of {human_len} days, {eta} to go");
    let bar = ProgressBar::new(u64::from(days) * runs as u64);
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
