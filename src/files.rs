//! What can be said of a file before it is made, and of a failure to open it:
//! the system's own words do not tell a missing folder from a missing file.

use std::{
    fs, io,
    io::{ErrorKind, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt},
    path::Path,
};

use rustix::fs::{Access, access};

/// The sticky bit: in such a folder, files are moved by their owners only.
const STICKY: u32 = 0o1000;

/// The folder that `path` is in.
pub fn folder(path: &Path) -> &Path {
    let folder = path.parent();
    let is_named = |folder: &&Path| !folder.as_os_str().is_empty();
    folder.filter(is_named).unwrap_or(Path::new("."))
}

/// Why `path` could not be opened: its folder, if that is what is missing.
pub fn reason(path: &Path, error: &io::Error) -> String {
    let folder = folder(path);
    if error.kind() == ErrorKind::NotFound && !folder.exists() {
        format!("its folder {} does not exist", folder.display())
    } else {
        error.to_string()
    }
}

/// Whether a file can be made at `path`. Makes none.
pub fn can_create(path: &Path) -> Result<(), String> {
    let folder = folder(path);
    let found = fs::metadata(folder).map_err(|error| reason(path, &error))?;
    if !found.is_dir() {
        return Err(format!("{} is not a folder", folder.display()));
    }
    access(folder, Access::WRITE_OK | Access::EXEC_OK).map_err(|error| {
        let error = io::Error::from(error);
        format!("its folder {} cannot be written: {error}", folder.display())
    })
}

/// Whether anybody on this machine could put other files in the place of those in `folder`.
pub fn is_open_to_all(folder: &Path) -> bool {
    let mode = fs::metadata(folder).map_or(0, |folder| folder.mode());
    mode & 0o002 != 0 && mode & STICKY == 0
}

/// Leaves a new file to its owner, whatever the umask would have made of it.
pub fn keep_private(file: &fs::File) -> io::Result<()> {
    file.set_permissions(fs::Permissions::from_mode(0o600))
}

/// Writes a file for its owner's eyes alone in place of an older one, whole or not at all.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = Path::new(&beside);
    // What an earlier attempt left may have any mode, or be a link to anywhere.
    let _ = fs::remove_file(beside);
    let mut options = fs::OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(beside)?;
    keep_private(&file)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(beside, path)?;
    fs::File::open(folder(path))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_folder_is_told_from_a_missing_file() {
        let folder = tempfile::TempDir::new().unwrap();
        let missing = |path: &Path| reason(path, &fs::File::open(path).unwrap_err());
        let (file, deep) = (folder.path().join("x"), folder.path().join("no/x"));
        assert!(missing(&file).starts_with("No such file"));
        assert!(missing(&deep).ends_with("no does not exist"));
        assert_eq!(
            (can_create(&file), can_create(&deep).is_err()),
            (Ok(()), true)
        );
        fs::write(&file, "").unwrap();
        let told = can_create(&file.join("y")).unwrap_err();
        assert!(told.ends_with("x is not a folder"), "{told}");
    }

    #[test]
    fn a_folder_is_open_to_all_unless_its_files_are_moved_by_their_owners_alone() {
        let folder = tempfile::TempDir::new().unwrap();
        for (mode, open) in [
            (0o777, true),
            (0o702, true),
            (0o1777, false),
            (0o770, false),
        ] {
            fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(is_open_to_all(folder.path()), open, "{mode:o}");
        }
    }
}
