//! The table `cohorts`. What a connection counts is in rows of its own shard,
//! so that no two registrations wait for each other; a cohort is their sum.

use super::{transaction::Transaction, value::params};
use crate::domain::{
    cohort::{Cohort, Cohorts, Week},
    error::StoreError,
    user::UserId,
};

/// Adds to the week of the user `$1`, in the shard `$2`. Ten thousand weeks more
/// than none, since a remainder has the sign of what is divided; without it, since
/// not every engine drops it.
macro_rules! count {
    ($accounts:literal, $deleted:literal, $invited:literal) => {
        concat!(
            "INSERT INTO cohorts (week, accounts, deleted, invited, shard)
             SELECT (created_at + 6048259200000 - (created_at + 6048259200000) % 604800000) / 604800000 - 10000, ",
            $accounts,
            ", ",
            $deleted,
            ", ",
            $invited,
            ", $2 FROM users WHERE id = $1
             ON CONFLICT (week, shard) DO UPDATE SET accounts = cohorts.accounts + excluded.accounts,
                 deleted = cohorts.deleted + excluded.deleted, invited = cohorts.invited + excluded.invited"
        )
    };
}

impl Cohorts for Transaction<'_> {
    fn cohorts(&mut self) -> Result<Vec<Cohort>, StoreError> {
        self.all(
            "SELECT week, sum(accounts)::BIGINT, sum(deleted)::BIGINT, sum(invited)::BIGINT FROM cohorts
             GROUP BY week ORDER BY week",
            params![],
            |row| {
                Ok(Cohort {
                    week: Week(row.get(0)?),
                    accounts: row.get(1)?,
                    deleted: row.get(2)?,
                    invited: row.get(3)?,
                })
            },
        )
    }
}

impl Transaction<'_> {
    /// A user was added.
    pub fn count_account(&self, user: UserId) -> Result<(), StoreError> {
        self.queue(count!("1", "0", "0"), params![user.0, self.shard()])
    }

    /// A user is about to be deleted.
    pub fn count_deleted(&self, user: UserId) -> Result<(), StoreError> {
        self.queue(count!("0", "1", "0"), params![user.0, self.shard()])
    }

    /// A user invited somebody, or did not after all.
    pub fn count_invited(&self, referrer: UserId, count: i64) -> Result<(), StoreError> {
        self.queue(
            count!("0", "0", "$3"),
            params![referrer.0, self.shard(), count],
        )
    }
}
