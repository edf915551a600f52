//! A database and the keys that it is filled under: which two go together.
//!
//! Both are looked at before either is created or changed, so that what is
//! refused leaves nothing behind. Then the key file is written, and the
//! database remembers its fingerprint. Whoever is killed in between leaves keys
//! that nothing was made under yet: the next start takes them up.

use std::path::PathBuf;

use super::failure::Failure;
use crate::{
    clock::dice,
    config::Config,
    domain::{error::StoreError, tx::Tx},
    files,
    store::{Installation, Location, Migration, OpenError, Store},
    token::{
        key_file::{self, KeysError},
        keys::{Key, Keys},
    },
};

/// The keys to start with: those of the key file, or fresh ones that are
/// written nowhere yet.
pub struct Found {
    path: PathBuf,
    /// Whether they go with the database.
    ownership: Ownership,
    /// The fingerprint that the database has.
    known: Option<String>,
    pub keys: Keys,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ownership {
    Own,
    Lost,
    Foreign,
}

impl Found {
    /// Reads both. Creates and changes nothing.
    pub fn look(config: &Config) -> Result<Self, Failure> {
        if let Some(database) = config.server.database.file()
            && !database.exists()
        {
            let refused = |reason: String| OpenError::io(database, &reason);
            files::can_create(database).map_err(refused)?;
        }
        let installation = Store::peek(&config.server.database)?;
        let path = config.keys_path();
        let stored = key_file::read(&path)?;
        let ownership = match &stored {
            Some(stored) => ownership(&installation, stored.ledger.as_ref()),
            None if installation.is_occupied => Ownership::Lost,
            None => Ownership::Own,
        };
        let keys = match stored {
            Some(stored) => stored.into_keys(|| Key::draw(&mut dice())),
            None => Keys::draw(&mut dice()),
        };
        Ok(Self {
            path,
            ownership,
            known: installation.keys,
            keys,
        })
    }

    /// Refuses keys that do not go with the database, or could not be written.
    pub fn fitting(self) -> Result<Self, KeysError> {
        match self.ownership {
            Ownership::Own => {}
            Ownership::Lost => return Err(KeysError::Lost(self.path)),
            Ownership::Foreign => return Err(KeysError::Foreign(self.path)),
        }
        self.writable()
    }

    /// Takes them although they do not go with the database.
    pub fn adopted(self) -> Result<Self, KeysError> {
        Self {
            ownership: Ownership::Own,
            ..self
        }
        .writable()
    }

    /// Whether they go with the database as it is.
    pub fn fits(&self) -> bool {
        self.ownership == Ownership::Own
    }

    fn writable(self) -> Result<Self, KeysError> {
        if !self.path.exists() {
            let refused = |reason| KeysError::Io(self.path.clone(), std::io::Error::other(reason));
            files::can_create(&self.path).map_err(refused)?;
        }
        Ok(self)
    }

    /// Writes the key file, changed by `take_up`, and makes the store remember
    /// it. The store's lock keeps others from doing so at the same time, or else
    /// of several that do only one succeeds.
    pub async fn settle(
        self,
        store: &Store,
        take_up: impl FnOnce(&mut Keys),
    ) -> Result<Keys, Failure> {
        let ledger = self.keys.ledger.clone();
        let taken = key_file::take_up(
            &self.path,
            || ledger.clone(),
            |keys| {
                if keys.ledger != ledger {
                    return Err(KeysError::Changed(self.path.clone()));
                }
                take_up(keys);
                Ok(())
            },
        )?;
        let (keys, is_new) = match taken {
            Some(keys) => (keys, false),
            None => (self.keys, true),
        };
        if is_new {
            key_file::create(&keys, &self.path)?;
        }
        if !remember(store, keys.ledger.fingerprint(), self.known).await? {
            if is_new {
                // Nothing was made under them.
                let _ = std::fs::remove_file(&self.path);
            }
            return Err(KeysError::Overtaken(self.path).into());
        }
        if is_new {
            let path = self.path.display();
            tracing::info!(%path, "created the key file; back it up with the database");
        }
        Ok(keys)
    }
}

fn ownership(installation: &Installation, ledger: Option<&Key>) -> Ownership {
    let fits = match &installation.keys {
        // A database from before there were fingerprints takes the keys that it finds.
        None => true,
        Some(known) => ledger.is_some_and(|ledger| ledger.fingerprint() == *known),
    };
    if fits || !installation.is_occupied {
        Ownership::Own
    } else {
        Ownership::Foreign
    }
}

async fn remember(
    store: &Store,
    fingerprint: String,
    known: Option<String>,
) -> Result<bool, Failure> {
    if known.as_ref() == Some(&fingerprint) {
        return Ok(true);
    }
    let work = move |tx: &mut dyn Tx| tx.set_installation_keys(&fingerprint, known.as_deref());
    let remembered: Result<bool, StoreError> = store.write(work).await;
    remembered.map_err(|error| Failure::of(format!("--database: {error}")))
}

/// Brings the schema up to date, and says so in one line.
pub fn migrate(location: &Location) -> Result<(), OpenError> {
    let migrations = Store::migrate_to_serve(location)?;
    let is_new = migrations.first().is_some_and(Migration::is_first);
    let (path, last) = (location, migrations.last());
    match last.map(|migration| &*migration.0) {
        None => {}
        Some(schema) if is_new => tracing::info!(%path, schema, "created the database"),
        Some(schema) => tracing::info!(%path, schema, "migrated the database"),
    }
    Ok(())
}
