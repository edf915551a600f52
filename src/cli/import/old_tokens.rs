//! The key of the old service, by which its tokens stay good.

use std::{fs, path::PathBuf, time::Duration};

use clap::Args;

use crate::{
    cli::{failure::Failure, installation::Found, terminal::run_now},
    clock::{Clock, SystemClock},
    domain::time::{Timestamp, parse_instant},
    store::Store,
    token::imported::ImportedKey,
};

/// As long as refresh tokens of simplejwt live, unless it is told otherwise.
const USUAL: Duration = Duration::from_hours(24);

#[derive(Args)]
pub struct OldTokens {
    /// A file with the key that the old service signs its tokens with (HS256; Django's `SECRET_KEY`).
    #[arg(long, value_name = "FILE")]
    secret_key_file: Option<PathBuf>,
    /// Until when its tokens are good, as in 2024-03-01T00:00:00Z [default: for 24 hours].
    #[arg(long, value_name = "DATE", requires = "secret_key_file", value_parser = instant)]
    tokens_until: Option<Timestamp>,
}

impl OldTokens {
    /// The key, if its tokens are to stay good.
    pub fn key(&self) -> Result<Option<ImportedKey>, Failure> {
        let Some(path) = &self.secret_key_file else {
            return Ok(None);
        };
        let refused = |reason: &str| {
            let path = path.display();
            Failure::misconfigured(format!("--secret-key-file: {path} {reason}"))
        };
        let secret = fs::read_to_string(path);
        let secret = secret.map_err(|error| refused(&format!("cannot be read: {error}")))?;
        let now = SystemClock.now();
        let until = self.tokens_until.unwrap_or(now + USUAL);
        if until <= now {
            let past =
                "--tokens-until is past: name a time to come, or leave --secret-key-file away";
            return Err(Failure::misconfigured(past));
        }
        let key = ImportedKey::new(secret.trim_end_matches(['\r', '\n']), until);
        key.map(Some).map_err(refused)
    }
}

fn instant(text: &str) -> Result<Timestamp, &'static str> {
    parse_instant(text).ok_or("it is not a date as in 2024-03-01T00:00:00Z")
}

/// Writes the key to the key file, which is created if there is none.
pub fn take_up(mut found: Found, key: &ImportedKey, store: &Store) -> Result<(), Failure> {
    found.keys.imported = Some(key.clone());
    let settled = found.settle(store, |keys| keys.imported = Some(key.clone()));
    run_now(settled).map(drop)
}
