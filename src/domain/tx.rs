//! What the rules may ask of one transaction: the sum of every table's trait,
//! each of which stands beside its entity.
//!
//! A rule composes these inside a single transaction and never sees which
//! engine runs it. Whatever must hold under races is either decided here,
//! between the first read and the last write of one transaction, or refused
//! by a constraint of the engine; it is never left to two calls in a row.
//!
//! Entities and their traits do not import this file, or files would import one
//! another in a circle. A rule that stands beside its entity names the tables
//! that it needs (`impl Devices + ?Sized`); one that needs many takes a [`Tx`].

use super::{
    audit::Audits, challenge::Challenges, cohort::Cohorts, counter::Counters, delivery::Deliveries,
    device::Devices, family::Families, imported_token::ImportedTokens, installation::Installations,
    lease::Leases, ledger::Ledgers, lock::Locks, operator::Operators,
    operator_session::OperatorSessions, search::Search, service_key::ServiceKeys,
    session::Sessions, statistic::Statistics, tree::Tree, user::Users, version::Versions,
};
use crate::domain::error::StoreError;

/// Reads that need not wait for one another.
pub trait Ahead {
    /// Asks ahead what `reads` ask. They are answered nothing; when the same is
    /// asked again, before it is changed, the answer is there already. An engine
    /// that answers at once leaves it out.
    fn ahead(
        &mut self,
        reads: &mut dyn FnMut(&mut dyn Tx) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>;
    /// The same, where nothing else is read: what is read besides may be of a
    /// later state.
    fn ahead_of_all(
        &mut self,
        reads: &mut dyn FnMut(&mut dyn Tx) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>;
}

/// One transaction of whatever engine stores the service's data.
pub trait Tx:
    Locks
    + Ahead
    + Versions
    + Users
    + Families
    + Challenges
    + Sessions
    + ImportedTokens
    + Devices
    + Deliveries
    + Leases
    + Ledgers
    + Counters
    + Installations
    + Audits
    + Statistics
    + Cohorts
    + Tree
    + Search
    + Operators
    + OperatorSessions
    + ServiceKeys
{
}

impl<T> Tx for T where
    T: Locks
        + Ahead
        + Versions
        + Users
        + Families
        + Challenges
        + Sessions
        + ImportedTokens
        + Devices
        + Deliveries
        + Leases
        + Ledgers
        + Counters
        + Installations
        + Audits
        + Statistics
        + Cohorts
        + Tree
        + Search
        + Operators
        + OperatorSessions
        + ServiceKeys
{
}
