//! The file to import, and the one to report to.

use std::path::PathBuf;

use clap::Args;

use super::{source::Source, tally::Tally};
use crate::{
    cli::failure::Failure,
    clock::{Clock, SystemClock},
    config::Config,
    domain::import::{Plan, Reading, Rules},
};

#[derive(Args)]
pub struct Input {
    /// What to import.
    #[arg(value_name = "FILE")]
    path: PathBuf,
    /// Write down of each row what was not kept, as CSV: line, id, phone (masked), reason.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

impl Input {
    /// Reads the file, and decides about its rows.
    pub fn read(
        &self,
        config: &Config,
        read: impl FnOnce(&Source, &mut Reading) -> Result<(), String>,
    ) -> Result<Plan, Failure> {
        let mut reading = Reading::new(Rules {
            region: config.login.default_region,
            destinations: config.login.destinations.clone(),
            code_length: *config.referral.code_length,
            now: SystemClock.now(),
        });
        let refused = |reason| Failure::of(format!("{} {reason}", self.path.display()));
        let source = Source::read(&self.path).map_err(refused)?;
        read(&source, &mut reading).map_err(refused)?;
        let plan = reading.plan();
        if plan.people.is_empty() && plan.refused.is_empty() {
            return Err(refused("has no rows".to_owned()));
        }
        match &self.report {
            Some(report) if report.exists() => Err(Failure::of(format!(
                "--report: {} is there already: name another file",
                report.display()
            ))),
            _ => Ok(plan),
        }
    }

    /// The name of the file.
    pub fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or_default();
        name.display().to_string()
    }

    /// Writes the report, if one is wanted.
    pub fn report(&self, tally: &Tally) -> Result<(), Failure> {
        let Some(report) = &self.report else {
            return Ok(());
        };
        tally.write(report).map_err(|error| {
            let report = report.display();
            Failure::of(format!(
                "--report: {report} cannot be written ({error}), but the import is done: run it again with another, which adds nothing twice"
            ))
        })
    }
}
