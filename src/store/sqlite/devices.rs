//! The table `devices`.

use rusqlite::params;

use super::{
    transaction::{Transaction, unreadable},
    users::at,
};
use crate::domain::{
    device::{Device, DeviceHash},
    time::Timestamp,
    tx::{Devices, StoreError},
    user::UserId,
};

impl Devices for Transaction<'_> {
    fn device(&mut self, hash: &DeviceHash) -> Result<Option<Device>, StoreError> {
        self.one(
            "SELECT hash, user_id, created_at, used_at FROM devices WHERE hash = ?1",
            [hash.0],
            |row| {
                let hash: Vec<u8> = row.get(0)?;
                Ok(Device {
                    hash: DeviceHash(hash.try_into().map_err(|_| unreadable(0))?),
                    user: UserId(row.get(1)?),
                    created_at: at(row, 2)?,
                    used_at: at(row, 3)?,
                })
            },
        )
    }

    fn insert_device(&mut self, device: &Device, most: usize) -> Result<(), StoreError> {
        let kept = i64::try_from(most.saturating_sub(1)).unwrap_or(i64::MAX);
        let surplus: Vec<Vec<u8>> = self.all(
            "SELECT hash FROM devices WHERE user_id = ?1 ORDER BY used_at DESC LIMIT -1 OFFSET ?2",
            params![device.user.0, kept],
            |row| row.get(0),
        )?;
        for hash in surplus {
            self.change("DELETE FROM devices WHERE hash = ?1", [hash])?;
        }
        self.change(
            "INSERT INTO devices (hash, user_id, created_at, used_at) VALUES (?1, ?2, ?3, ?4)",
            params![
                device.hash.0,
                device.user.0,
                device.created_at.millis(),
                device.used_at.millis()
            ],
        )?;
        Ok(())
    }

    fn touch_device(&mut self, hash: &DeviceHash, at: Timestamp) -> Result<(), StoreError> {
        self.change(
            "UPDATE devices SET used_at = ?2 WHERE hash = ?1",
            params![hash.0, at.millis()],
        )?;
        Ok(())
    }

    fn delete_other_devices(
        &mut self,
        user: UserId,
        kept: Option<&DeviceHash>,
    ) -> Result<(), StoreError> {
        self.change(
            "DELETE FROM devices WHERE user_id = ?1 AND hash IS NOT ?2",
            params![user.0, kept.map(|hash| hash.0)],
        )?;
        Ok(())
    }
}
