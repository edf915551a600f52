//! What the executable says of itself.

use std::{fs, os::unix::process::ExitStatusExt, path::Path, process::Command};

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::server::run;

#[test]
fn documents_are_printed_without_a_server() {
    let folder = TempDir::new().unwrap();
    let document: Value = serde_json::from_slice(&run(folder.path(), &["openapi"]).stdout).unwrap();
    assert_eq!(document["info"]["title"], "invited");
    assert!(
        String::from_utf8(run(folder.path(), &["config"]).stdout)
            .unwrap()
            .contains("[limits]")
    );
    assert!(
        String::from_utf8(run(folder.path(), &["help"]).stdout)
            .unwrap()
            .contains("seed")
    );
    assert_eq!(run(folder.path(), &[]).status.code(), Some(2));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    assert_eq!(run(folder.path(), &["help"]).status.signal(), None);
}

/// Everything that `--help` prints, of every command and its own.
fn helps(folder: &Path) -> Vec<String> {
    let commands: [&[&str]; 15] = [
        &[],
        &["serve"],
        &["migrate"],
        &["seed"],
        &["openapi"],
        &["keys"],
        &["keys", "adopt"],
        &["keys", "new-epoch"],
        &["simulate"],
        &["sms"],
        &["sms", "test"],
        &["sms", "check"],
        &["sms", "list"],
        &["config"],
        &["keys", "rotate"],
    ];
    let help = |command: &&[&str]| {
        let output = run(folder, &[command, &["--help"][..]].concat());
        String::from_utf8(output.stdout).unwrap()
    };
    commands.iter().map(help).collect()
}

#[test]
fn help_is_plain_text_that_fits_a_terminal() {
    let folder = TempDir::new().unwrap();
    for help in helps(folder.path()) {
        assert!(
            !help.is_empty() && !help.contains(['`', '\u{1b}']) && !help.contains("<http"),
            "{help}"
        );
        // Without a terminal, 100 columns are taken for granted.
        let longest = help.lines().map(|line| line.chars().count()).max();
        assert!(longest <= Some(100), "{help}");
    }
    let presets = invited::sms::presets::ALL.iter().map(|(name, _)| *name);
    let names: Vec<_> = presets.chain(["console", "file:PATH"]).collect();
    for command in ["serve", "sms"] {
        let help = run(folder.path(), &[command, "--help"]);
        let help = String::from_utf8(help.stdout).unwrap();
        assert!(names.iter().all(|name| help.contains(name)), "{help}");
    }
}

#[test]
fn settings_are_understood_before_and_after_what_they_are_for() {
    let folder = TempDir::new().unwrap();
    fs::write(
        folder.path().join("own.toml"),
        "keys = \"own.json\"\n[sms]\ngateway = \"file:own.jsonl\"",
    )
    .unwrap();
    let own = ["--config", "own.toml"];
    for arguments in [
        [&["sms"], &own[..], &["list"]].concat(),
        [&["sms", "list"], &own[..]].concat(),
    ] {
        let told = String::from_utf8(run(folder.path(), &arguments).stdout).unwrap();
        assert!(told.contains("*           file\n"), "{told}");
    }
    for arguments in [
        [&["keys"], &own[..], &["show"]].concat(),
        [&["keys", "show"], &own[..]].concat(),
    ] {
        let told = String::from_utf8(run(folder.path(), &arguments).stderr).unwrap();
        assert!(told.contains("own.json does not exist"), "{told}");
    }
}

#[test]
fn the_version_names_the_commit_and_the_engine() {
    let folder = TempDir::new().unwrap();
    let version = String::from_utf8(run(folder.path(), &["--version"]).stdout).unwrap();
    let git = |arguments: &[&str]| {
        let output = Command::new("git")
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .args(arguments)
            .output();
        output
            .ok()
            .filter(|output| output.status.success())
            .map(|output| output.stdout)
    };
    let own = format!("invited {} (", env!("CARGO_PKG_VERSION"));
    let engine = format!("SQLite {})\n", rusqlite::version());
    assert!(
        version.starts_with(&own) && version.ends_with(&engine),
        "{version}"
    );
    match git(&["rev-parse", "--short=12", "HEAD"]) {
        Some(commit) => assert!(version.contains(&format!(
            "commit {}",
            String::from_utf8(commit).unwrap().trim()
        ))),
        None => assert!(!version.contains("commit")),
    }
}
