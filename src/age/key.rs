//! Keys as `age-keygen` writes them, and what they do with the key of a file.

use std::{fmt, str::FromStr};

use bech32::{Bech32, primitives::decode::CheckedHrpstring};
use openssl::error::ErrorStack;

use super::{
    crypto::{self, FileKey, Key},
    error::AgeError,
};

const LABEL: &[u8] = b"age-encryption.org/v1/X25519";
/// Each of these keys seals one text.
const NONCE: [u8; 12] = [0; 12];

/// Whom a file is encrypted to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient(Key);

/// Who can decrypt what is encrypted to them.
pub struct Identity(Key);

impl Recipient {
    /// The key of a file for its recipient's eyes alone, with the share that it takes to see it.
    pub fn wrap(&self, file_key: &FileKey, secret: &Key) -> Result<(Key, Vec<u8>), ErrorStack> {
        let share = crypto::share(secret)?;
        let key = wrapping_key(secret, &self.0, &share, &self.0)?;
        Ok((share, crypto::seal(&key, &NONCE, file_key)?))
    }
}

impl Identity {
    /// The key of a file, if it is for this one.
    pub fn unwrap(&self, share: &Key, sealed: &[u8]) -> Result<Option<FileKey>, AgeError> {
        let own = crypto::share(&self.0)?;
        let key = wrapping_key(&self.0, share, share, &own).map_err(|_| AgeError::Malformed)?;
        let opened = crypto::open(&key, &NONCE, sealed);
        Ok(opened.and_then(|key| key.try_into().ok()))
    }
}

fn wrapping_key(
    secret: &Key,
    other: &Key,
    share: &Key,
    recipient: &Key,
) -> Result<Key, ErrorStack> {
    let known = crypto::agree(secret, other)?;
    Ok(crypto::derive(
        &known,
        &[*share, *recipient].concat(),
        LABEL,
    ))
}

impl FromStr for Recipient {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = "is not an age recipient: write what `age-keygen` tells as the public key, which begins with age1";
        decode("age", text)
            .map(Self)
            .ok_or_else(|| expected.to_owned())
    }
}

impl FromStr for Identity {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        decode("age-secret-key-", text).map(Self).ok_or(())
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

fn decode(kind: &str, text: &str) -> Option<Key> {
    let checked = CheckedHrpstring::new::<Bech32>(text).ok()?;
    let is_of_kind = checked.hrp().as_str().eq_ignore_ascii_case(kind);
    let bytes: Vec<_> = checked.byte_iter().collect();
    bytes.try_into().ok().filter(|_| is_of_kind)
}
