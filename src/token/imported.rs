//! The key of an earlier service: what it signed is believed for a while, and
//! nothing is signed with it. It is not a [`Key`](super::keys::Key), since it has another length,
//! and one key signs access and refresh tokens.

use jsonwebtoken::DecodingKey;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::domain::time::Timestamp;

/// Fewest bytes of a key for HS256 (RFC 7518, section 3.2).
const FEWEST: usize = 32;

/// The HS256 key of an earlier service.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportedKey {
    secret: String,
    /// When it is believed no more (Unix seconds).
    until: i64,
}

impl ImportedKey {
    /// A key that is believed until then.
    ///
    /// # Errors
    /// It can be guessed, as the end of a sentence.
    pub fn new(secret: &str, until: Timestamp) -> Result<Self, &'static str> {
        if secret.len() < FEWEST {
            return Err(
                "has less than 32 characters, so that anybody could guess it and sign tokens",
            );
        }
        Ok(Self {
            secret: secret.to_owned(),
            until: until.seconds(),
        })
    }

    /// Whether tokens of it are good at this instant.
    pub fn is_believed(&self, now: Timestamp) -> bool {
        now < self.until()
    }

    /// When they are no more.
    pub fn until(&self) -> Timestamp {
        Timestamp::from_seconds(self.until)
    }

    /// The key as jsonwebtoken verifies with it.
    pub fn verifying(&self) -> DecodingKey {
        DecodingKey::from_secret(self.secret.as_bytes())
    }

    /// Tells keys apart without showing any of them, as
    /// [`Key::fingerprint`](super::keys::Key::fingerprint) does.
    pub fn fingerprint(&self) -> String {
        let leftmost = Sha256::digest(self.secret.as_bytes())[..16].try_into();
        let leftmost = leftmost.expect("16 bytes were taken");
        format!("{:032x}", u128::from_be_bytes(leftmost))
    }
}
