//! The table `devices`.

use super::{
    row::{Read, Row, Unreadable, at},
    transaction::Transaction,
    value::params,
};
use crate::domain::{
    device::{Device, DeviceHash, Devices, Epoch, Origin},
    error::StoreError,
    time::Timestamp,
    user::UserId,
};

macro_rules! select {
    ($condition:literal) => {
        concat!(
            "SELECT hash, user_id, epoch, user_agent, ip, created_at, used_at FROM devices WHERE ",
            $condition
        )
    };
}

impl Devices for Transaction<'_> {
    fn device(&mut self, hash: &DeviceHash) -> Result<Option<Device>, StoreError> {
        self.one(select!("hash = $1"), params![hash.0], device)
    }

    fn insert_device(&mut self, device: &Device, most: usize) -> Result<(), StoreError> {
        let kept = i64::try_from(most.saturating_sub(1)).unwrap_or(i64::MAX);
        self.queue(
            "WITH surplus AS (
                 DELETE FROM devices WHERE hash = ANY(ARRAY(
                     SELECT hash FROM devices WHERE user_id = $2 ORDER BY used_at DESC OFFSET $8)))
             INSERT INTO devices (hash, user_id, epoch, user_agent, ip, created_at, used_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            params![
                device.hash.0,
                device.user.0,
                device.epoch.0,
                device.origin.user_agent.as_str(),
                address(&device.origin),
                device.created_at.millis(),
                device.used_at.millis(),
                kept
            ],
        )
    }

    fn touch_device(
        &mut self,
        hash: &DeviceHash,
        origin: &Origin,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.queue(
            "UPDATE devices SET used_at = $2, user_agent = $3, ip = $4 WHERE hash = $1",
            params![
                hash.0,
                at.millis(),
                origin.user_agent.as_str(),
                address(origin)
            ],
        )
    }

    fn note_device_use(
        &mut self,
        hash: &DeviceHash,
        at: Timestamp,
        after: Timestamp,
    ) -> Result<(), StoreError> {
        self.queue(
            "UPDATE devices SET used_at = $2 WHERE hash = $1 AND used_at > $3",
            params![hash.0, at.millis(), after.millis()],
        )
    }

    fn devices_of(&mut self, user: UserId) -> Result<Vec<Device>, StoreError> {
        self.all(
            select!("user_id = $1 ORDER BY used_at DESC"),
            params![user.0],
            device,
        )
    }

    fn prune_devices(&mut self, before: Timestamp) -> Result<(), StoreError> {
        self.queue(
            "DELETE FROM devices WHERE hash = ANY(ARRAY(
                 SELECT hash FROM devices WHERE used_at < $1 ORDER BY used_at LIMIT 256 FOR UPDATE SKIP LOCKED))",
            params![before.millis()],
        )
    }

    fn delete_other_devices(
        &mut self,
        user: UserId,
        kept: Option<&DeviceHash>,
    ) -> Result<(), StoreError> {
        self.queue(
            "DELETE FROM devices WHERE user_id = $1 AND hash IS DISTINCT FROM $2",
            params![user.0, kept.map(|hash| hash.0)],
        )
    }
}

fn address(origin: &Origin) -> Option<String> {
    origin.ip.map(|ip| ip.to_string())
}

fn device(row: &Row<'_>) -> Read<Device> {
    let hash: Vec<u8> = row.get(0)?;
    let ip: Option<String> = row.get(4)?;
    Ok(Device {
        hash: DeviceHash(hash.try_into().map_err(|_| Unreadable(0))?),
        user: UserId(row.get(1)?),
        epoch: Epoch(row.get(2)?),
        origin: Origin {
            user_agent: row.get(3)?,
            ip: ip
                .map(|ip| ip.parse().map_err(|_| Unreadable(4)))
                .transpose()?,
        },
        created_at: at(row, 5)?,
        used_at: at(row, 6)?,
    })
}
