//! The table `families`.

use super::{
    row::{Read, Row},
    transaction::Transaction,
    value::params,
};
use crate::domain::{
    error::StoreError,
    family::{Families, Family, FamilyId},
    user::UserId,
};

impl Families for Transaction<'_> {
    fn family(&mut self, user: UserId) -> Result<Option<Family>, StoreError> {
        self.one(
            "WITH RECURSIVE CHAIN (id) AS (
                 SELECT family_id FROM users WHERE id = $1
                 UNION ALL
                 SELECT parent_id FROM CHAIN JOIN families USING (id)
             )
             SELECT id, rank FROM CHAIN JOIN families USING (id) WHERE parent_id IS NULL",
            params![user.0],
            family,
        )
    }

    fn begin_family(&mut self, first: UserId) -> Result<Family, StoreError> {
        let family = Family {
            id: FamilyId(first.0),
            rank: 0,
        };
        // Where two begin the same one at once, this says that they contradict each
        // other, so that one of them runs again: a violated key would say an error.
        self.queue(
            "INSERT INTO families (id, rank) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING",
            params![family.id.0, family.rank],
        )?;
        self.queue(
            "UPDATE users SET family_id = $1 WHERE id = $1",
            params![first.0],
        )?;
        Ok(family)
    }

    fn unite_families(&mut self, lower: FamilyId, upper: Family) -> Result<(), StoreError> {
        self.queue(
            "UPDATE families SET parent_id = $2 WHERE id = $1",
            params![lower.0, upper.id.0],
        )?;
        self.queue(
            "UPDATE families SET rank = $2 WHERE id = $1 AND rank < $2",
            params![upper.id.0, upper.rank],
        )
    }
}

fn family(row: &Row<'_>) -> Read<Family> {
    Ok(Family {
        id: FamilyId(row.get(0)?),
        rank: row.get(1)?,
    })
}
