//! Transactions that decide on something: there is one writer, so each has all
//! to itself, and reads are answered at once.

use super::transaction::Transaction;
use crate::domain::{
    error::StoreError,
    lock::{Locks, Subject},
    session::Bearer,
    tx::{Ahead, Tx},
    user::UserId,
    version::{Version, Versions},
};

impl Locks for Transaction<'_> {
    fn lock(&mut self, subjects: &[Subject]) -> Result<(), StoreError> {
        if subjects.contains(&Subject::Invitations) && !self.decides_on_invitations {
            // It makes no difference here, and so would be found late.
            debug_assert!(
                !self.has_begun.get(),
                "invitations are decided on after the first read"
            );
            self.decides_on_invitations = true;
        }
        Ok(())
    }
}

impl Ahead for Transaction<'_> {
    fn ahead(
        &mut self,
        _: &mut dyn FnMut(&mut dyn Tx) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        Ok(())
    }

    fn ahead_of_all(
        &mut self,
        _: &mut dyn FnMut(&mut dyn Tx) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        Ok(())
    }
}

impl Versions for Transaction<'_> {
    fn version(&mut self, id: UserId) -> Result<Version, StoreError> {
        debug_assert!(!self.has_begun.get(), "a version is read too late");
        Ok(self.versions.map_or(Version(0), |versions| versions.of(id)))
    }

    fn versions_in(&mut self, bearers: &[Bearer]) -> Result<Vec<Option<Version>>, StoreError> {
        bearers
            .iter()
            .map(|bearer| self.version(bearer.user).map(Some))
            .collect()
    }
}
