//! `invited keys`: shows what keys there are, or rotates them. Keys
//! themselves are never printed.

use clap::{Args, Subcommand};
use sha2::{Digest, Sha256};

use super::{Failure, Settings, print};
use crate::{
    clock::dice,
    token::keys::{self, Key, KeysError, Ring},
};

#[derive(Args)]
pub struct Keys {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Print a fingerprint of each key.
    Show(Place),
    /// Put fresh keys in front. Tokens of older ones stay good until they
    /// expire. A running server takes the new keys at its next start.
    Rotate(Place),
}

#[derive(Args)]
struct Place {
    #[command(flatten)]
    settings: Settings,
}

impl Keys {
    pub fn run(&self) -> Result<(), Failure> {
        let (Action::Show(place) | Action::Rotate(place)) = &self.action;
        let config = place.settings.read()?;
        let path = config.keys_path();
        let missing = || std::io::Error::from(std::io::ErrorKind::NotFound);
        let mut keys =
            keys::Keys::read(&path)?.ok_or_else(|| KeysError::Io(path.clone(), missing()))?;
        if let Action::Rotate(_) = self.action {
            keys.rotate(&mut dice());
            keys.write(&path)?;
        }
        let rings = [
            ("access", &keys.access),
            ("refresh", &keys.refresh),
            ("challenge", &keys.challenge),
        ];
        print(&rings.map(|(purpose, ring)| line(purpose, ring)).concat())
    }
}

fn line(purpose: &str, ring: &Ring) -> String {
    let older: Vec<_> = ring
        .previous
        .iter()
        .map(|retired| fingerprint(&retired.key))
        .collect();
    let older = if older.is_empty() {
        "none".to_owned()
    } else {
        older.join(", ")
    };
    format!(
        "{purpose:<10} current {}, previous {older}\n",
        fingerprint(&ring.current)
    )
}

/// Enough of a hash to tell keys apart.
fn fingerprint(key: &Key) -> String {
    let hash = Sha256::digest(key.bytes());
    format!(
        "{:02x}{:02x}{:02x}{:02x}",
        hash[0], hash[1], hash[2], hash[3]
    )
}
