//! `invited migrate`: brings the schema up to date, or says what would; or moves
//! everything to another database.

use clap::Args;

use super::{failure::Failure, settings::Settings, terminal::print, transfer::Transfer};
use crate::store::{Migration, Store};

#[derive(Args)]
pub struct Migrate {
    #[command(flatten)]
    settings: Settings,
    /// Only list the migrations that would run.
    #[arg(long, conflicts_with_all = ["from", "to"])]
    dry_run: bool,
    #[command(flatten)]
    transfer: Transfer,
}

impl Migrate {
    pub fn run(&self) -> Result<(), Failure> {
        if self.transfer.is_wanted() {
            return self.transfer.run(&self.settings);
        }
        let location = self.settings.read()?.server.database;
        let (migrations, verb) = if self.dry_run {
            (Store::pending(&location)?, "would run")
        } else {
            (Store::migrate(&location)?, "ran")
        };
        if migrations.is_empty() {
            return print(&format!("{location} is up to date\n"));
        }
        for Migration(name) in migrations {
            print(&format!("{verb} {name}\n"))?;
        }
        Ok(())
    }
}
