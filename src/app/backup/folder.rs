//! A folder with backups in it, each a folder of its own. Until it is whole and
//! verified it has another, hidden name.

use std::{
    fs::{self, DirBuilder, File},
    io::{self, ErrorKind},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use super::{error::BackupError, names::Names};
use crate::{domain::time::Timestamp, files};

/// The database, compressed.
pub const DATABASE: &str = "invited.db.zst";
/// Its keys.
pub const KEYS: &str = "invited.keys.json";
/// The same, encrypted.
pub const SEALED_DATABASE: &str = "invited.db.zst.age";
/// The same, encrypted.
pub const SEALED_KEYS: &str = "invited.keys.json.age";

/// What the names of those end with that are not whole.
const PARTIAL: &str = ".partial";

/// The backups of one database in one folder.
pub struct Folder {
    path: PathBuf,
    names: Names,
}

impl Folder {
    /// Those of the database at `database`.
    pub fn of(database: &Path, path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            names: Names::of(database),
        }
    }

    /// When each of them was made, the oldest first.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn list(&self) -> Result<Vec<Timestamp>, BackupError> {
        let failed = BackupError::io(&self.path);
        let mut times = Vec::new();
        for entry in fs::read_dir(&self.path).map_err(&failed)? {
            let name = entry.map_err(&failed)?.file_name();
            times.extend(name.to_str().and_then(|name| self.names.time(name)));
        }
        times.sort_unstable();
        Ok(times)
    }

    /// Begins one.
    ///
    /// # Errors
    /// When there is one of this time, or the system refuses it.
    pub fn begin(&self, at: Timestamp) -> Result<Partial, BackupError> {
        let path = self.path(at);
        if path.symlink_metadata().is_ok() {
            return Err(BackupError::Exists(path.display().to_string()));
        }
        let name = format!(".{}{PARTIAL}", self.names.name(at));
        let partial = Partial::make(self.path.join(name), path.clone());
        partial.map_err(BackupError::io(&path))
    }

    /// Removes one, which has no backup's name any more while it goes.
    ///
    /// # Errors
    /// When the system refuses it.
    pub fn remove(&self, at: Timestamp) -> Result<(), BackupError> {
        let going = self.path.join(format!(".{}{PARTIAL}", self.names.name(at)));
        let removed = fs::rename(self.path(at), &going).and_then(|()| fs::remove_dir_all(going));
        removed.map_err(BackupError::io(&self.path(at)))
    }

    /// Removes what was left by those who were killed while they made one.
    pub fn clear(&self) {
        let entries = fs::read_dir(&self.path).into_iter().flatten().flatten();
        for entry in entries {
            let name = entry.file_name();
            let name = name.to_str().and_then(|name| name.strip_prefix('.'));
            let is_partial = name
                .and_then(|name| name.strip_suffix(PARTIAL))
                .is_some_and(|name| self.names.time(name).is_some());
            // Whoever makes one holds its lock.
            if is_partial
                && let Ok(folder) = File::open(entry.path())
                && folder.try_lock().is_ok()
            {
                // If it cannot be removed, it is in nobody's way.
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }

    fn path(&self, at: Timestamp) -> PathBuf {
        self.path.join(self.names.name(at))
    }
}

/// A backup that is being made. Dropping it removes it.
pub struct Partial {
    /// Where it is.
    pub path: PathBuf,
    to: PathBuf,
    lock: File,
    is_whole: bool,
}

impl Partial {
    fn make(path: PathBuf, to: PathBuf) -> io::Result<Self> {
        DirBuilder::new().mode(0o700).create(&path)?;
        let lock = File::open(&path)?;
        // A file system without locks does without: two seldom make one in the same second.
        let _ = lock.try_lock();
        Ok(Self {
            path,
            to,
            lock,
            is_whole: false,
        })
    }

    /// Gives it its name, for good.
    ///
    /// # Errors
    /// When there is one with that name, or the system refuses it.
    pub fn finish(mut self) -> Result<PathBuf, BackupError> {
        let failed = |error: io::Error| match error.kind() {
            ErrorKind::DirectoryNotEmpty => BackupError::Exists(self.to.display().to_string()),
            _ => BackupError::io(&self.to)(error),
        };
        self.lock.sync_all().map_err(failed)?;
        // Over a folder with anything in it, this fails.
        fs::rename(&self.path, &self.to).map_err(failed)?;
        self.is_whole = true;
        File::open(files::folder(&self.to))
            .and_then(|folder| folder.sync_all())
            .map_err(BackupError::io(&self.to))?;
        Ok(self.to.clone())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.is_whole {
            // If it cannot be removed, the next one tries again.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}
