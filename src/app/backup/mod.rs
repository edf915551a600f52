//! Backups: the database is copied while it is written to, compressed, put
//! beside its keys, and verified by a restore elsewhere. Only then it gets the
//! name of a backup.

pub mod archive;
pub mod bucket;
mod error;
pub mod folder;
mod names;
mod place;
pub mod running;
pub mod sealed;
mod state;
mod verify;

use std::{fs, path::Path, sync::Arc};

use rand::rngs::StdRng;
use rustix::fs::statvfs;

use self::{
    bucket::Bucket,
    folder::{Folder, Partial},
    place::Place,
};
pub use self::{
    error::BackupError,
    state::{Backups, Figures},
    verify::Candidate,
};
use crate::{
    config::{Config, Target},
    domain::time::Timestamp,
    files,
    store::{CopyError, Progress},
    token::{key_file, keys::Keys},
};

/// A verified backup that was made.
#[derive(Debug, Clone)]
pub struct Made {
    /// Where it is.
    pub place: String,
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
    pub to: &'a Target,
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
    pub fn make(&self, copy: impl Copier) -> Result<Made, BackupError> {
        match Place::of(self.config, self.to, self.progress)? {
            Place::Folder(folder) => {
                let (partial, made) = self.fill(&folder, copy)?;
                let place = partial.finish()?.display().to_string();
                Ok(Made { place, ..made })
            }
            Place::Bucket(bucket) => self.upload(&bucket, copy),
        }
    }

    /// Makes it beside the database, where it is nobody else's, and puts it into a bucket.
    fn upload(&self, bucket: &Bucket, copy: impl Copier) -> Result<Made, BackupError> {
        let database = self.config.server.database.place();
        let beside = files::folder(database);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(BackupError::io(beside))?;
        // First, so that nothing is made for a bucket that cannot be had.
        runtime.block_on(bucket.probe(self.now))?;
        require_space(database, beside)?;
        let (partial, made) = self.fill(&Folder::of(database, beside), copy)?;
        let place = runtime.block_on(bucket.upload(&partial.path, self.now))?;
        Ok(Made { place, ..made })
    }

    /// Makes the files of it.
    fn fill(&self, folder: &Folder, copy: impl Copier) -> Result<(Partial, Made), BackupError> {
        let database = self.config.server.database.place();
        folder.clear();
        let partial = folder.begin(self.now)?;
        let copied = partial.path.join("copy.db");
        let length = fs::metadata(database).map_or(0, |database| database.len());
        // Copied, compressed, restored.
        self.progress.expect(3 * length);
        copy(&copied, self.progress)
            .map_err(|error| BackupError::not_copied(files::folder(&partial.path), error))?;
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
        // Whoever makes it cannot read it any more from here on.
        let (recipients, rng) = (&self.config.backup.recipient, &mut (self.dice)());
        let bytes = length_of(&packed)?;
        sealed::seal(&partial.path, recipients, rng, self.progress)?;
        let made = Made {
            place: String::new(),
            database_bytes,
            bytes,
        };
        Ok((partial, made))
    }
}

/// What copies the database to a path.
pub trait Copier: FnOnce(&Path, &Progress) -> Result<(), CopyError> {}

impl<F: FnOnce(&Path, &Progress) -> Result<(), CopyError>> Copier for F {}

/// Refuses to fill the disk that the database has to grow on.
fn require_space(database: &Path, folder: &Path) -> Result<(), BackupError> {
    let system = statvfs(folder).map_err(|error| BackupError::io(folder)(error.into()))?;
    let free = system.f_bavail * system.f_frsize;
    let needed = fs::metadata(database).map_or(0, |database| 2 * database.len());
    if free >= needed {
        return Ok(());
    }
    Err(BackupError::NoSpace {
        path: folder.to_owned(),
        needed: needed.div_ceil(1_000_000),
        free: free / 1_000_000,
    })
}

fn length_of(path: &Path) -> Result<u64, BackupError> {
    let file = fs::metadata(path).map_err(BackupError::io(path))?;
    Ok(file.len())
}
