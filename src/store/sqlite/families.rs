//! The table `families`.

use rusqlite::{Row, params};

use super::transaction::Transaction;
use crate::domain::{
    error::StoreError,
    family::{Families, Family, FamilyId},
    user::UserId,
};

impl Families for Transaction<'_> {
    fn family(&mut self, user: UserId) -> Result<Option<Family>, StoreError> {
        self.one(
            "WITH RECURSIVE CHAIN (id) AS (
                 SELECT family_id FROM users WHERE id = ?1
                 UNION ALL
                 SELECT parent_id FROM CHAIN JOIN families USING (id)
             )
             SELECT id, rank FROM CHAIN JOIN families USING (id) WHERE parent_id IS NULL",
            [user.0],
            family,
        )
    }

    fn begin_family(&mut self, first: UserId) -> Result<Family, StoreError> {
        let family = Family {
            id: FamilyId(first.0),
            rank: 0,
        };
        self.change(
            "INSERT INTO families (id, rank) VALUES (?1, ?2)",
            params![family.id.0, family.rank],
        )?;
        self.change("UPDATE users SET family_id = ?1 WHERE id = ?1", [first.0])?;
        Ok(family)
    }

    fn unite_families(&mut self, lower: FamilyId, upper: Family) -> Result<(), StoreError> {
        self.change(
            "UPDATE families SET parent_id = ?2 WHERE id = ?1",
            [lower.0, upper.id.0],
        )?;
        self.change(
            "UPDATE families SET rank = ?2 WHERE id = ?1 AND rank < ?2",
            params![upper.id.0, upper.rank],
        )?;
        Ok(())
    }
}

fn family(row: &Row<'_>) -> rusqlite::Result<Family> {
    Ok(Family {
        id: FamilyId(row.get(0)?),
        rank: row.get(1)?,
    })
}
