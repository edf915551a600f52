//! The table `users`, by a part of the phone.

use super::{
    transaction::Transaction,
    user_row::{select, user},
    value::params,
};
use crate::domain::{
    error::StoreError,
    search::{Digits, Search},
    user::User,
};

impl Search for Transaction<'_> {
    fn users_by_digits(&mut self, digits: Digits, most: usize) -> Result<Vec<User>, StoreError> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        match digits {
            // Of every length that a phone can have.
            Digits::First(first) => self.all(
                "WITH RECURSIVE RANGES (low, high) AS (
                     SELECT $1::BIGINT, $1 + 1
                     UNION ALL
                     SELECT low * 10, high * 10 FROM RANGES WHERE low < 100000000000000
                 )
                 SELECT id, phone, invitation_code, first_name, last_name, email, referrer_id, redeemed_at, created_at,
                        banned_at
                 FROM RANGES CROSS JOIN users WHERE phone >= low AND phone < high LIMIT $2",
                params![first, most],
                user,
            ),
            Digits::Last { digits, count } => self.all(
                select!("phone % 10000 = $1::BIGINT % 10000 AND phone % $2 = $1 LIMIT $3"),
                params![digits, 10_i64.pow(count), most],
                user,
            ),
            Digits::Masked {
                first,
                hidden,
                last,
            } => self.all(
                select!(
                    "phone >= $1::BIGINT * $2::BIGINT AND phone < ($1 + 1) * $2 AND phone % 100 = $3 LIMIT $4"
                ),
                params![first, 10_i64.pow(hidden + 2), last, most],
                user,
            ),
        }
    }
}
