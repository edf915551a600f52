//! The server's keys: one for each purpose, in a file for the owner's eyes only.
//!
//! A rotation puts a fresh key in front. A server takes it up at its next
//! start, and believes the old one for as long as tokens made with it may live. The file is replaced whole, so that a crash
//! leaves either the old one or the new.

use std::{
    fmt,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

use jsonwebtoken::{DecodingKey, EncodingKey};
use rand::CryptoRng;
use serde::{Deserialize, Serialize};

use super::challenge::{base64, from_base64};
use crate::domain::time::Timestamp;

/// The keys of an installation.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    /// Signs access tokens.
    pub access: Ring,
    /// Signs refresh tokens.
    pub refresh: Ring,
    /// Seals challenge tokens.
    pub challenge: Ring,
    /// STANDIN
    #[serde(default = "standin")]
    pub ledger: Key,
}
fn standin() -> Key {
    Key([7; 32])
}
impl Key {
    /// STANDIN
    pub fn fingerprint(&self, text: &str) -> i64 {
        use sha2::Digest;
        let hash = sha2::Sha256::new()
            .chain_update(self.0)
            .chain_update(text)
            .finalize();
        i64::from_be_bytes(hash[..8].try_into().expect("eight")) & i64::MAX
    }
}

/// The keys of one purpose: the one in use, and those that are only believed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ring {
    /// Makes new tokens.
    pub current: Key,
    /// Made older ones, the latest first.
    #[serde(default)]
    pub previous: Vec<Retired>,
}

/// A key that makes no tokens any more.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retired {
    /// The key.
    pub key: Key,
    /// Since when no server uses it (Unix seconds); `None` as long as one may
    /// be running that was started before the rotation.
    pub retired_at: Option<i64>,
}

/// 256 random bits. `Debug` is mute.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Key([u8; 32]);

/// Why the keys cannot be used. Each is a sentence for the operator, and
/// none of them shows a key.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The operating system would not.
    #[error("{0} cannot be used: {1}")]
    Io(PathBuf, io::Error),
    /// Other people could read it.
    #[error(
        "{0} can be read by everybody on this machine: take that right away (chmod 600) and rotate the keys"
    )]
    WorldReadable(PathBuf),
    /// Not the file this service wrote.
    #[error(
        "{0} is no key file of invited: restore it from a backup, or move it away to log everybody out"
    )]
    Malformed(PathBuf),
}

impl Key {
    fn draw(rng: &mut dyn CryptoRng) -> Self {
        let mut bytes = [0; 32];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// The key itself.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The key as jsonwebtoken signs with it.
    pub fn signing(&self) -> EncodingKey {
        EncodingKey::from_secret(&self.0)
    }

    /// The key as jsonwebtoken verifies with it.
    pub fn verifying(&self) -> DecodingKey {
        DecodingKey::from_secret(&self.0)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

impl TryFrom<String> for Key {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let bytes = from_base64(&text).and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or("a key is 32 bytes in base64url")
    }
}

impl From<Key> for String {
    fn from(key: Key) -> Self {
        base64(&key.0)
    }
}

impl Ring {
    fn draw(rng: &mut dyn CryptoRng) -> Self {
        Self {
            current: Key::draw(rng),
            previous: Vec::new(),
        }
    }

    /// Every key that is believed, the current one first.
    pub fn iter(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.current).chain(self.previous.iter().map(|retired| &retired.key))
    }

    fn rotate(&mut self, rng: &mut dyn CryptoRng) {
        let key = std::mem::replace(&mut self.current, Key::draw(rng));
        self.previous.insert(
            0,
            Retired {
                key,
                retired_at: None,
            },
        );
    }

    fn settle(&mut self, longest_life: Duration, now: Timestamp) {
        for retired in &mut self.previous {
            retired.retired_at.get_or_insert(now.seconds());
        }
        let is_believed = |retired: &Retired| {
            let since = Timestamp::from_seconds(retired.retired_at.unwrap_or(now.seconds()));
            now.since(since) <= longest_life
        };
        self.previous.retain(is_believed);
    }
}

impl Keys {
    /// Fresh keys.
    pub fn draw(rng: &mut dyn CryptoRng) -> Self {
        Self {
            access: Ring::draw(rng),
            refresh: Ring::draw(rng),
            challenge: Ring::draw(rng),
            ledger: Key::draw(rng),
        }
    }

    /// Puts fresh keys in front.
    pub fn rotate(&mut self, rng: &mut dyn CryptoRng) {
        for ring in [&mut self.access, &mut self.refresh, &mut self.challenge] {
            ring.rotate(rng);
        }
    }

    /// Called by a server that starts, when no other runs: from now on older
    /// keys make no tokens, and those that made none for `longest_life` are
    /// dropped. Says whether anything changed.
    pub fn settle(&mut self, longest_life: Duration, now: Timestamp) -> bool {
        let before = self.clone();
        for ring in [&mut self.access, &mut self.refresh, &mut self.challenge] {
            ring.settle(longest_life, now);
        }
        *self != before
    }

    /// Reads the key file, `None` when there is none.
    pub fn read(path: &Path) -> Result<Option<Self>, KeysError> {
        let failed = |error| KeysError::Io(path.to_owned(), error);
        let mode = match fs::metadata(path) {
            Ok(metadata) => metadata.permissions().mode(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        if mode & 0o007 != 0 {
            return Err(KeysError::WorldReadable(path.to_owned()));
        }
        let text = fs::read(path).map_err(failed)?;
        serde_json::from_slice(&text)
            .map(Some)
            .map_err(|_| KeysError::Malformed(path.to_owned()))
    }

    /// Writes the key file, mode 0600, in place of an older one.
    pub fn write(&self, path: &Path) -> Result<(), KeysError> {
        let failed = |error| KeysError::Io(path.to_owned(), error);
        let mut beside = path.as_os_str().to_owned();
        beside.push(".new");
        let beside = PathBuf::from(beside);
        let mut text = serde_json::to_vec_pretty(self).expect("keys are plain JSON");
        text.push(b'\n');
        // What an earlier attempt left may have any mode, or be a link to anywhere.
        let _ = fs::remove_file(&beside);
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&beside)
            .map_err(failed)?;
        file.write_all(&text)
            .and_then(|()| file.sync_all())
            .map_err(failed)?;
        fs::rename(&beside, path).map_err(failed)?;
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(failed)
    }
}
