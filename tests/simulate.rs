//! The attack simulator: what it promises of the defaults, and that it leaves
//! the installation alone.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use tempfile::TempDir;

use crate::harness::server::{command, run};

/// Few requests, for they take their time.
const FEW: [&str; 4] = ["--days", "1", "--requests", "300"];

fn simulate(folder: &Path, attack: &str) -> Command {
    let mut command = command(folder);
    command.args(["simulate", "--attack", attack]);
    command
}

fn told(output: &Output) -> &str {
    let error = str::from_utf8(&output.stderr).unwrap();
    assert!(output.status.success(), "{error}");
    str::from_utf8(&output.stdout).unwrap()
}

/// The cells of the first row of that name.
fn row<'t>(table: &'t str, name: &str) -> Vec<&'t str> {
    rows(table, name).swap_remove(0)
}

/// The cells of every row of that name.
fn rows<'t>(table: &'t str, name: &str) -> Vec<Vec<&'t str>> {
    let lines = table.lines().filter_map(|line| line.strip_prefix(name));
    let cells = lines.map(|line| line.split("  ").map(str::trim));
    cells
        .map(|cells| cells.filter(|cell| !cell.is_empty()).collect())
        .collect()
}

/// N of "1 in N".
fn one_in(cell: &str) -> u32 {
    let number = cell.strip_prefix("1 in ").unwrap();
    number.replace(' ', "").parse().unwrap()
}

#[test]
fn a_phone_is_taken_over_less_than_once_in_1800_days_and_once_in_500_months() {
    let folder = TempDir::new().unwrap();
    let output = simulate(folder.path(), "guess")
        .args(["--days", "30", "--requests", "2000"])
        .output()
        .unwrap();
    let players = rows(told(&output), "as configured");
    // Twice as often with stolen devices, however many: they share what one has.
    for (cells, times) in players.iter().zip([1, 2]) {
        let [_, short, long, in_a_day, in_a_month, owner] = cells[..] else {
            panic!("{cells:?}")
        };
        assert!(
            one_in(in_a_day) >= 1800 / times && one_in(in_a_month) >= 500 / times,
            "{cells:?}"
        );
        // All that the limits let: the promise is not kept by an idle attacker.
        assert_eq!(short, (10 * times).to_string());
        let long: u32 = long.replace(' ', "").parse().unwrap();
        assert!(long > 850 * times, "{cells:?}");
        assert!(times == 2 || owner == "30 of 30", "{cells:?}");
    }
    assert_eq!(players.len(), 2);
}

#[test]
fn one_account_of_all_is_taken_over_in_twenty_days_at_most() {
    let folder = TempDir::new().unwrap();
    let output = simulate(folder.path(), "spray")
        .args(["--days", "2", "--requests", "6000"])
        .output()
        .unwrap();
    let players = rows(told(&output), "as configured");
    let number = |cell: &str| cell.trim_start_matches('~').parse::<f64>().unwrap();
    for cells in &players {
        assert!(number(cells[3]) <= 0.05, "{cells:?}");
        assert!(number(cells[1]) > 50.0, "an idle attacker: {cells:?}");
    }
    assert_eq!(players.len(), 2);
}

#[test]
fn every_attack_is_played_and_told_in_a_table() {
    let folder = TempDir::new().unwrap();
    for attack in ["guess", "spray", "pump", "bomb", "harvest"] {
        let output = simulate(folder.path(), attack).args(FEW).output().unwrap();
        let table = told(&output);
        assert!(row(table, "as configured").len() > 3, "{table}");
        assert!(row(table, "without any limit").len() > 3, "{table}");
    }
}

#[test]
fn an_unknown_attack_is_refused_in_a_sentence() {
    let folder = TempDir::new().unwrap();
    let output = run(folder.path(), &["simulate", "--attack", "phish"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        str::from_utf8(&output.stderr).unwrap(),
        "invited: --attack is not an attack: write one of guess, spray, pump, bomb, harvest\n"
    );
}

#[test]
fn the_limits_of_the_installation_are_played_against() {
    let folder = TempDir::new().unwrap();
    let bombed = |limit: &str| {
        let mut command = simulate(folder.path(), "bomb");
        let command = command
            .args(FEW)
            .env("INVITED_LIMITS__SENDS_PER_PHONE", limit);
        row(told(&command.output().unwrap()), "as configured")[0].to_owned()
    };
    assert_eq!(
        (bombed("4/24h"), bombed("7/24h")),
        ("4".to_owned(), "7".to_owned())
    );
    // What is off already cannot be taken away.
    let mut command = simulate(folder.path(), "bomb");
    let command = command
        .args(FEW)
        .env("INVITED_LIMITS__SENDS_PER_PHONE", "off");
    assert!(!told(&command.output().unwrap()).contains("without sends_per_phone"));
}

#[test]
fn prices_turn_messages_into_money() {
    let folder = TempDir::new().unwrap();
    let output = simulate(folder.path(), "pump")
        .args(FEW)
        .env("INVITED_LOGIN__DESTINATIONS", "+79#########, +998#########")
        .env("INVITED_BUDGET__PRICES", "+79=2, +998=10")
        .env("INVITED_BUDGET__AMOUNTS", "1000/24h")
        .output()
        .unwrap();
    let table = told(&output);
    assert_eq!(row(table, "as configured")[2..4], ["100", "1 000"]);
    assert_eq!(row(table, "without budget")[2..4], ["300", "3 000"]);
}

#[test]
fn nothing_of_the_installation_is_touched_and_nothing_left_behind() {
    let folder = TempDir::new().unwrap();
    let files = || {
        let entries = fs::read_dir(folder.path()).unwrap();
        let files = entries.map(|entry| entry.unwrap().path());
        let mut files: Vec<_> = files.map(|path| (fs::read(&path).unwrap(), path)).collect();
        files.sort();
        files
    };
    let play = || {
        let mut command = simulate(folder.path(), "bomb");
        let command = command.args(FEW).env("TMPDIR", folder.path());
        told(&command.output().unwrap()).to_owned()
    };
    let first = play();
    assert_eq!(files(), []);
    for file in ["invited.db", "invited.keys.json"] {
        fs::write(folder.path().join(file), "of somebody else").unwrap();
    }
    let before = files();
    assert_eq!(play(), first, "the same figures every time");
    assert_eq!(files(), before);
}
