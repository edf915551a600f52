//! Where backups are: a folder or a bucket, and what is the same for both.

use std::sync::Arc;

use super::{bucket::Bucket, error::BackupError, folder::Folder};
use crate::{
    config::{Config, Target},
    domain::time::Timestamp,
    store::Progress,
};

/// The backups of one database at one target.
pub enum Place {
    /// In a folder.
    Folder(Folder),
    /// In a bucket.
    Bucket(Box<Bucket>),
}

impl Place {
    /// Those of the configured database.
    ///
    /// # Errors
    /// When the configuration does not say how a bucket is reached.
    pub fn of(
        config: &Config,
        target: &Target,
        progress: &Arc<Progress>,
    ) -> Result<Self, BackupError> {
        let database = config.server.database.place();
        Ok(match target {
            Target::Folder(path) => Self::Folder(Folder::of(database, path)),
            Target::Bucket { name, prefix } => {
                Self::Bucket(Box::new(Bucket::open(config, (name, prefix), progress)?))
            }
        })
    }

    /// When each of them was made, the oldest first.
    ///
    /// # Errors
    /// When the place cannot be read.
    pub async fn list(&self, now: Timestamp) -> Result<Vec<Timestamp>, BackupError> {
        match self {
            Self::Folder(folder) => folder.list(),
            Self::Bucket(bucket) => bucket.list(now).await,
        }
    }

    /// Removes one.
    ///
    /// # Errors
    /// When the place refuses it.
    pub async fn remove(&self, at: Timestamp) -> Result<(), BackupError> {
        match self {
            Self::Folder(folder) => folder.remove(at),
            Self::Bucket(bucket) => bucket.remove(at).await,
        }
    }
}
