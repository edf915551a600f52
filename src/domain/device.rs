//! A known device: one that has proved a user's phone before and holds a
//! secret to show for it. Only the secret's hash is stored.

use std::fmt;

use rand::CryptoRng;
use sha2::{Digest, Sha256};

use super::{
    ledger::Party,
    time::Timestamp,
    tx::{StoreError, Tx},
    user::UserId,
};

/// Devices remembered of one user; one more takes the place of the longest unused.
const MOST_PER_USER: usize = 20;

/// The secret of a device: 256 random bits. `Debug` is mute.
#[derive(Clone, PartialEq, Eq)]
pub struct DeviceSecret(pub [u8; 32]);

impl fmt::Debug for DeviceSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceSecret(..)")
    }
}

/// SHA-256 of a [`DeviceSecret`]. The secret is random, so no salt is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceHash(pub [u8; 32]);

impl DeviceSecret {
    /// What is stored in the secret's place.
    pub fn hash(&self) -> DeviceHash {
        DeviceHash(Sha256::digest(self.0).into())
    }
}

impl DeviceHash {
    /// Whom the device's own limits are charged to. Below zero, where no phone's
    /// alias is.
    pub fn party(&self) -> Party {
        let first = self.0.first_chunk().expect("a hash has 32 bytes");
        Party(i64::from_be_bytes(*first) | i64::MIN)
    }
}

/// A device that logged a user in.
#[derive(Debug, Clone)]
pub struct Device {
    /// The hash of its secret.
    pub hash: DeviceHash,
    /// Whom it logged in.
    pub user: UserId,
    /// Its first login.
    pub created_at: Timestamp,
    /// Its latest login.
    pub used_at: Timestamp,
}

/// Forgets every device of the user but `kept`.
pub fn forget_others(
    tx: &mut dyn Tx,
    user: UserId,
    kept: Option<&DeviceHash>,
) -> Result<(), StoreError> {
    tx.delete_other_devices(user, kept)
}

/// Recognises the device that logs `user` in, or makes it known: the secret
/// to show next time.
pub fn recognise(
    tx: &mut dyn Tx,
    user: UserId,
    shown: Option<&DeviceSecret>,
    now: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<DeviceSecret, StoreError> {
    if let Some(secret) = shown {
        let hash = secret.hash();
        if tx.device(&hash)?.is_some_and(|device| device.user == user) {
            tx.touch_device(&hash, now)?;
            return Ok(secret.clone());
        }
    }
    let mut secret = DeviceSecret([0; 32]);
    rng.fill_bytes(&mut secret.0);
    let device = Device {
        hash: secret.hash(),
        user,
        created_at: now,
        used_at: now,
    };
    tx.insert_device(&device, MOST_PER_USER)?;
    Ok(secret)
}
