//! A known device: one that has proved a user's phone before and holds a
//! secret to show for it. Only the secret's hash is stored.
//!
//! It is forgotten when it was not used for long, when its user logs out
//! everywhere, and when a token was stolen; and one that was made known in an
//! earlier epoch of the keys is not known any more.

use std::{fmt, net::IpAddr, time::Duration};

use rand::CryptoRng;
use sha2::{Digest, Sha256};

use super::{
    error::StoreError,
    id::{self, UserId},
    ledger::Party,
    time::Timestamp,
};

/// Devices remembered of one user; one more takes the place of the longest unused.
const MOST_PER_USER: usize = 20;
/// After so long without a login a device is forgotten.
const UNUSED: Duration = Duration::from_hours(90 * 24);

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
    /// Whom earlier versions charged: each device by itself. Below zero, where
    /// no phone's alias is.
    pub fn party(&self) -> Party {
        let first = self.0.first_chunk().expect("a hash has 32 bytes");
        Party(i64::from_be_bytes(*first) | i64::MIN)
    }
}

/// An epoch of the keys. What was made known in another is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Epoch(pub i64);

/// Where a login came from, as its user will recognise it.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// What the client called itself.
    pub user_agent: String,
    /// Its address.
    pub ip: Option<IpAddr>,
}

/// A device that logged a user in.
#[derive(Debug, Clone)]
pub struct Device {
    /// The hash of its secret.
    pub hash: DeviceHash,
    /// Whom it logged in.
    pub user: UserId,
    /// In which epoch it was made known.
    pub epoch: Epoch,
    /// Where its latest login came from.
    pub origin: Origin,
    /// Its first login.
    pub created_at: Timestamp,
    /// Its latest login, or the latest refresh of a session that was begun on it.
    pub used_at: Timestamp,
}

/// A secret that a client shows, and when. Instants of devices never go back,
/// or a clock that was set back would make forgotten ones known again.
#[derive(Debug, Clone)]
pub struct Presented {
    /// The secret, if there is one.
    pub secret: Option<DeviceSecret>,
    /// The epoch of the keys in use.
    pub epoch: Epoch,
    /// The instant.
    pub at: Timestamp,
}

/// Devices that have logged a user in before.
pub trait Devices {
    /// The device with this secret.
    fn device(&mut self, hash: &DeviceHash) -> Result<Option<Device>, StoreError>;
    /// Adds a device, in place of the user's longest unused one when there are `most`.
    fn insert_device(&mut self, device: &Device, most: usize) -> Result<(), StoreError>;
    /// Writes down that a device was used.
    fn touch_device(
        &mut self,
        hash: &DeviceHash,
        origin: &Origin,
        at: Timestamp,
    ) -> Result<(), StoreError>;
    /// The same of a device that was used after `after`, wherever it is by now.
    fn note_device_use(
        &mut self,
        hash: &DeviceHash,
        at: Timestamp,
        after: Timestamp,
    ) -> Result<(), StoreError>;
    /// The user's devices, the one that was used last first.
    fn devices_of(&mut self, user: UserId) -> Result<Vec<Device>, StoreError>;
    /// Forgets some of the devices that were not used since `before`.
    fn prune_devices(&mut self, before: Timestamp) -> Result<(), StoreError>;
    /// Forgets every device of a user but `kept`.
    fn delete_other_devices(
        &mut self,
        user: UserId,
        kept: Option<&DeviceHash>,
    ) -> Result<(), StoreError>;
}

/// The device whose secret is shown, if it is known.
pub fn find(
    tx: &mut (impl Devices + ?Sized),
    shown: &Presented,
) -> Result<Option<Device>, StoreError> {
    let Some(secret) = &shown.secret else {
        return Ok(None);
    };
    let device = tx.device(&secret.hash())?;
    Ok(device.filter(|device| device.epoch == shown.epoch && device.used_at + UNUSED > shown.at))
}

/// The user's known devices, the one that was used last first.
pub fn of(
    tx: &mut (impl Devices + ?Sized),
    user: UserId,
    epoch: Epoch,
    at: Timestamp,
) -> Result<Vec<Device>, StoreError> {
    let mut devices = tx.devices_of(user)?;
    devices.retain(|device| device.epoch == epoch && device.used_at + UNUSED > at);
    Ok(devices)
}

/// Writes down that a session on the device went on, if it is known still. Its
/// user may need it no sooner than when that session ends.
pub fn note_use(
    tx: &mut (impl Devices + ?Sized),
    hash: &DeviceHash,
    at: Timestamp,
) -> Result<(), StoreError> {
    tx.note_device_use(hash, at, at - UNUSED)
}

/// Recognises the device that logs `user` in, or makes it known: the secret
/// to show next time.
pub fn recognise(
    tx: &mut (impl Devices + ?Sized),
    user: UserId,
    shown: &Presented,
    origin: &Origin,
    rng: &mut dyn CryptoRng,
) -> Result<DeviceSecret, StoreError> {
    if let Some(device) = find(tx, shown)?.filter(|device| device.user == user)
        && let Some(secret) = &shown.secret
    {
        tx.touch_device(&device.hash, origin, shown.at)?;
        return Ok(secret.clone());
    }
    let mut secret = DeviceSecret([0; 32]);
    rng.fill_bytes(&mut secret.0);
    if id::sweeps(secret.0[0].into()) {
        tx.prune_devices(shown.at - UNUSED)?;
    }
    let device = Device {
        hash: secret.hash(),
        user,
        epoch: shown.epoch,
        origin: origin.clone(),
        created_at: shown.at,
        used_at: shown.at,
    };
    tx.insert_device(&device, MOST_PER_USER)?;
    Ok(secret)
}

/// Forgets every device of the user but `kept`.
pub fn forget_others(
    tx: &mut (impl Devices + ?Sized),
    user: UserId,
    kept: Option<&DeviceHash>,
) -> Result<(), StoreError> {
    tx.delete_other_devices(user, kept)
}

/// Forgets every device of a user.
pub fn forget_all(tx: &mut (impl Devices + ?Sized), user: UserId) -> Result<(), StoreError> {
    forget_others(tx, user, None)
}
