//! For how long an attack is played, with how much, and what came of it in
//! figures.

use std::time::Duration;

use clap::Args;

use super::{
    bystanders::Bystanders,
    service::{BEGINNING, DAY, HOUR},
    table::grouped,
};
use crate::domain::{guard::LONG, money::Money, time::Timestamp};

#[derive(Args, Clone, Copy)]
pub struct Options {
    /// For how long.
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=365))]
    pub days: u32,
    /// How many requests a day an attacker makes at most.
    #[arg(long, value_name = "N", default_value_t = 50_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub requests: u32,
    /// How many prefixes of 10 000 numbers earn from messages.
    #[arg(long, value_name = "N", default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub prefixes: u32,
    /// How many people have an invitation code to be hit.
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    pub users: u32,
}

/// What came of an attack that was played to its end, or that was broken off
/// and is reckoned up.
pub struct RunResult {
    pub options: Options,
    /// Whether it is known what messages cost.
    pub is_priced: bool,
    pub first_hour: f64,
    /// How likely it is that every guess so far was wrong.
    survival: f64,
    days: Vec<Day>,
    pub bystanders: Bystanders,
    /// How long it was played so far.
    pub played: Duration,
}

/// What was done within a day.
#[derive(Debug, Clone, Copy, Default)]
pub struct Day {
    pub messages: f64,
    /// What they cost, in whole units of the currency.
    pub cost: f64,
    /// Guesses at codes of less than six digits that were evaluated.
    pub short: f64,
    /// Guesses at longer codes that were evaluated.
    pub long: f64,
    /// How many of these guesses are to be expected to be right.
    pub hits: f64,
    /// Invitation codes that were tried.
    pub codes: f64,
}

impl RunResult {
    pub fn new(options: Options, is_priced: bool) -> Self {
        Self {
            options,
            is_priced,
            first_hour: 0.0,
            survival: 1.0,
            days: Vec::new(),
            bystanders: Bystanders::default(),
            played: Duration::ZERO,
        }
    }

    /// How long the attack is to last.
    pub fn whole(&self) -> Duration {
        DAY * self.options.days
    }

    pub fn day(&mut self, at: Timestamp) -> &mut Day {
        let day = at.since(BEGINNING).as_secs() / DAY.as_secs();
        let day = usize::try_from(day).unwrap_or(usize::MAX);
        if self.days.len() <= day {
            self.days.resize(day + 1, Day::default());
        }
        &mut self.days[day]
    }

    pub fn message(&mut self, at: Timestamp, price: Money) {
        if at.since(BEGINNING) < HOUR {
            self.first_hour += 1.0;
        }
        let units = u32::try_from(price.units()).unwrap_or(u32::MAX);
        let day = self.day(at);
        day.messages += 1.0;
        day.cost += f64::from(units) / 10_000.0;
    }

    /// Writes a guess down that was evaluated, after `tried` others at a code.
    pub fn guess(&mut self, at: Timestamp, digits: usize, tried: u32) {
        let codes = (0..digits).fold(1.0, |codes, _| codes * 10.0);
        self.survival *= 1.0 - 1.0 / (codes - f64::from(tried)).max(1.0);
        let day = self.day(at);
        day.hits += 1.0 / codes;
        if digits < LONG {
            day.short += 1.0;
        } else {
            day.long += 1.0;
        }
    }

    /// A figure as text, in whole numbers, marked when it was reckoned up.
    pub fn number(&self, figure: f64) -> String {
        self.mark(&grouped(figure))
    }

    pub fn total(&self, of: fn(&Day) -> f64) -> String {
        self.number(self.in_all(of))
    }

    pub fn worst(&self, of: fn(&Day) -> f64) -> String {
        self.number(self.worst_day(of))
    }

    pub fn daily(&self, of: fn(&Day) -> f64) -> String {
        self.number(self.a_day(of))
    }

    pub fn decimal(&self, figure: f64) -> String {
        self.mark(&format!("{figure:.2}"))
    }

    fn mark(&self, figure: &str) -> String {
        let mark = if self.played < self.whole() { "~" } else { "" };
        format!("{mark}{figure}")
    }

    fn times(&self) -> f64 {
        self.whole().as_secs_f64() / self.played.as_secs_f64()
    }

    /// A sum over the time that was played.
    pub fn so_far(&self, of: fn(&Day) -> f64) -> f64 {
        self.days.iter().map(of).sum()
    }

    /// A sum over the whole time, reckoned up if it was not all played.
    pub fn in_all(&self, of: fn(&Day) -> f64) -> f64 {
        self.so_far(of) * self.times()
    }

    pub fn a_day(&self, of: fn(&Day) -> f64) -> f64 {
        self.in_all(of) * DAY.as_secs_f64() / self.whole().as_secs_f64()
    }

    pub fn worst_day(&self, of: fn(&Day) -> f64) -> f64 {
        let average = self.a_day(of);
        self.days.iter().map(of).fold(average, f64::max)
    }

    /// How likely a takeover is, in all.
    pub fn chance(&self) -> f64 {
        1.0 - self.survival.powf(self.times())
    }
}
