//! Files of a backup that only the holders of some keys can read.

use std::{
    fs::{self, File},
    io::{BufReader, Write},
    path::{Path, PathBuf},
};

use rand::CryptoRng;

use super::{
    archive::{private, pump},
    error::BackupError,
    folder::{DATABASE, KEYS, SEALED_DATABASE, SEALED_KEYS},
};
use crate::{
    age::{self, AgeError, Identity, Recipient},
    store::Progress,
};

/// Each file, and what it is called when it is encrypted.
const FILES: [(&str, &str); 2] = [(DATABASE, SEALED_DATABASE), (KEYS, SEALED_KEYS)];

/// Encrypts the files in `folder`; without recipients they are left as they are.
pub fn seal(
    folder: &Path,
    recipients: &[Recipient],
    rng: &mut dyn CryptoRng,
    progress: &Progress,
) -> Result<(), BackupError> {
    let files = FILES.iter().filter(|_| !recipients.is_empty());
    for (plain, sealed) in files {
        let (from, to) = (folder.join(plain), folder.join(sealed));
        let writing = BackupError::io(&to);
        let mut source = File::open(&from).map_err(BackupError::io(&from))?;
        let target = private(&to).map_err(&writing)?;
        let encryptor = age::encrypt(target, recipients, rng);
        let mut encryptor = encryptor.map_err(|error| failed(&to, error))?;
        pump(&mut source, &from, progress, |chunk| {
            encryptor.write_all(chunk).map_err(&writing)
        })?;
        let target = encryptor.finish().map_err(&writing)?;
        target.sync_all().map_err(&writing)?;
        fs::remove_file(&from).map_err(BackupError::io(&from))?;
    }
    Ok(())
}

/// The folder with the files of the backup in `folder` as they were: `scratch`, if
/// they have to be decrypted.
pub fn open(
    folder: &Path,
    scratch: &Path,
    identities: Option<&[Identity]>,
    progress: &Progress,
) -> Result<PathBuf, BackupError> {
    if !folder.join(SEALED_DATABASE).exists() {
        return Ok(folder.to_owned());
    }
    let identities = identities.ok_or_else(|| BackupError::Sealed(folder.to_owned()))?;
    for (plain, sealed) in FILES {
        let (from, to) = (folder.join(sealed), scratch.join(plain));
        let writing = BackupError::io(&to);
        let source = File::open(&from).map_err(BackupError::io(&from))?;
        let decryptor = age::decrypt(BufReader::new(source), identities);
        let mut decryptor = decryptor.map_err(|error| failed(&from, error))?;
        let mut target = private(&to).map_err(&writing)?;
        pump(&mut decryptor, &from, progress, |chunk| {
            target.write_all(chunk).map_err(&writing)
        })?;
    }
    Ok(scratch.to_owned())
}

fn failed(path: &Path, error: AgeError) -> BackupError {
    match error {
        AgeError::Io(error) => BackupError::io(path)(error),
        AgeError::Malformed => BackupError::Damaged(path.to_owned()),
        error => BackupError::NotOpened {
            path: path.to_owned(),
            reason: error.to_string(),
        },
    }
}
