//! What a transaction decides on.
//!
//! Where one writer runs after the other, nothing is between a transaction's
//! first read and its last write. Where several run at once, whoever decides on
//! something says so first ([`Locks::lock`]), and those who decide on the same
//! wait. A rule reads what it decides on after it has said so.

use super::{error::StoreError, ledger::Prefix, phone::Phone, user::UserId};

/// What may be decided on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// Who invited whom: chains of any length at once. To be named before the
    /// transaction's first read.
    Invitations,
    /// Who operates the service, and with which keys.
    Operators,
    /// The numbers around a phone, and what they were sent.
    Prefix(Prefix),
    /// A phone: its challenges, what is counted of it, and the user who has it.
    Phone(Phone),
    /// A user, their sessions and their devices.
    User(UserId),
}

/// Transactions that decide on something.
pub trait Locks {
    /// Has others wait that decide on one of these, until this transaction is over.
    fn lock(&mut self, subjects: &[Subject]) -> Result<(), StoreError>;
}
