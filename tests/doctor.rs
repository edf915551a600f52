//! `invited doctor`: what has to be set right.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::postgres::sqlite_only;
use crate::harness::{
    intruder::Intruder,
    postgres,
    server::{Server, command, login, run},
};

/// What was found, and whether all is well.
fn findings(folder: &Path, settings: &[(&str, &str)]) -> (Vec<Value>, bool) {
    let mut command = command(folder);
    command.args(["doctor", "--json"]);
    let output = command.envs(settings.iter().copied()).output().unwrap();
    let text = str::from_utf8(&output.stdout).unwrap();
    let findings = serde_json::from_str(text).unwrap();
    (findings, output.status.success())
}

fn level<'f>(findings: &'f [Value], check: &str) -> &'f str {
    let of_check = findings.iter().filter(|one| one["check"] == check);
    let levels = of_check.map(|one| one["level"].as_str().unwrap());
    let order = |level: &&str| {
        ["green", "yellow", "red"]
            .iter()
            .position(|one| one == level)
    };
    levels.max_by_key(order).unwrap()
}

#[test]
fn all_is_well_before_the_first_start_while_serving_and_afterwards() {
    sqlite_only!("the disk of a file; tests/postgres has the others");
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    if !postgres::is_asked_for() {
        let (before, _) = findings(folder, &[]);
        assert_eq!(level(&before, "database"), "green");
    }
    assert_eq!(fs::read_dir(folder).unwrap().count(), 0);
    let server = Server::start(folder);
    login(&server.address, folder, "+79001234567").unwrap();
    let mut running = Some(server);
    for is_running in [true, false] {
        if !is_running {
            assert!(running.take().unwrap().stop().success());
        }
        let (found, _) = findings(folder, &[]);
        for check in [
            "clock", "folder", "gateway", "writing", "time", "alarm", "proxy",
        ] {
            assert_eq!(level(&found, check), "green", "{check}: {found:?}");
        }
        let is_red = |one: &Value| one["level"] == "red";
        assert!(!found.iter().any(is_red), "{found:?}");
    }
}

#[test]
fn what_is_wrong_has_a_remedy_and_an_exit_code() {
    sqlite_only!("the folder of a file; tests/postgres has the others");
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    fs::set_permissions(folder, fs::Permissions::from_mode(0o777)).unwrap();
    if postgres::is_asked_for() {
        Intruder::of(folder).run("ALTER TABLE refinery_schema_history RENAME TO other");
    }
    fs::write(folder.join("invited.db"), "not a database").unwrap();
    let (found, is_well) = findings(folder, &[("INVITED_LISTEN", "0.0.0.0:80")]);
    assert!(!is_well);
    for check in ["folder", "gateway", "database"] {
        assert_eq!(level(&found, check), "red", "{check}");
    }
    let is_advised = |one: &Value| one["level"] == "green" || one["remedy"] != "";
    assert!(found.iter().all(is_advised), "{found:?}");
    assert_eq!(
        fs::read(folder.join("invited.db")).unwrap(),
        b"not a database"
    );
    let output = run(folder, &["doctor"]);
    let told = str::from_utf8(&output.stdout).unwrap();
    assert!(
        told.contains("FAILED") && told.contains("chmod o-w"),
        "{told}"
    );
}

#[test]
fn a_proxy_that_nobody_named_is_found_by_its_header() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(folder.path());
    server
        .call(
            "GET",
            "/health/live",
            &[("x-forwarded-for", "203.0.113.7")],
            None,
        )
        .unwrap();
    let (found, _) = findings(folder.path(), &[]);
    assert_eq!(level(&found, "proxy"), "yellow");
    drop(server);
}

#[test]
fn a_clock_that_nothing_keeps_right_is_told() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    for (answer, expected) in [
        ("echo no", "yellow"),
        ("echo yes", "green"),
        ("echo no >&2; exit 1", "green"),
    ] {
        let fake = folder.join("timedatectl");
        fs::write(&fake, format!("#!/bin/sh\n{answer}\n")).unwrap();
        fs::set_permissions(&fake, fs::Permissions::from_mode(0o755)).unwrap();
        let (found, _) = findings(folder, &[("PATH", folder.to_str().unwrap())]);
        assert_eq!(level(&found, "ntp"), expected, "{answer}");
    }
}
