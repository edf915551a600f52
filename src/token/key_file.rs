//! The file that the keys are kept in, for the owner's eyes only.
//!
//! It is replaced whole, so that a crash leaves either the old one or the new,
//! and changed by one process at a time, so that a rotation and a server that
//! takes it up undo nothing of each other. A file that could do harm is
//! refused in a sentence for the operator, and none of them shows a key.

use std::{
    fs::{self, File, Metadata, OpenOptions, Permissions},
    io::{self, ErrorKind, Read, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown},
    path::{Path, PathBuf},
};

use serde::Deserialize;

use super::{
    imported::ImportedKey,
    keys::{Key, Keys, NOT_A_KEY, Ring},
};
use crate::files;

/// Why a file that is for reading alone is not written.
const FOR_READING: [ErrorKind; 2] = [ErrorKind::ReadOnlyFilesystem, ErrorKind::PermissionDenied];

/// What a key file holds.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stored {
    /// Signs access tokens.
    pub access: Ring,
    /// Signs refresh tokens.
    pub refresh: Ring,
    /// Seals challenge tokens.
    pub challenge: Ring,
    /// Keys the ledgers. Files were written before there were any; these get
    /// one with their next change.
    #[serde(default)]
    pub ledger: Option<Key>,
    /// The epoch; zero in files that were written before epochs had a name.
    #[serde(default)]
    pub epoch: i64,
    /// The key of an earlier service, as long as it is believed.
    #[serde(default)]
    pub imported: Option<ImportedKey>,
}

/// Why the keys cannot be used, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// There is no such file.
    #[error(
        "{0} does not exist: name the key file, or run `invited serve`, whose first start creates it"
    )]
    Missing(PathBuf),
    /// There is no such file, and there was one.
    #[error(
        "{0} does not exist, and the database was filled under its keys: put the file back from a backup or from another node, or run \
         `invited keys adopt` to go on with new keys, which logs everybody out and lets every limit by phone start anew"
    )]
    Lost(PathBuf),
    /// Somebody else's, or one of another time.
    #[error(
        "{0} is not the key file that the database was filled under: put that one back from a backup or from another node, or run \
         `invited keys adopt` to go on with this one, which logs everybody out and lets every limit by phone start anew"
    )]
    Foreign(PathBuf),
    /// Other keys than a moment before.
    #[error("{0} was changed in this very moment: try again")]
    Changed(PathBuf),
    /// Two nodes began with keys of their own at once, and the other was faster.
    #[error(
        "another node began with other keys in this very moment: copy its key file to {0}, and start again"
    )]
    Overtaken(PathBuf),
    /// The operating system would not.
    #[error("{path} cannot be used: {reason}; look at its folder, its owner and its mode", path = .0.display(), reason = files::reason(.0, .1))]
    Io(PathBuf, io::Error),
    /// Other people could read it.
    #[error(
        "{0} can be read by everybody on this machine: take that right away (chmod 600), and run `invited keys new-epoch` if somebody may have made use of it"
    )]
    WorldReadable(PathBuf),
    /// A key that is easier to guess, or none.
    #[error(
        "{0} holds a key that is not of 256 bits (32 bytes in base64url): restore the file from a backup, or move it away and run `invited keys adopt`, which logs everybody out"
    )]
    NotAKey(PathBuf),
    /// Two purposes with one key, or a rotation that changed nothing.
    #[error(
        "{0} holds the same key twice, so that tokens could pass for what they are not: restore the file from a backup, or move it away and run `invited keys adopt`, which logs everybody out"
    )]
    EqualKeys(PathBuf),
    /// Not the file this service wrote.
    #[error(
        "{0} is not a key file of invited: restore it from a backup, or move it away and run `invited keys adopt`, which logs everybody out"
    )]
    Malformed(PathBuf),
}

