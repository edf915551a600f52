//! `invited doctor`: what is to be set right before it goes wrong, a line each.
//! A start of the server runs the part that asks nobody.

mod database;
mod finding;
mod machine;
mod server;

use clap::Args;
use comfy_table::{Table, presets::NOTHING};

use self::finding::{Finding, Level};
use super::{admin::Console, failure::Failure, terminal::print};
use crate::config::Config;

#[derive(Args)]
pub struct Doctor {
    #[command(flatten)]
    console: Console,
}

impl Doctor {
    pub fn run(self) -> Result<(), Failure> {
        let config = self.console.config()?;
        let mut findings = machine::findings(&config);
        findings.push(machine::synchronization());
        if config.server.database.file().is_some() {
            findings.push(machine::flush_time(&config));
        }
        findings.extend(server::findings(&self.console, &config));
        if self.console.wants_json() {
            let text = serde_json::to_string_pretty(&findings).map_err(Failure::of)?;
            print(&(text + "\n"))?;
        } else {
            print(&table(&findings))?;
        }
        let red = findings.iter().filter(|one| one.level == Level::Red);
        match red.count() {
            0 => Ok(()),
            1 => Err(Failure::of("one thing has to be set right")),
            many => Err(Failure::of(format!("{many} things have to be set right"))),
        }
    }
}

/// Tells the log what is not as it should be.
pub fn warn(config: &Config) {
    for finding in machine::findings(config) {
        let Finding {
            check,
            level,
            said,
            remedy,
        } = finding;
        if level > Level::Green {
            tracing::warn!(check, said, "{remedy}");
        }
    }
}

fn table(findings: &[Finding]) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING);
    for finding in findings {
        let level = match finding.level {
            Level::Green => "ok",
            Level::Yellow => "WARNING",
            Level::Red => "FAILED",
        };
        let said = match finding.remedy {
            "" => finding.said.clone(),
            remedy => format!("{}: {remedy}", finding.said),
        };
        table.add_row([level, finding.check, &said]);
    }
    let lines: Vec<_> = table.lines().collect();
    let lines = lines.iter().map(|line| line.trim_end());
    lines.fold(String::new(), |text, line| text + line + "\n")
}
