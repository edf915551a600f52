//! The table `service_keys`.

use super::{
    operator_sessions::secret_hash,
    row::{Read, Row, Unreadable, at},
    transaction::Transaction,
    value::params,
};
use crate::domain::{
    device::Epoch,
    error::StoreError,
    secret::SecretHash,
    service_key::{KeyId, KeyName, ServiceKey, ServiceKeys},
    time::Timestamp,
};

macro_rules! select {
    ($condition:literal) => {
        concat!(
            "SELECT id, hash, name, permissions, epoch, created_at, expires_at, used_at FROM service_keys ",
            $condition
        )
    };
}

impl ServiceKeys for Transaction<'_> {
    fn service_key(&mut self, hash: &SecretHash) -> Result<Option<ServiceKey>, StoreError> {
        self.one(select!("WHERE hash = $1"), params![hash.0], key)
    }

    fn service_keys(&mut self) -> Result<Vec<ServiceKey>, StoreError> {
        self.all(select!("ORDER BY id"), params![], key)
    }

    fn insert_service_key(&mut self, key: &ServiceKey) -> Result<bool, StoreError> {
        let inserted = self.change(
            "INSERT INTO service_keys (id, hash, name, permissions, epoch, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING",
            params![
                key.id.0,
                key.hash.0,
                key.name.as_str(),
                key.permissions.to_string(),
                key.epoch.0,
                key.created_at.millis(),
                key.expires_at.map(Timestamp::millis)
            ],
        )?;
        Ok(inserted == 1)
    }

    fn touch_service_key(&mut self, id: KeyId, at: Timestamp) -> Result<(), StoreError> {
        self.queue(
            "UPDATE service_keys SET used_at = $2 WHERE id = $1",
            params![id.0, at.millis()],
        )
    }

    fn delete_service_key(&mut self, id: KeyId) -> Result<(), StoreError> {
        self.queue("DELETE FROM service_keys WHERE id = $1", params![id.0])
    }
}

fn key(row: &Row<'_>) -> Read<ServiceKey> {
    Ok(ServiceKey {
        id: KeyId(row.get(0)?),
        hash: secret_hash(row, 1)?,
        name: KeyName::parse(row.text(2)?).ok_or(Unreadable(2))?,
        permissions: row.text(3)?.parse().map_err(|_| Unreadable(3))?,
        epoch: Epoch(row.get(4)?),
        created_at: at(row, 5)?,
        expires_at: instant(row, 6)?,
        used_at: instant(row, 7)?,
    })
}

fn instant(row: &Row<'_>, column: usize) -> Read<Option<Timestamp>> {
    Ok(row.get::<Option<i64>>(column)?.map(Timestamp::from_millis))
}
