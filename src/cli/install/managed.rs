//! Files that a later version may replace, as long as nobody changed them: the
//! first line has the checksum of the others.

use std::{
    fs,
    io::{self, ErrorKind},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use crate::{cli::failure::Failure, files};

/// A file as it is to be.
pub struct Managed {
    pub path: PathBuf,
    pub text: String,
}

/// What is there instead.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    Nothing,
    Same,
    /// What another version wrote.
    Older,
    /// What somebody wrote.
    Changed,
}

impl Managed {
    pub fn new(path: PathBuf, text: &str) -> Self {
        let text = format!("{}\n{text}", first_line(text));
        Self { path, text }
    }

    pub fn look(&self) -> Result<Found, Failure> {
        let found = match fs::read(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Found::Nothing),
            Err(error) => {
                let path = self.path.display();
                return Err(Failure::of(format!("{path} cannot be read: {error}")));
            }
            Ok(found) => String::from_utf8_lossy(&found).into_owned(),
        };
        Ok(match found.split_once('\n') {
            _ if found == self.text => Found::Same,
            Some((first, rest)) if first == first_line(rest) => Found::Older,
            _ => Found::Changed,
        })
    }
}

fn first_line(rest: &str) -> String {
    let sum = Sha256::digest(rest);
    format!("# By `invited install`, which replaces no file that was changed: {sum:x}")
}

/// Writes a file, whole or not at all, with its folders.
pub fn put(path: &Path, content: impl io::Read, mode: u32) -> Result<(), Failure> {
    let shown = path.display();
    let failed = |error| Failure::of(format!("{shown} cannot be written: {error}"));
    replace(path, content, mode).map_err(failed)
}

fn replace(path: &Path, mut content: impl io::Read, mode: u32) -> io::Result<()> {
    let folder = files::folder(path);
    fs::create_dir_all(folder)?;
    let mut file = NamedTempFile::new_in(folder)?;
    io::copy(&mut content, &mut file)?;
    file.as_file()
        .set_permissions(fs::Permissions::from_mode(mode))?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}
