//! Which keys the database was filled under.

use super::{transaction::Transaction, value::params};
use crate::domain::{error::StoreError, installation::Installations};

impl Installations for Transaction<'_> {
    fn set_installation_keys(
        &mut self,
        fingerprint: &str,
        known: Option<&str>,
    ) -> Result<bool, StoreError> {
        let set = self.change(
            "INSERT INTO installation (id, keys) VALUES (1, $1)
             ON CONFLICT (id) DO UPDATE SET keys = excluded.keys WHERE installation.keys IN ($1, $2)",
            params![fingerprint, known],
        )?;
        Ok(set == 1)
    }
}
