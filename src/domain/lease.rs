//! A lease: work that one node does for all of them, and until when it is its.

use super::{error::StoreError, time::Timestamp};

/// Work that is to be done once, however many nodes there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lease {
    /// Telling when codes begin to be guessed, and when that ends.
    Alarm,
}

impl Lease {
    /// As the store calls it. Never to be changed.
    pub fn name(self) -> &'static str {
        match self {
            Self::Alarm => "alarm",
        }
    }
}

/// Who may do what.
pub trait Leases {
    /// Takes a lease until `until`, unless another node has it at `now`; whether it is
    /// the holder's. Nobody else takes it before this transaction is over.
    fn take_lease(
        &mut self,
        lease: Lease,
        holder: i64,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError>;
}
