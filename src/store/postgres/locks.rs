//! Transactions that decide on something, and that ask ahead.

use super::transaction::Transaction;
use crate::domain::{
    error::StoreError,
    lock::{Locks, Subject},
    tx::{Ahead, Tx},
};

impl Locks for Transaction<'_> {
    fn lock(&mut self, subjects: &[Subject]) -> Result<(), StoreError> {
        self.decide_on(subjects)
    }
}

impl Ahead for Transaction<'_> {
    fn ahead(
        &mut self,
        reads: &mut dyn FnMut(&mut dyn Tx) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let is_outer = !self.asks_ahead.replace(true);
        let asked = reads(self);
        if is_outer {
            self.asks_ahead.set(false);
        }
        asked
    }

    fn ahead_of_all(
        &mut self,
        reads: &mut dyn FnMut(&mut dyn Tx) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.ahead(reads)?;
        self.end_after();
        Ok(())
    }
}
