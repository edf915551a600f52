//! The table: printed row by row, since it takes minutes.

use super::measure::{Measure, Rounds, median};

const NOTE: &str = "\
The load generator runs on the same cores. Each figure is the median of its rounds, in which both sides are measured in
turn; a ratio is the median of the rounds' ratios.";
/// How wide names are.
const NAME: usize = 44;
const HEADS: [&str; 10] = [
    "ours",
    "theirs",
    "ratio",
    "ours",
    "theirs",
    "ratio",
    "p50",
    "p99",
    "p99.9",
    "their p99",
];
const WIDTHS: [usize; 10] = [10, 9, 7, 10, 9, 7, 10, 8, 8, 11];

/// Prints what is above all rows.
pub fn begin(machine: &str) {
    println!("{machine}\n{NOTE}\n");
    let [rates, times, latencies] =
        [&WIDTHS[..3], &WIDTHS[3..6], &WIDTHS[6..]].map(|part| part.iter().sum::<usize>());
    println!(
        "{:NAME$}{:>rates$}{:>times$}{:>latencies$}",
        "", "a second", "CPU, us for each", "latency, ms"
    );
    print_line("", &HEADS.map(str::to_owned));
}

/// Prints what the next rows have in common.
pub fn section(name: &str) {
    println!("\n{name}");
}

/// Prints a row.
pub fn row(name: &str, rounds: &Rounds) {
    let of = |side: usize, figure: fn(&Measure) -> f64| {
        median(rounds.iter().map(|round| figure(&round[side])))
    };
    let ratio = |figure: fn(&Measure) -> f64| {
        let ratios = rounds
            .iter()
            .map(|[ours, theirs]| figure(ours) / figure(theirs));
        median(ratios)
    };
    let cells = [
        known(of(0, |one| one.rate), 0),
        known(of(1, |one| one.rate), 0),
        known(ratio(|one| one.rate), 2),
        known(of(0, |one| one.cpu), 1),
        known(of(1, |one| one.cpu), 1),
        known(ratio(|one| one.cpu), 2),
        known(of(0, |one| one.quantiles[0]), 2),
        known(of(0, |one| one.quantiles[1]), 2),
        known(of(0, |one| one.quantiles[2]), 2),
        known(of(1, |one| one.quantiles[1]), 2),
    ];
    print_line(name, &cells);
}

fn print_line(name: &str, cells: &[String; 10]) {
    let cells = cells
        .iter()
        .zip(WIDTHS)
        .map(|(cell, width)| format!("{cell:>width$}"));
    let line = format!("{name:NAME$}{}", cells.collect::<String>());
    println!("{}", line.trim_end());
}

/// A figure to so many decimals; nothing where nothing was measured.
fn known(figure: f64, decimals: usize) -> String {
    if figure.is_nan() {
        return String::new();
    }
    format!("{figure:.decimals$}")
}
