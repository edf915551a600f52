//! Why a command failed.

use std::fmt;

use crate::{
    app::backup::BackupError,
    config::{Config, ConfigError},
    store::{CopyError, OpenError},
    tls::TlsError,
    token::key_file::KeysError,
};

/// Why a command failed: a sentence, and whether it is the configuration's fault.
pub struct Failure {
    /// The sentence.
    pub sentence: String,
    /// Whether it is.
    pub misconfigured: bool,
}

impl Failure {
    pub fn misconfigured(sentence: impl fmt::Display) -> Self {
        Self {
            sentence: sentence.to_string(),
            misconfigured: true,
        }
    }

    pub fn of(sentence: impl fmt::Display) -> Self {
        Self {
            sentence: sentence.to_string(),
            misconfigured: false,
        }
    }
}

/// Refuses what is done with files where the database is none.
pub fn require_file(config: &Config) -> Result<(), Failure> {
    match config.server.database.file() {
        Some(_) => Ok(()),
        None => Err(Failure::misconfigured(format!(
            "--database: {}",
            CopyError::NoFile
        ))),
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::misconfigured(error)
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        let sentence = format!("--database: {error}");
        match error {
            OpenError::Io { .. } | OpenError::Missing(_) | OpenError::Exposed(_) => {
                Self::misconfigured(sentence)
            }
            _ => Self::of(sentence),
        }
    }
}

impl From<KeysError> for Failure {
    fn from(error: KeysError) -> Self {
        Self::misconfigured(format!("--keys: {error}"))
    }
}

impl From<BackupError> for Failure {
    fn from(error: BackupError) -> Self {
        match error {
            BackupError::Open(error) => error.into(),
            BackupError::Config(error) => error.into(),
            error => Self::of(error),
        }
    }
}

impl From<TlsError> for Failure {
    fn from(error: TlsError) -> Self {
        Self::misconfigured(error)
    }
}
