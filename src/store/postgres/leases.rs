//! The table `leases`.

use super::{transaction::Transaction, value::params};
use crate::domain::{
    error::StoreError,
    lease::{Lease, Leases},
    time::Timestamp,
};

impl Leases for Transaction<'_> {
    fn take_lease(
        &mut self,
        lease: Lease,
        holder: i64,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let taken = self.change(
            "INSERT INTO leases (name, holder, until) VALUES ($1, $2, $3)
             ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
             WHERE leases.holder = excluded.holder OR leases.until <= $4",
            params![lease.name(), holder, until.millis(), now.millis()],
        )?;
        Ok(taken == 1)
    }
}
