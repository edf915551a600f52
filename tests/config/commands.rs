//! Settings as `invited config` prints and checks them.

use std::fs;

use invited::config::{Config, Entry, Layers};
use tempfile::TempDir;

use super::read;
use crate::harness::server::{Server, command, run};

#[test]
fn the_sample_is_a_file_that_changes_nothing() {
    let sample = Config::sample();
    let settings: String = sample
        .lines()
        .map(|line| {
            line.strip_prefix("# ")
                .filter(|line| line.contains(" = ") && !line.starts_with('"'))
                .unwrap_or(line)
                .to_owned()
                + "\n"
        })
        .collect();
    let settings: String = settings
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.to_owned() + "\n")
        .collect();
    assert_eq!(settings.matches(" = ").count(), Config::entries().count());
    let config = read(&[], &settings).unwrap();
    assert_eq!(
        format!("{config:?}"),
        format!("{:?}", Config::read(Layers::default()).unwrap())
    );
}

#[test]
fn the_settings_are_documented() {
    let row = |entry: Entry| {
        let (key, variable, default) = (entry.key, entry.variable(), entry.default);
        let help = entry.help.trim();
        format!("| `{key}` | `{variable}` | `{default}` | {help} |").replace("| `` |", "| |")
    };
    let rows: Vec<String> = Config::entries().map(row).collect();
    let documented = |page: &'static str| page.lines().filter(|line| line.contains("| `INVITED_"));

    let all: Vec<&str> = documented(include_str!("../../src/config/README.md")).collect();
    assert_eq!(all, rows, "the rows have to be:\n{}", rows.join("\n"));
    // The README has those that come first.
    for row in documented(include_str!("../README.md")) {
        assert!(rows.iter().any(|known| known == row), "{row}");
    }
}

#[test]
fn what_is_in_force_is_printed_with_its_place_and_without_secrets() {
    let folder = TempDir::new().unwrap();
    let file = "[login]\ncode_length = 6\n\n[sms.gateway.mine]\npreset = \"exolve\"\nkey = \"${env:KEY}\"\n";
    fs::write(folder.path().join("c.toml"), file).unwrap();
    let effective = ["config", "effective", "--config", "c.toml"];
    let mut command = command(folder.path());
    command.args(effective).env("KEY", "a-secret");
    let output = command
        .env("INVITED_LIMITS__SENDS_PER_PHONE", "5/1h")
        .output()
        .unwrap();
    let told = str::from_utf8(&output.stdout).unwrap();
    for line in [
        "code_length = 6  # login.code_length in c.toml, line 2",
        "sends_per_phone = \"5/1h\"  # INVITED_LIMITS__SENDS_PER_PHONE",
        "guesses_per_token = \"3\"",
        "\"*\" = [\"mine\"]",
        "key = \"***\"",
    ] {
        assert!(told.lines().any(|told| told == line), "{line}: {told}");
    }
    assert!(!told.contains("a-secret") && !told.contains("env:KEY"));
}

#[test]
fn a_configuration_is_checked_without_a_trace() {
    let folder = TempDir::new().unwrap();
    let output = run(folder.path(), &["config", "check"]);
    assert!(output.status.success());
    assert_eq!(output.stderr, b"the configuration is good\n");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    let server = Server::start(folder.path());
    let output = run(folder.path(), &["config", "check"]);
    assert!(output.status.success());
    drop(server);
    for wrong in [
        "[login]\ncode_length = 99\n",
        "[sms]\ngateway = \"nobody\"\n",
    ] {
        fs::write(folder.path().join("c.toml"), wrong).unwrap();
        let output = run(folder.path(), &["config", "check", "--config", "c.toml"]);
        assert_eq!(output.status.code(), Some(2), "{wrong}");
    }
}
