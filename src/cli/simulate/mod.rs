//! `invited simulate`: what attackers could do here, in figures.
//!
//! Attackers who know every rule play against the rules themselves, with this
//! installation's limits, over a store in a temporary folder and on a clock
//! that only they move: when they are told to wait, the wait is over at once.
//! Then they play again without one limit or another, to show what it is
//! worth. The installation's own database and keys are not looked at.
//!
//! One file an attack; [`house`] is the service, [`world`] all that is around
//! an attacker.

mod bomb;
mod crowd;
mod game;
mod guess;
mod harvest;
mod house;
mod pump;
mod score;
mod shield;
mod spray;
mod table;
mod world;

use std::{iter::once, path::PathBuf, thread, time::Duration};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use self::{
    game::Game,
    house::House,
    score::Outcome,
    shield::Shield,
    table::{Line, grouped, table, wrapped},
    world::{Attacker, World},
};
use super::{Failure, Settings, print};
use crate::{config::Config, domain::guard::Policy};

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);
const NOTE: &str = "\n~ as on the first day on which no request was left\n";

const ATTACKS: [Attack; 5] = [
    guess::ATTACK,
    spray::ATTACK,
    pump::ATTACK,
    bomb::ATTACK,
    harvest::ATTACK,
];

/// An attack, and how it is played and told.
struct Attack {
    name: &'static str,
    about: &'static str,
    /// The least time between two requests.
    pace: Duration,
    /// Who plays it.
    players: &'static [Player],
    /// The heads and the cells of its table.
    figures: fn(&Outcome, &Play) -> Vec<(String, String)>,
}

/// A way to play an attack.
struct Player {
    /// What is special of it, if there is another way.
    name: &'static str,
    /// What is taken away, one at a time.
    shields: &'static [Shield],
    attacker: fn() -> Box<dyn Attacker>,
}

#[derive(Args)]
pub struct Simulate {
    /// A TOML file with settings (`invited config` prints one).
    #[arg(long, value_name = "FILE", env = "INVITED_CONFIG")]
    config: Option<PathBuf>,
    /// Who attacks: guess (the codes of one phone), spray (a few codes of many phones), pump (messages to numbers
    /// that earn from them), bomb (one phone with messages), harvest (invitation codes).
    #[arg(long, value_name = "ATTACK")]
    attack: String,
    /// For how long.
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=365))]
    days: u32,
    /// How many requests a day an attacker makes at most.
    #[arg(long, value_name = "N", default_value_t = 50_000, value_parser = clap::value_parser!(u32).range(1..))]
    requests: u32,
    /// How many people have an invitation code to be hit.
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    users: u32,
}

/// What is played.
struct Play {
    config: Config,
    days: u32,
    requests: u32,
    users: u32,
    has_prices: bool,
}

impl Simulate {
    pub fn run(&self) -> Result<(), Failure> {
        let names = ATTACKS.map(|attack| attack.name).join(", ");
        let attack = ATTACKS.iter().find(|attack| attack.name == self.attack);
        let attack = attack.ok_or_else(|| {
            Failure::misconfigured(format!("--attack is no attack: write one of {names}"))
        })?;
        let settings = Settings {
            config: self.config.clone(),
            database: None,
            keys: None,
        };
        let config = settings.read()?;
        let play = Play {
            has_prices: !config.budget.prices.is_empty(),
            config,
            days: self.days,
            requests: self.requests,
            users: self.users,
        };
        print(&play.tell(attack)?)
    }
}

impl Play {
    /// A figure over the whole time, with its head.
    fn in_all(&self, what: &str, figure: String) -> (String, String) {
        let days = if self.days == 1 { "day" } else { "days" };
        (format!("{what}\nin {} {days}", self.days), figure)
    }

    /// Plays the attack with every limit, then without one or another, and
    /// tells how it went.
    fn tell(&self, attack: &Attack) -> Result<String, Failure> {
        let games: usize = attack
            .players
            .iter()
            .map(|player| self.rows(player).len())
            .sum();
        let bar = progress(self.days, games);
        let (mut heads, mut lines) = (Vec::new(), Vec::new());
        for player in attack.players {
            if attack.players.len() > 1 {
                let (name, cells) = (format!("{}:", player.name), Vec::new());
                lines.push(Line { name, cells });
            }
            let rows = self.rows(player);
            for (row, outcome) in rows.iter().zip(self.outcomes(attack, player, &rows, &bar)?) {
                let figures = (attack.figures)(&outcome, self);
                let (names, cells) = figures.into_iter().unzip();
                heads = names;
                let name = row.name.clone();
                lines.push(Line { name, cells });
            }
        }
        bar.finish_and_clear();
        let mut cells = lines.iter().flat_map(|line| &line.cells);
        let note = cells.any(|cell| cell.starts_with('~')).then_some(NOTE);
        let requests = grouped(self.requests.into());
        let about = format!("{} At most {requests} requests a day.", attack.about);
        Ok(format!(
            "{}\n{}{}",
            wrapped(&about),
            table(&heads, &lines),
            note.unwrap_or_default()
        ))
    }

    fn rows(&self, player: &Player) -> Vec<Row> {
        let policy = self.config.guard();
        let without = player.shields.iter().filter_map(|shield| {
            let policy = shield.removed_from(&policy)?;
            let name = format!("without {}", shield.name());
            Some(Row { name, policy })
        });
        let row = |name: &str, policy| Row {
            name: name.to_owned(),
            policy,
        };
        let bare = row("without any limit", Shield::all_removed_from(&policy));
        once(row("as configured", policy.clone()))
            .chain(without)
            .chain([bare])
            .collect()
    }

    fn outcomes(
        &self,
        attack: &Attack,
        player: &Player,
        rows: &[Row],
        bar: &ProgressBar,
    ) -> Result<Vec<Outcome>, Failure> {
        let play = |row: &Row| {
            let house = House::new(&self.config, row.policy.clone()).ok_or_else(|| {
                Failure::misconfigured("login.destinations covers no phone that there can be")
            })?;
            let world = World::new(house, attack.pace, self.days, self.requests);
            Game::new(world, (player.attacker)()).play(bar)
        };
        thread::scope(|scope| {
            let games: Vec<_> = rows
                .iter()
                .map(|row| scope.spawn(move || play(row)))
                .collect();
            let broken = |_| Err(Failure::of("simulating failed: a game was given up"));
            games
                .into_iter()
                .map(|game| game.join().unwrap_or_else(broken))
                .collect()
        })
    }
}

/// A row of the table: which limits there are.
struct Row {
    name: String,
    policy: Policy,
}

fn progress(days: u32, games: usize) -> ProgressBar {
    let style =
        ProgressStyle::with_template("{bar:40} {human_pos} of {human_len} days, {eta} to go");
    let bar = ProgressBar::new(u64::from(days) * games as u64);
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
