//! Which keys the database was filled under.

use super::{transaction::Transaction, value::params};
use crate::domain::{error::StoreError, installation::Installations};

impl Installations for Transaction<'_> {
    fn set_installation_keys(&mut self, fingerprint: &str) -> Result<(), StoreError> {
        self.queue(
            "INSERT INTO installation (id, keys) VALUES (1, $1)
             ON CONFLICT (id) DO UPDATE SET keys = excluded.keys",
            params![fingerprint],
        )
    }
}
