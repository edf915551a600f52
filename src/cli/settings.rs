//! The settings of commands that need the database or the keys.

use std::path::PathBuf;

use clap::Args;

use crate::config::{Config, ConfigError, Layers};

/// The environment variables that flags are read from, which are not settings.
pub const FLAG_VARIABLES: [&str; 2] = ["INVITED_CONFIG", "INVITED_LOG_FORMAT"];

/// Where to find the settings, for commands that need the database or the keys.
#[derive(Args)]
pub struct Settings {
    /// A TOML file with settings (`invited config` prints one).
    #[arg(long, global = true, value_name = "FILE", env = "INVITED_CONFIG")]
    pub config: Option<PathBuf>,
    /// The database: a path, sqlite:PATH, or `postgres://USER@HOST/DATABASE`; no password here, where everybody sees it
    /// [env: `INVITED_DATABASE`] [default: invited.db]
    #[arg(long, global = true, value_name = "URL")]
    pub database: Option<String>,
    /// The key file [env: `INVITED_KEYS`] [default: invited.keys.json beside the database]
    #[arg(long, global = true, value_name = "FILE")]
    pub keys: Option<String>,
}

impl Settings {
    pub fn layers(&self) -> Result<Layers, ConfigError> {
        let mut layers = Layers::beside(&FLAG_VARIABLES);
        layers.environment(std::env::vars_os())?;
        if let Some(path) = &self.config {
            layers.file(path)?;
        }
        layers.flag("database", "--database", self.database.as_ref());
        layers.flag("keys", "--keys", self.keys.as_ref());
        Ok(layers)
    }

    pub fn read(&self) -> Result<Config, ConfigError> {
        Config::read(self.layers()?)
    }
}