/// Reads the key file, `None` when there is none.
pub fn read(path: &Path) -> Result<Option<Stored>, KeysError> {
    match File::open(path) {
        Ok(file) => parse(&file, path).map(|(stored, _)| Some(stored)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(KeysError::Io(path.to_owned(), error)),
    }
}

/// Changes the keys of the key file, which is written only if there is
/// something to write and `change` agrees, and gives `ledger` for that key to
/// a file that lacks it. `None` when there is no file; none is created.
pub fn change(
    path: &Path,
    ledger: impl FnOnce() -> Key,
    change: impl FnOnce(&mut Keys) -> Result<(), KeysError>,
) -> Result<Option<Keys>, KeysError> {
    let Some(changed) = changed(path, ledger, change)? else {
        return Ok(None);
    };
    changed.written.map(|()| Some(changed.keys))
}

/// Keys that were changed, and what came of writing them.
struct Changed {
    keys: Keys,
    /// Whether there was none for the ledgers.
    lacked_one: bool,
    written: Result<(), KeysError>,
}

fn changed(
    path: &Path,
    ledger: impl FnOnce() -> Key,
    change: impl FnOnce(&mut Keys) -> Result<(), KeysError>,
) -> Result<Option<Changed>, KeysError> {
    let Some(file) = hold(path).map_err(|error| KeysError::Io(path.to_owned(), error))? else {
        return Ok(None);
    };
    let (stored, metadata) = parse(&file, path)?;
    let lacked_one = stored.ledger.is_none();
    let before = stored.into_keys(ledger);
    let mut keys = before.clone();
    change(&mut keys)?;
    let written = if lacked_one || keys != before {
        write(&keys, path, &metadata)
    } else {
        Ok(())
    };
    Ok(Some(Changed {
        keys,
        lacked_one,
        written,
    }))
}

/// The same for whoever uses the keys, and goes on with what could not be written: a file
/// from elsewhere (a credential of systemd, a secret of Kubernetes) is for reading alone.
pub fn take_up(
    path: &Path,
    ledger: impl FnOnce() -> Key,
    change: impl FnOnce(&mut Keys) -> Result<(), KeysError>,
) -> Result<Option<Keys>, KeysError> {
    let Some(changed) = changed(path, ledger, change)? else {
        return Ok(None);
    };
    match changed.written {
        Err(KeysError::Io(_, error))
            if !changed.lacked_one && FOR_READING.contains(&error.kind()) => {}
        written => written?,
    }
    Ok(Some(changed.keys))
}

/// Writes a first key file, mode 0600. Never in the place of another.
pub fn create(keys: &Keys, path: &Path) -> Result<(), KeysError> {
    let failed = |error: io::Error| match error.kind() {
        ErrorKind::AlreadyExists => KeysError::Changed(path.to_owned()),
        _ => KeysError::Io(path.to_owned(), error),
    };
    let folder = files::folder(path);
    let beside = tempfile::Builder::new()
        .prefix(".invited-keys-")
        .tempfile_in(folder);
    let mut beside = beside.map_err(failed)?;
    files::keep_private(beside.as_file())
        .and_then(|()| beside.write_all(&text(keys)))
        .and_then(|()| beside.as_file().sync_all())
        .map_err(failed)?;
    let put = beside.persist_noclobber(path);
    put.map_err(|error| failed(error.error))?;
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(failed)
}

fn text(keys: &Keys) -> Vec<u8> {
    let mut text = serde_json::to_vec_pretty(keys).expect("keys are plain JSON");
    text.push(b'\n');
    text
}

/// Opens the file and keeps other changes waiting until it is closed.
fn hold(path: &Path) -> io::Result<Option<File>> {
    loop {
        let file = match File::open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        // A file system without locks does without: people seldom rotate twice at once.
        let _ = file.lock();
        // Whoever made us wait has put another file in this one's place.
        let held = file.metadata()?;
        if fs::metadata(path)
            .is_ok_and(|there| there.dev() == held.dev() && there.ino() == held.ino())
        {
            return Ok(Some(file));
        }
    }
}

fn parse(mut file: &File, path: &Path) -> Result<(Stored, Metadata), KeysError> {
    let failed = |error| KeysError::Io(path.to_owned(), error);
    let metadata = file.metadata().map_err(failed)?;
    if metadata.mode() & 0o007 != 0 {
        return Err(KeysError::WorldReadable(path.to_owned()));
    }
    let mut text = Vec::new();
    file.read_to_end(&mut text).map_err(failed)?;
    let stored: Stored = serde_json::from_slice(&text).map_err(|error| {
        // Text is all that serde keeps of an error. No other may be shown: it could quote a key.
        if error.to_string().starts_with(NOT_A_KEY) {
            KeysError::NotAKey(path.to_owned())
        } else {
            KeysError::Malformed(path.to_owned())
        }
    })?;
    if stored.has_equal_keys() {
        return Err(KeysError::EqualKeys(path.to_owned()));
    }
    Ok((stored, metadata))
}

impl Stored {
    /// The keys, with `ledger` if there is none for the ledgers.
    pub fn into_keys(self, ledger: impl FnOnce() -> Key) -> Keys {
        Keys {
            access: self.access,
            refresh: self.refresh,
            challenge: self.challenge,
            ledger: self.ledger.unwrap_or_else(ledger),
            epoch: self.epoch,
            imported: self.imported,
        }
    }

    fn has_equal_keys(&self) -> bool {
        let is_due = [&self.access, &self.refresh, &self.challenge];
        let mut keys: Vec<&[u8]> = is_due
            .into_iter()
            .flat_map(Ring::iter)
            .chain(&self.ledger)
            .map(Key::bytes)
            .collect();
        keys.sort_unstable();
        keys.windows(2).any(|pair| pair[0] == pair[1])
    }
}

/// Writes the file in place of an older one, whose owner and mode it takes.
fn write(keys: &Keys, path: &Path, older: &Metadata) -> Result<(), KeysError> {
    let failed = |error| KeysError::Io(path.to_owned(), error);
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    // What an earlier attempt left may have any mode, or be a link to anywhere.
    let _ = fs::remove_file(&beside);
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&beside)
        .map_err(failed)?;
    files::keep_private(&file).map_err(failed)?;
    // Root may rotate the keys of a server that is not root: it must still be able to read them.
    if fchown(&file, Some(older.uid()), Some(older.gid())).is_ok() {
        let mode = Permissions::from_mode(older.mode() & 0o770);
        file.set_permissions(mode).map_err(failed)?;
    }
    file.write_all(&text(keys))
        .and_then(|()| file.sync_all())
        .map_err(failed)?;
    fs::rename(&beside, path).map_err(failed)?;
    File::open(files::folder(path))
        .and_then(|folder| folder.sync_all())
        .map_err(failed)
}
