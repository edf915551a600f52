//! `invited simulate`: what attackers could do here, in figures.
//!
//! Attackers who know every rule play against the rules themselves, with this
//! installation's limits, over a store in a temporary folder and on a clock
//! that only they move: when they are told to wait, the wait is over at once.
//! Then they play again without one limit or another, to show what it is
//! worth. The installation's own database and keys are not looked at.
//!
//! One file an attack. [`run`] plays it, [`world`] is what an attacker acts
//! in, [`service`] the service, [`bystanders`] its other users, [`result`] what
//! came of it.

mod ablation;
mod bomb;
mod bystanders;
mod guess;
mod harvest;
mod pump;
mod result;
mod run;
mod service;
mod spray;
mod table;
mod world;

use std::{path::PathBuf, time::Duration};

use clap::Args;

use self::{
    ablation::Ablation,
    result::RunResult,
    run::{Run, report},
    world::World,
};
use super::{failure::Failure, settings::Settings, terminal::print};
use crate::domain::error::StoreError;

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);
const ATTACKS: [&Attack; 5] = [
    &guess::ATTACK,
    &spray::ATTACK,
    &pump::ATTACK,
    &bomb::ATTACK,
    &harvest::ATTACK,
];

type Result<T, E = StoreError> = std::result::Result<T, E>;

/// An attack, and how it is played and told.
struct Attack {
    name: &'static str,
    about: &'static str,
    /// The least time between two requests.
    pace: Duration,
    strategies: &'static [Strategy],
    /// What stands above each figure; `{days}` is how long the attack lasts.
    heads: &'static [&'static str],
    /// The figures. One that is empty in every row is left out.
    figures: fn(&RunResult, &Run) -> Vec<String>,
}

/// A way to play an attack.
struct Strategy {
    /// What is special of it, if there is another way.
    name: &'static str,
    /// What is taken away, one at a time.
    ablations: &'static [Ablation],
    /// Plays until the world's time is over.
    play: fn(&mut World<'_>, &Run) -> Result<()>,
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
    #[command(flatten)]
    options: Options,
}

#[derive(Args, Clone, Copy)]
struct Options {
    /// For how long.
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=365))]
    days: u32,
    /// How many requests a day an attacker makes at most.
    #[arg(long, value_name = "N", default_value_t = 50_000, value_parser = clap::value_parser!(u32).range(1..))]
    requests: u32,
    /// How many prefixes of 10 000 numbers earn from messages.
    #[arg(long, value_name = "N", default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    prefixes: u32,
    /// How many people have an invitation code to be hit.
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    users: u32,
}

impl Simulate {
    pub fn run(&self) -> Result<(), Failure> {
        let names = ATTACKS.map(|attack| attack.name).join(", ");
        let attack = ATTACKS
            .into_iter()
            .find(|attack| attack.name == self.attack);
        let attack = attack.ok_or_else(|| {
            Failure::misconfigured(format!("--attack is not an attack: write one of {names}"))
        })?;
        let settings = Settings {
            config: self.config.clone(),
            database: None,
            keys: None,
        };
        print(&report(Run {
            config: settings.read()?,
            attack,
            options: self.options,
        })?)
    }
}
