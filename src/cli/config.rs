//! `invited config`: prints every setting with its default, or as it is in
//! force, or says whether it is good.

use clap::{Args, Subcommand};

use super::{
    admin::is_running,
    failure::Failure,
    installation::Found,
    settings::Settings,
    sms::routes,
    terminal::{print, tell},
};
use crate::config;

#[derive(Args)]
pub struct Config {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Subcommand)]
enum Action {
    /// Say whether a server could start with these settings; nothing is created or changed.
    Check,
    /// Print every setting as it is in force, and where it was set.
    Effective,
}

impl Config {
    pub fn run(&self) -> Result<(), Failure> {
        match self.action {
            None => print(&config::Config::sample()),
            Some(Action::Effective) => print(&self.settings.read()?.effective()),
            Some(Action::Check) => {
                let config = self.settings.read()?;
                let database = config.server.database.place();
                // A server that runs has looked at both, and holds the database.
                if !is_running(database) {
                    Found::look(&config)?.fitting()?;
                }
                routes(&config)?;
                tell("the configuration is good\n");
                Ok(())
            }
        }
    }
}
