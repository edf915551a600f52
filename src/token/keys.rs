//! The server's keys: one for each purpose.
//!
//! A rotation puts a fresh key in front, and the old one is believed for as
//! long as tokens made with it may live. A new epoch believes nothing that was
//! made before it. The key of the ledgers is for good: what it hashed could
//! not be found with another. How keys are kept is the key file's affair.

use std::{fmt, time::Duration};

use hmac::{Hmac, Mac};
use jsonwebtoken::{DecodingKey, EncodingKey};
use rand::{CryptoRng, RngExt};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{
    encoding::{base64, from_base64},
    imported::ImportedKey,
};
use crate::domain::time::Timestamp;

/// What a text that is not a key is told.
pub(super) const NOT_A_KEY: &str = "a key is 32 bytes in base64url";
/// How much longer than its tokens' lives an old key is believed: for the
/// leeway of clocks, and for requests that were under way when it was retired.
const MARGIN: Duration = Duration::from_mins(1);

/// The keys of an installation.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Keys {
    /// Signs access tokens.
    pub access: Ring,
    /// Signs refresh tokens.
    pub refresh: Ring,
    /// Seals challenge tokens.
    pub challenge: Ring,
    /// Keys the ledgers of limits by phone, so that they can outlive accounts
    /// without naming anybody. Never rotated.
    pub ledger: Key,
    /// Tells one epoch from another: at random, since a file that is restored
    /// from a copy would count on from there.
    pub epoch: i64,
    /// Signed the tokens of the service that this one took the users of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub imported: Option<ImportedKey>,
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
    /// be running that has not read the file since the rotation.
    pub retired_at: Option<i64>,
}

/// 256 random bits. `Debug` is mute.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Key([u8; 32]);

impl Key {
    /// A fresh key.
    pub fn draw(rng: &mut dyn CryptoRng) -> Self {
        let mut bytes = [0; 32];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// The key itself.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Tells keys apart without showing any of them: the leftmost 128 bits of
    /// its SHA-256, in hexadecimal digits. There are too many keys to try them.
    pub fn fingerprint(&self) -> String {
        let leftmost = Sha256::digest(self.0)[..16].try_into();
        let leftmost = leftmost.expect("16 bytes were taken");
        format!("{:032x}", u128::from_be_bytes(leftmost))
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
        bytes.map(Self).ok_or(NOT_A_KEY)
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
            now.since(since) <= longest_life + MARGIN
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
            epoch: draw_epoch(rng),
            imported: None,
        }
    }

    /// Puts fresh keys in front.
    pub fn rotate(&mut self, rng: &mut dyn CryptoRng) {
        for ring in self.is_due() {
            ring.rotate(rng);
        }
    }

    /// Fresh keys for all tokens, and no others: none made before is believed.
    pub fn begin_epoch(&mut self, rng: &mut dyn CryptoRng) {
        for ring in self.is_due() {
            *ring = Ring::draw(rng);
        }
        self.epoch = draw_epoch(rng);
        self.imported = None;
    }

    /// Called by each server that uses the keys, when it takes them up: from
    /// now on older keys make no tokens, and those that made none for
    /// `longest_life` are dropped.
    pub fn settle(&mut self, longest_life: Duration, now: Timestamp) {
        for ring in self.is_due() {
            ring.settle(longest_life, now);
        }
        self.imported.take_if(|key| !key.is_believed(now));
    }

    /// Whether tokens made with `others` are believed.
    pub fn believe(&self, others: &Self) -> bool {
        [
            (&self.access, &others.access),
            (&self.refresh, &others.refresh),
            (&self.challenge, &others.challenge),
        ]
        .iter()
        .all(|(own, other)| own.iter().any(|key| *key == other.current))
    }

    /// What stands for `text` in a ledger: its HMAC-SHA256 under the ledger
    /// key, cut to the leftmost 63 bits (RFC 2104, sections 2 and 5), never
    /// negative. Nobody without the key can tell or try out what the text was.
    /// `domain` names what kind of text it is, in a word of ours: the same text
    /// stands differently in another.
    pub fn fingerprint(&self, domain: &str, text: &str) -> i64 {
        let leftmost = self.mac(domain, text)[..8]
            .iter()
            .fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        i64::try_from(leftmost >> 1).expect("63 bits fit")
    }

    /// The same as 32 hexadecimal digits, for what goes out: an address that
    /// nobody can guess, or the name of something.
    pub fn name(&self, domain: &str, text: &str) -> String {
        let leftmost = self.mac(domain, text)[..16].try_into();
        format!(
            "{:032x}",
            u128::from_be_bytes(leftmost.expect("16 bytes were taken"))
        )
    }

    fn mac(&self, domain: &str, text: &str) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.ledger.bytes())
            .expect("HMAC takes a key of any length");
        for part in [domain, "\0", text] {
            mac.update(part.as_bytes());
        }
        mac.finalize().into_bytes().into()
    }

    fn is_due(&mut self) -> [&mut Ring; 3] {
        [&mut self.access, &mut self.refresh, &mut self.challenge]
    }
}

fn draw_epoch(rng: &mut dyn CryptoRng) -> i64 {
    rng.random_range(1..i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::dice;

    #[test]
    fn a_fingerprint_is_the_same_everywhere_and_for_ever() {
        let mut keys = Keys::draw(&mut dice());
        keys.ledger = Key(std::array::from_fn(|at| u8::try_from(at).unwrap()));
        // Python: hmac.digest(bytes(range(32)), b"phone\0" + text, "sha256")[:8], less one bit.
        for (domain, text, expected) in [
            ("phone", "79123456789", 5_852_594_458_957_638_325),
            ("prefix", "79123456789", 3_378_628_597_291_389_042),
            ("phone", "", 1_476_231_849_151_519_388),
        ] {
            assert_eq!(keys.fingerprint(domain, text), expected, "{domain} {text}");
        }
    }

    #[test]
    fn neither_domains_nor_texts_nor_keys_share_fingerprints() {
        let keys = Keys::draw(&mut dice());
        let others = Keys::draw(&mut dice());
        let all = [
            keys.fingerprint("phone", "79123456789"),
            keys.fingerprint("phone", "79123456780"),
            keys.fingerprint("prefix", "79123456789"),
            keys.fingerprint("phone7", "9123456789"),
            others.fingerprint("phone", "79123456789"),
        ];
        assert_eq!(std::collections::HashSet::from(all).len(), all.len());
    }
}
