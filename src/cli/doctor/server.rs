//! What the running server says of itself, or the database without one, and
//! what gateways say.

use serde_json::Value;

use super::{
    database,
    finding::{Finding, Level},
};
use crate::{
    app::admin::Look,
    cli::{admin::Console, failure::Failure, sms::routes, terminal::run_now},
    config::{Config, Target},
    sms::Transcript,
    store::Location,
};

/// All of it.
pub fn findings(console: &Console, config: &Config) -> Vec<Finding> {
    let (mut findings, is_usable) = match &config.server.database {
        Location::Postgres(server) => database::findings(server),
        Location::Sqlite(path) if path.exists() => (Vec::new(), true),
        Location::Sqlite(_) => {
            let none = Finding::green("database", "there is none yet");
            (vec![none], false)
        }
    };
    if is_usable {
        match console.fetch(config, Look::Health) {
            Ok(health) => findings.extend(judge(config, &health)),
            Err(failure) => {
                let remedy = "see src/store/README.md";
                let said = failure.sentence;
                findings.push(Finding::of("database", Level::Red, said, remedy));
            }
        }
    }
    match gateways(config) {
        Ok(said) => findings.extend(said),
        Err(failure) => {
            let remedy = "set it right (invited sms list says what each gateway needs)";
            findings.push(Finding::of(
                "gateways",
                Level::Red,
                failure.sentence,
                remedy,
            ));
        }
    }
    findings
}

/// What becomes of what the service says of itself.
fn judge(config: &Config, health: &Value) -> Vec<Finding> {
    let mut findings = Vec::new();
    if config.server.database.file().is_some() {
        findings.extend(judge_file(health));
        findings.extend(backups(config, health));
    }
    findings.extend(judge_service(health));
    findings
}

fn either(
    check: &'static str,
    is_wrong: bool,
    level: Level,
    (wrong, remedy): (&str, &'static str),
    right: &str,
) -> Finding {
    if is_wrong {
        Finding::of(check, level, wrong, remedy)
    } else {
        Finding::green(check, right)
    }
}

fn is(health: &Value, name: &str) -> bool {
    health[name].as_bool().unwrap_or(false)
}

fn number(health: &Value, name: &str) -> u64 {
    health[name].as_u64().unwrap_or(0)
}

/// What there is to say of a file.
fn judge_file(health: &Value) -> Vec<Finding> {
    let integrity = health["integrity"].as_str().unwrap_or("unknown");
    let level = match integrity {
        "damaged" => Level::Red,
        "sound" => Level::Green,
        _ => Level::Yellow,
    };
    let remedy = match level {
        Level::Red => "stop the server, and restore a backup",
        Level::Yellow => "ask again once it is over",
        Level::Green => "",
    };
    vec![
        Finding::of(
            "integrity",
            level,
            format!("the check of the database: {integrity}"),
            remedy,
        ),
        either(
            "writing",
            is(health, "stopped"),
            Level::Red,
            ("nothing is written any more", "the log says why"),
            "the database can be written",
        ),
        either(
            "log",
            number(health, "log_blocked_seconds") > 0,
            Level::Yellow,
            (
                "a backup or another program holds the write-ahead log",
                "end other programs that hold a read transaction open; a backup of the server ends by itself",
            ),
            "the write-ahead log is merged",
        ),
    ]
}

/// What there is to say of the rest.
fn judge_service(health: &Value) -> Vec<Finding> {
    vec![
        either(
            "time",
            number(health, "clock_behind_seconds") > 60,
            Level::Red,
            (
                "the clock is behind what the database has seen: limits wait for it",
                "set the clock right",
            ),
            "the clock is not behind what the database has seen",
        ),
        either(
            "alarm",
            is(health, "alarm"),
            Level::Yellow,
            (
                "codes of many phones are guessed",
                "nothing is to be done; invited stats shows how many",
            ),
            "codes are not guessed",
        ),
        either(
            "proxy",
            is(health, "has_unknown_proxy"),
            Level::Yellow,
            (
                "a forwarding header comes from a peer that is not one of http.trusted_proxies",
                "if that is a proxy of yours, name its network there",
            ),
            "no unknown proxy was seen",
        ),
        either(
            "clients",
            is(health, "has_nameless_clients"),
            Level::Yellow,
            (
                "a trusted proxy does not name its clients in the header of http.client_address",
                "have it set that header",
            ),
            "proxies name their clients",
        ),
    ]
}

/// Whether the last backup at each target is as new as it is to be.
fn backups(config: &Config, health: &Value) -> Vec<Finding> {
    let targets = &config.backup.to;
    if targets.is_empty() {
        let remedy = "name a folder or a bucket in backup.to, or make them by invited backup";
        let said = "the server makes none by itself";
        return vec![Finding::of("backup", Level::Yellow, said, remedy)];
    }
    let remedy = "the log says what keeps the next one from being made";
    let finding = |to: &Target| {
        let to = to.to_string();
        let mut known = health["backups"].as_array().into_iter().flatten();
        let known = known.find(|known| known["to"] == *to);
        let seconds = known.and_then(|known| known["seconds_ago"].as_u64());
        let said = seconds.map_or_else(
            || format!("there is none in {to} yet"),
            |seconds| {
                format!(
                    "the last was made and verified {} h ago in {to}",
                    seconds / 3600
                )
            },
        );
        let is_late = seconds.is_some_and(|seconds| seconds > 2 * config.backup.every.as_secs());
        if is_late || known.is_some_and(|known| known["failing"] == true) {
            return Finding::of("backup", Level::Red, said, remedy);
        }
        Finding::green("backup", said)
    };
    targets.iter().map(finding).collect()
}

/// Asks every gateway whether it would take messages; sends none.
fn gateways(config: &Config) -> Result<Vec<Finding>, Failure> {
    let routes = routes(config)?;
    run_now(async {
        let mut findings = Vec::new();
        for configured in routes.gateways() {
            let said = configured.gateway().check(&mut Transcript::default()).await;
            let name = &configured.name;
            findings.push(match said {
                Ok(Some(said)) => Finding::green("gateway", format!("{name}: {said}")),
                Ok(None) => Finding::green(
                    "gateway",
                    format!("{name} cannot be asked without sending something"),
                ),
                Err(failure) => {
                    let said = format!("{name}: {}", failure.detail);
                    let remedy = "invited sms check shows what was said";
                    Finding::of("gateway", Level::Red, said, remedy)
                }
            });
        }
        Ok(findings)
    })
}
