//! Cohorts: the people whose accounts were made in one week, and how many they
//! invited since. Each is counted in the transaction that makes, binds or
//! deletes, so the sums are exact whatever kills the process.
//!
//! What was is kept: an invitation counts for whoever made it when one of the two
//! is deleted later. One that an operator puts right moves from one cohort to the
//! other, unless the former referrer is deleted: nobody knows their week any more.

use super::{error::StoreError, time::Timestamp};

/// A week (UTC): how many begin between that of 1970-01-01, which was a Thursday,
/// and it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Week(pub i64);

impl Week {
    /// Its Monday.
    pub fn begin(self) -> Timestamp {
        Timestamp::from_seconds((self.0 * 7 - 3) * 86_400)
    }
}

/// The people of a week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cohort {
    /// When their accounts were made.
    pub week: Week,
    /// How many accounts that were.
    pub accounts: u32,
    /// How many of these are deleted.
    pub deleted: u32,
    /// How many people they invited.
    pub invited: u32,
}

/// The people of each week. They are counted where [`super::user::Users`] changes.
pub trait Cohorts {
    /// All cohorts, the earliest first.
    fn cohorts(&mut self) -> Result<Vec<Cohort>, StoreError>;
}

/// How many people there are.
pub fn people(tx: &mut (impl Cohorts + ?Sized)) -> Result<u64, StoreError> {
    let cohorts = tx.cohorts()?.into_iter();
    let here = cohorts.map(|cohort| u64::from(cohort.accounts.saturating_sub(cohort.deleted)));
    Ok(here.sum())
}
