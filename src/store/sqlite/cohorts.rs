//! The table `cohorts`.

use super::transaction::Transaction;
use crate::domain::{
    cohort::{Cohort, Cohorts, Week},
    error::StoreError,
    user::UserId,
};

/// The week of a user; see the migration.
macro_rules! week {
    () => {
        "(SELECT (created_at + 6048259200000) / 604800000 - 10000 AS week FROM users WHERE id = ?1)"
    };
}

impl Cohorts for Transaction<'_> {
    fn cohorts(&mut self) -> Result<Vec<Cohort>, StoreError> {
        // Every week there can be, in the words of a search.
        self.all(
            "SELECT week, accounts, deleted, invited FROM cohorts WHERE week > -10000 ORDER BY week",
            [],
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
        self.change(
            concat!(
                "INSERT INTO cohorts (week, accounts) SELECT week, 1 FROM ",
                week!(),
                " WHERE true ON CONFLICT (week) DO UPDATE SET accounts = accounts + 1"
            ),
            [user.0],
        )?;
        Ok(())
    }

    /// A user is about to be deleted.
    pub fn count_deleted(&self, user: UserId) -> Result<(), StoreError> {
        self.change(
            concat!(
                "UPDATE cohorts SET deleted = deleted + 1 WHERE week = ",
                week!()
            ),
            [user.0],
        )?;
        Ok(())
    }

    /// A user invited somebody, or did not after all.
    pub fn count_invited(&self, referrer: UserId, count: i64) -> Result<(), StoreError> {
        self.change(
            concat!(
                "UPDATE cohorts SET invited = invited + ?2 WHERE week = ",
                week!()
            ),
            [referrer.0, count],
        )?;
        Ok(())
    }
}
