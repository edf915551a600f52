//! The installation: what a database says of itself.

use super::error::StoreError;

/// Which installation this is: one for each database.
pub trait Installations {
    /// Writes down the fingerprint of the keys that everything is kept under, in the place of
    /// the one that is `known`. Whether it is there now: another node may have been faster.
    fn set_installation_keys(
        &mut self,
        fingerprint: &str,
        known: Option<&str>,
    ) -> Result<bool, StoreError>;
}
