//! What a database on a server needs beside its URL, and what is for files alone.

use std::fs;

use super::{Config, layers::ConfigError};
use crate::{files, store::Location};

const PASSWORD_FILE: &str = "store.password_file";

impl Config {
    /// Adds `[store]` to the URL of the database, if that is on a server.
    pub(super) fn complete_database(&mut self) -> Result<(), ConfigError> {
        let Location::Postgres(server) = &mut self.server.database else {
            return Ok(());
        };
        server.connections = *self.store.connections;
        server.prepares = self.store.statement_cache;
        if let Some(path) = &self.store.password_file {
            let refused = |reason: &str| {
                let reason = format!("names {}, {reason}", path.display());
                ConfigError::of(PASSWORD_FILE, &reason)
            };
            if server.has_password() {
                return Err(refused("and the URL of the database has a password, too"));
            }
            let text = fs::read_to_string(path).map_err(|error| {
                refused(&format!(
                    "which cannot be read: {}",
                    files::reason(path, &error)
                ))
            })?;
            server.set_password(text.trim_end_matches(['\r', '\n']));
        }
        if self.backup.to.is_empty() {
            return Ok(());
        }
        Err(ConfigError::of(
            "backup.to",
            "is for SQLite files: back up what is on a server there (pg_dump, pgBackRest), and the key file beside it",
        ))
    }
}
