//! Service keys: what programs show that operate the service.
//!
//! A key has a name and permissions of its own. It is good until it expires or
//! is deleted, and in the epoch of the server's keys that it was made in: or a
//! backup that is restored would bring deleted ones back.

pub use super::id::KeyId;
use super::{
    device::Epoch, error::StoreError, permission::Permissions, secret::SecretHash, time::Timestamp,
};

/// Most characters of a name.
const LONGEST_NAME: usize = 64;

/// A key.
#[derive(Debug, Clone)]
pub struct ServiceKey {
    /// Which one.
    pub id: KeyId,
    /// The hash of its secret.
    pub hash: SecretHash,
    /// What its operators call it.
    pub name: KeyName,
    /// What it is good for.
    pub permissions: Permissions,
    /// In which epoch it was made.
    pub epoch: Epoch,
    /// When.
    pub created_at: Timestamp,
    /// Until when it is good; for ever, if that is not said.
    pub expires_at: Option<Timestamp>,
    /// When it was used last, to the minute.
    pub used_at: Option<Timestamp>,
}

impl ServiceKey {
    /// Whether it is good.
    pub fn is_good(&self, epoch: Epoch, at: Timestamp) -> bool {
        self.epoch == epoch && self.expires_at.is_none_or(|end| end > at)
    }
}

/// The name of a key, as the audit writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyName(String);

impl KeyName {
    /// Reads a name; `None` when it cannot be one.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        let is_name = (1..=LONGEST_NAME).contains(&text.len()) && text.bytes().all(plain);
        is_name.then(|| Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Keys of programs.
pub trait ServiceKeys {
    /// The key with this secret.
    fn service_key(&mut self, hash: &SecretHash) -> Result<Option<ServiceKey>, StoreError>;
    /// Every key, the oldest first.
    fn service_keys(&mut self) -> Result<Vec<ServiceKey>, StoreError>;
    /// Adds a key; `false` when the identifier is taken.
    fn insert_service_key(&mut self, key: &ServiceKey) -> Result<bool, StoreError>;
    /// Writes down that it was used.
    fn touch_service_key(&mut self, id: KeyId, at: Timestamp) -> Result<(), StoreError>;
    /// Deletes a key.
    fn delete_service_key(&mut self, id: KeyId) -> Result<(), StoreError>;
}

/// The key with this secret, if it is good.
pub fn find(
    tx: &mut (impl ServiceKeys + ?Sized),
    hash: &SecretHash,
    epoch: Epoch,
    at: Timestamp,
) -> Result<Option<ServiceKey>, StoreError> {
    Ok(tx.service_key(hash)?.filter(|key| key.is_good(epoch, at)))
}

/// How the audit names it.
pub fn name(key: &ServiceKey) -> String {
    format!("key {}", key.name.as_str())
}
