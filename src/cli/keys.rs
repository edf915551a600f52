//! `invited keys`: shows what keys there are, rotates them, begins a new epoch,
//! or goes on with others. Keys themselves are never printed.

use clap::{Args, Subcommand};

use super::{
    failure::Failure,
    installation::Found,
    settings::Settings,
    terminal::{print, run_now},
};
use crate::{
    clock::dice,
    config::Config,
    store::{OpenError, Store},
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

const ADOPTED: &str = "\
The database goes on with these keys. Every token of others is refused, and people log in again.
Limits by phone start anew.
";
const FITTING: &str = "\
The database goes with these keys. Nothing was changed.
";

#[derive(Args)]
pub struct Keys {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Print a fingerprint of each key.
    Show,
    /// Put fresh keys in front. Tokens of older ones stay good until they
    /// expire. A running server takes the new keys at SIGHUP or its next start.
    Rotate,
    /// After a database was restored from a copy: fresh keys, and no older
    /// ones. Every access, refresh and sms-token made before is refused, and
    /// every device unknown, from the server's next start or SIGHUP on.
    NewEpoch,
    /// Let a database go on whose keys are lost, or with the keys of another
    /// one: those of the key file or, if there is none, fresh ones. Everybody
    /// is logged out, and the limits by phone start anew.
    Adopt,
}

impl Keys {
    pub fn run(&self) -> Result<(), Failure> {
        let config = self.settings.read()?;
        let path = config.keys_path();
        let missing = || KeysError::Missing(path.clone());
        let change = |change: fn(&mut Held)| {
            let change = |keys: &mut Held| {
                change(keys);
                Ok(())
            };
            key_file::change(&path, || Key::draw(&mut dice()), change)?.ok_or_else(missing)
        };
        let told = match self.action {
            Action::Show => "",
            Action::Rotate => {
                change(|keys| keys.rotate(&mut dice()))?;
                ROTATED
            }
            Action::NewEpoch => {
                change(|keys| keys.begin_epoch(&mut dice()))?;
                NEW_EPOCH
            }
            Action::Adopt => adopt(&config)?,
        };
        let stored = key_file::read(&path)?.ok_or_else(missing)?;
        print(&(table(&stored) + told))
    }
}

/// Makes the database go with the keys that there are, whatever it went with before.
fn adopt(config: &Config) -> Result<&'static str, Failure> {
    if let Some(path) = config.server.database.file()
        && !path.exists()
    {
        return Err(OpenError::Missing(path.to_owned()).into());
    }
    let found = Found::look(config)?;
    let told = if found.fits() { FITTING } else { ADOPTED };
    let found = found.adopted()?;
    let store = Store::open(&config.server.database)?;
    run_now(found.settle(&store, |_| {}))?;
    Ok(told)
}

fn table(stored: &Stored) -> String {
    let is_due = [
        ("access", &stored.access),
        ("refresh", &stored.refresh),
        ("challenge", &stored.challenge),
    ];
    let ledger = stored.ledger.as_ref().map(short);
    let imported = stored.imported.as_ref().map(|key| {
        let (name, until) = (&key.fingerprint()[..8], key.until().rfc3339());
        format!("imported   {name}, believed until {until}\n")
    });
    format!(
        "{}{:<10} {}\n{}",
        is_due.map(|(purpose, ring)| line(purpose, ring)).concat(),
        "ledger",
        ledger.unwrap_or_else(|| "none; the next start of a server draws it".to_owned()),
        imported.unwrap_or_default()
    )
}

fn line(purpose: &str, ring: &Ring) -> String {
    let older: Vec<_> = ring
        .previous
        .iter()
        .map(|retired| short(&retired.key))
        .collect();
    let older = if older.is_empty() {
        "none".to_owned()
    } else {
        older.join(", ")
    };
    format!(
        "{purpose:<10} current {}, previous {older}\n",
        short(&ring.current)
    )
}

/// Enough of a fingerprint to tell keys apart.
fn short(key: &Key) -> String {
    key.fingerprint()[..8].to_owned()
}
