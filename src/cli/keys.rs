//! `invited keys`: shows what keys there are, rotates them, or begins a new
//! epoch. Keys themselves are never printed, and no file is created.

use clap::{Args, Subcommand};
use sha2::{Digest, Sha256};

use super::{Failure, Settings, print};
use crate::{
    clock::dice,
    token::{
        key_file::{self, KeysError, Stored},
        keys::{Key, Keys as Held, Ring},
    },
};

const ROTATED: &str = "\
Fresh keys are in front. Tokens of the previous ones stay good until they expire.
A server takes the keys up when it starts. If one is running: kill -HUP its process id.
";
const NEW_EPOCH: &str = "\
A new epoch: every access, refresh and sms-token made before is refused, and people log in again.
No device is known any more. The key of the ledgers is the same.
A server takes the keys up when it starts. If one is running, it believes older tokens until then: \
kill -HUP its process id.
";

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
    /// expire. A running server takes the new keys at SIGHUP or its next start.
    Rotate(Place),
    /// After a database was restored from a copy: fresh keys, and no older
    /// ones. Every access, refresh and sms-token made before is refused, and
    /// every device unknown, from the server's next start or SIGHUP on.
    NewEpoch(Place),
}

#[derive(Args)]
struct Place {
    #[command(flatten)]
    settings: Settings,
}

impl Keys {
    pub fn run(&self) -> Result<(), Failure> {
        let (Action::Show(place) | Action::Rotate(place) | Action::NewEpoch(place)) = &self.action;
        let path = place.settings.read()?.keys_path();
        let missing = || KeysError::Missing(path.clone());
        let change = |change: fn(&mut Held)| {
            key_file::change(&path, || Key::draw(&mut dice()), change)?.ok_or_else(missing)
        };
        let told = match self.action {
            Action::Show(_) => "",
            Action::Rotate(_) => {
                change(|keys| keys.rotate(&mut dice()))?;
                ROTATED
            }
            Action::NewEpoch(_) => {
                change(|keys| keys.begin_epoch(&mut dice()))?;
                NEW_EPOCH
            }
        };
        let stored = key_file::read(&path)?.ok_or_else(missing)?;
        print(&(table(&stored) + told))
    }
}

fn table(stored: &Stored) -> String {
    let rings = [
        ("access", &stored.access),
        ("refresh", &stored.refresh),
        ("challenge", &stored.challenge),
    ];
    let ledger = stored.ledger.as_ref().map(fingerprint);
    format!(
        "{}{:<10} {}\n",
        rings.map(|(purpose, ring)| line(purpose, ring)).concat(),
        "ledger",
        ledger.unwrap_or_else(|| "none; the next start of a server draws it".to_owned())
    )
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
