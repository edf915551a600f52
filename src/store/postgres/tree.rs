//! The tables `users` and `deleted_referrers`, as a tree.

use super::{
    row::{Read, Row, at, phone},
    transaction::Transaction,
    value::params,
};
use crate::domain::{
    error::StoreError,
    tree::{Node, Tree},
    user::UserId,
};

/// How many invitees a user has: the last number given less those who left.
macro_rules! invitees {
    () => {
        "GREATEST((SELECT max(invitees.referral_number) FROM users AS invitees WHERE invitees.referrer_id = users.id),
                  users.last_number_gone) - users.invitees_gone"
    };
}

impl Tree for Transaction<'_> {
    fn roots(&mut self, after: UserId, most: usize) -> Result<Vec<Node>, StoreError> {
        // Each of the two by itself first, or all that there are would be counted.
        self.all(
            concat!(
                "(SELECT id, id, phone, first_name, NULL::BIGINT, ",
                invitees!(),
                " FROM users
                 WHERE referrer_id IS NULL AND family_id IS NOT NULL AND id > $1
                   AND EXISTS (SELECT 1 FROM users AS invitees WHERE invitees.referrer_id = users.id)
                 ORDER BY id LIMIT $2)
                 UNION ALL
                 (SELECT id, id, NULL, '', NULL,
                         (SELECT count(*) FROM users AS invitees WHERE invitees.referrer_id = deleted_referrers.id)
                  FROM deleted_referrers
                  WHERE id > $1
                    AND EXISTS (SELECT 1 FROM users AS invitees WHERE invitees.referrer_id = deleted_referrers.id)
                  ORDER BY id LIMIT $2)
                 ORDER BY 1 LIMIT $2"
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
                " FROM users WHERE referrer_id = $1 AND referral_number > $2 ORDER BY referral_number LIMIT $3"
            ),
            params![of.0, after, i64::try_from(most).unwrap_or(i64::MAX)],
            node,
        )
    }

    fn lineage(&mut self, of: UserId, most: usize) -> Result<Vec<Node>, StoreError> {
        self.all(
            concat!(
                "WITH RECURSIVE LINE (id, distance) AS (
                   SELECT $1::BIGINT, 1::BIGINT
                   UNION ALL
                   SELECT referrer_id, distance + 1 FROM LINE JOIN users ON users.id = LINE.id
                   WHERE referrer_id IS NOT NULL AND distance < $2
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

fn node(row: &Row<'_>) -> Read<Node> {
    let is_there = |column| row.get::<Option<i64>>(column).map(|value| value.is_some());
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
