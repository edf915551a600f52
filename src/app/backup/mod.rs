//! Backups: the database is copied while it is written to, compressed, put
//! beside its keys, and verified by a restore elsewhere. Only then it gets the
//! name of a backup.

pub mod archive;
mod error;
pub mod folder;
pub mod running;
mod state;
mod verify;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use rand::rngs::StdRng;

use self::folder::Place;
pub use self::{
    error::BackupError,
    state::{Backups, Figures},
    verify::Candidate,
};
use crate::{
    config::Config,
    domain::time::Timestamp,
    store::{CopyError, Location, Progress},
    token::{key_file, keys::Keys},
};

/// A verified backup that was made.
#[derive(Debug, Clone)]
pub struct Made {
    /// The folder that it is in.
    pub path: PathBuf,
    /// Bytes of the database.
    pub database_bytes: u64,
    /// Bytes of it, compressed.
    pub bytes: u64,
}

/// A backup to be made.
pub struct Order<'a> {
    /// What the service is configured to be.
    pub config: &'a Config,
    /// What goes with the database.
    pub keys: &'a Keys,
    /// Where it is to be.
    pub to: &'a Path,
    /// What time it is.
    pub now: Timestamp,
    /// What is drawn.
    pub dice: fn() -> StdRng,
    /// How far it is.
    pub progress: &'a Arc<Progress>,
}

impl Order<'_> {
    /// Makes it of what `copy` makes of the database.
    ///
    /// # Errors
    /// When there is no backup. Then nothing is left of it.
    pub fn make(
        &self,
        copy: impl FnOnce(&Path, &Progress) -> Result<(), CopyError>,
    ) -> Result<Made, BackupError> {
        let Location::Sqlite(database) = &self.config.server.database;
        let place = Place::of(database, self.to);
        place.clear();
        let partial = place.begin(self.now)?;
        let copied = partial.path.join("copy.db");
        let length = fs::metadata(database).map_or(0, |database| database.len());
        // Copied, compressed, restored.
        self.progress.expect(3 * length);
        copy(&copied, self.progress).map_err(|error| BackupError::not_copied(self.to, error))?;
        let database_bytes = length_of(&copied)?;
        let packed = partial.path.join(folder::DATABASE);
        archive::pack(&copied, &packed, self.progress)?;
        fs::remove_file(&copied).map_err(BackupError::io(&copied))?;
        key_file::create(self.keys, &partial.path.join(folder::KEYS))?;
        let candidate = Candidate {
            path: &partial.path,
            config: self.config,
            now: self.now,
            dice: self.dice,
            progress: self.progress,
        };
        candidate.verify(&partial.path.join("restored"))?;
        Ok(Made {
            database_bytes,
            bytes: length_of(&packed)?,
            path: partial.finish()?,
        })
    }
}

fn length_of(path: &Path) -> Result<u64, BackupError> {
    let file = fs::metadata(path).map_err(BackupError::io(path))?;
    Ok(file.len())
}
