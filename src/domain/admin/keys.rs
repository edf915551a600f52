//! Service keys come and go. Nobody makes one that may do more than they may.

use super::{Desk, Refused};
use crate::domain::{
    audit::Action,
    device::Epoch,
    id::{self, KeyId},
    permission::{Permission, Permissions},
    secret::Secret,
    service_key::{KeyName, ServiceKey},
    time::Timestamp,
    tx::Tx,
};

/// A key that is wanted.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// What it is to be called.
    pub name: KeyName,
    /// What it is to be good for.
    pub permissions: Permissions,
    /// Until when; for ever, if that is not said.
    pub expires_at: Option<Timestamp>,
}

impl Desk<'_> {
    /// Makes a key: it, and its secret.
    pub fn create_key(
        &mut self,
        tx: &mut dyn Tx,
        wanted: &NewKey,
        epoch: Epoch,
    ) -> Result<(ServiceKey, Secret), Refused> {
        self.require(Permission::Keys)?;
        self.require_all(wanted.permissions)?;
        if tx.service_keys()?.iter().any(|key| key.name == wanted.name) {
            return Err(Refused::NameTaken);
        }
        let secret = Secret::draw(self.rng);
        let mut key = ServiceKey {
            id: KeyId(0),
            hash: secret.hash(),
            name: wanted.name.clone(),
            permissions: wanted.permissions,
            epoch,
            created_at: self.operator.at,
            expires_at: wanted.expires_at,
            used_at: None,
        };
        key.id = id::draw_free("key", self.operator.at, self.rng, |id, _| {
            key.id = KeyId(id);
            Ok(tx.insert_service_key(&key)?.then_some(key.id))
        })?;
        let detail = format!("{}: {}", key.name.as_str(), key.permissions);
        self.note(tx, Action::CreateKey, None, detail)?;
        Ok((key, secret))
    }

    /// Deletes a key.
    pub fn delete_key(
        &mut self,
        tx: &mut dyn Tx,
        is_meant: impl Fn(&ServiceKey) -> bool,
    ) -> Result<ServiceKey, Refused> {
        self.require(Permission::Keys)?;
        let key = tx.service_keys()?.into_iter().find(is_meant);
        let key = key.ok_or(Refused::NoKey)?;
        self.require_all(key.permissions)?;
        tx.delete_service_key(key.id)?;
        self.note(tx, Action::DeleteKey, None, key.name.as_str().to_owned())?;
        Ok(key)
    }
}
