//! `invited config`: prints every setting with its default, or as it is in
//! force, or says whether it is good.

use clap::{Args, Subcommand};

use super::{
    failure::Failure,
    installation::Found,
    settings::Settings,
    terminal::{print, tell},
};
use crate::{app, config};

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
                let found = Found::look(&config)?.fitting()?;
                app::gateways(&config, &found.keys)?;
                tell("the configuration is good\n");
                Ok(())
            }
        }
    }
}
