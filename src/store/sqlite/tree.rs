//! The tables `users` and `deleted_referrers`, as a tree.

use rusqlite::{Row, params};

use super::{
    transaction::Transaction,
    users::{at, phone},
};
use crate::domain::{
    error::StoreError,
    tree::{Node, Tree},
    user::UserId,
};

/// How many invitees a user has: the last number given less those who left.
macro_rules! invitees {
    () => {
        "max(coalesce((SELECT max(referral_number) FROM users AS invitees WHERE invitees.referrer_id = users.id), 0),
             last_number_gone) - invitees_gone"
    };
}

impl Tree for Transaction<'_> {
    fn roots(&mut self, after: UserId, most: usize) -> Result<Vec<Node>, StoreError> {
        self.all(
            concat!(
                "SELECT id, id, phone, first_name, NULL, ",
                invitees!(),
                " FROM users INDEXED BY users_at_top
                 WHERE referrer_id IS NULL AND family_id IS NOT NULL AND id > ?1
                   AND EXISTS (SELECT 1 FROM users AS invitees WHERE invitees.referrer_id = users.id)
                 UNION ALL
                 SELECT id, id, NULL, '', NULL,
                        (SELECT count(*) FROM users AS invitees WHERE invitees.referrer_id = deleted_referrers.id)
                 FROM deleted_referrers
                 WHERE id > ?1
                   AND EXISTS (SELECT 1 FROM users AS invitees WHERE invitees.referrer_id = deleted_referrers.id)
                 ORDER BY 1 LIMIT ?2"
            ),
            params![after.0, i64::try_from(most).unwrap_or(i64::MAX)],
            node,
        )
    }

    fn branch(&mut self, of: UserId, after: i64, most: usize) -> Result<Vec<Node>, StoreError> {
        self.all(
            concat!(
                "SELECT referral_number, id, phone, first_name, redeemed_at, ",
                invitees!(),
                " FROM users WHERE referrer_id = ?1 AND referral_number > ?2 ORDER BY referral_number LIMIT ?3"
            ),
            params![of.0, after, i64::try_from(most).unwrap_or(i64::MAX)],
            node,
        )
    }

    fn lineage(&mut self, of: UserId, most: usize) -> Result<Vec<Node>, StoreError> {
        self.all(
            concat!(
                "WITH RECURSIVE LINE (id, distance) AS (
                   VALUES (?1, 1)
                   UNION ALL
                   SELECT referrer_id, distance + 1 FROM LINE JOIN users ON users.id = LINE.id
                   WHERE referrer_id IS NOT NULL AND distance < ?2
                 )
                 SELECT distance, users.id, phone, first_name, redeemed_at, ",
                invitees!(),
                " FROM LINE JOIN users ON users.id = LINE.id
                 UNION ALL
                 SELECT distance, LINE.id, NULL, '', NULL,
                        (SELECT count(*) FROM users AS invitees WHERE invitees.referrer_id = LINE.id)
                 FROM LINE JOIN deleted_referrers ON deleted_referrers.id = LINE.id
                 ORDER BY 1 DESC"
            ),
            params![of.0, i64::try_from(most).unwrap_or(i64::MAX)],
            node,
        )
    }
}

fn node(row: &Row<'_>) -> rusqlite::Result<Node> {
    let is_there = |column| {
        row.get::<_, Option<i64>>(column)
            .map(|value| value.is_some())
    };
    let invitees: i64 = row.get(5)?;
    Ok(Node {
        place: row.get(0)?,
        id: UserId(row.get(1)?),
        phone: is_there(2)?.then(|| phone(row, 2)).transpose()?,
        first_name: row.get(3)?,
        invited_at: is_there(4)?.then(|| at(row, 4)).transpose()?,
        invitees: u64::try_from(invitees).unwrap_or(0),
    })
}
