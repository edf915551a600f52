//! A database full of people in a folder of its own, with the keys beside it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use invited::{
    clock::dice,
    token::{key_file, keys::Keys},
};
use tempfile::TempDir;

/// Every number that is drawn may be sent to.
pub const DESTINATIONS: (&str, &str) = ("INVITED_LOGIN__DESTINATIONS", "+79#########");
/// Nobody is refused for asking too much.
pub const UNLIMITED: [(&str, &str); 9] = [
    ("INVITED_LIMITS__SENDS_PER_PHONE", "off"),
    ("INVITED_LIMITS__WRONG_GUESSES_PER_PHONE", "off"),
    ("INVITED_LIMITS__WRONG_LONG_GUESSES_PER_PHONE", "off"),
    ("INVITED_LIMITS__FAILED_CONFIRMATIONS_PER_SOURCE", "off"),
    ("INVITED_LIMITS__SENDS_PER_SOURCE", "off"),
    ("INVITED_LIMITS__SENDS_PER_PREFIX", "off"),
    ("INVITED_LIMITS__SENDS_IN_ALL", "off"),
    ("INVITED_LIMITS__WRONG_INVITATION_CODES_PER_USER", "off"),
    ("INVITED_LIMITS__WRONG_INVITATION_CODES_PER_SOURCE", "off"),
];
const DATABASE: &str = "invited.db";
const KEYS: &str = "invited.keys.json";

/// A folder to run a server in.
pub struct Fixture {
    folder: TempDir,
    pub keys: Keys,
}

impl Fixture {
    /// One with so many people, or with a copy of the database `before`, if
    /// that is named.
    pub fn seeded(users: u64, before: &Path) -> Self {
        let fixture = Self::empty(Keys::draw(&mut dice()));
        if before.as_os_str().is_empty() {
            let seeding = Command::new(env!("CARGO_BIN_EXE_invited"))
                .current_dir(fixture.path())
                .env_clear()
                .args(["seed", "--users", &users.to_string()])
                .status();
            assert!(seeding.unwrap().success());
        } else {
            fs::copy(before, fixture.database()).unwrap();
        }
        key_file::create(&fixture.keys, &fixture.path().join(KEYS)).unwrap();
        fixture
    }

    /// On the disk that builds are on, for `/tmp` may not be one.
    fn empty(keys: Keys) -> Self {
        let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        Self { folder, keys }
    }

    /// Another like it.
    pub fn copy(&self) -> Self {
        let log = self.path().join(format!("{DATABASE}-wal"));
        assert!(!log.exists(), "a database that is closed is one file");
        let copy = Self::empty(self.keys.clone());
        for file in [DATABASE, KEYS] {
            fs::copy(self.path().join(file), copy.path().join(file)).unwrap();
        }
        copy
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn database(&self) -> PathBuf {
        self.path().join(DATABASE)
    }
}
