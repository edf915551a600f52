//! Users, as rows of `users`.

use super::row::{Read, Row, Unreadable, at, phone};
use crate::domain::{
    code::InvitationCode,
    time::Timestamp,
    user::{Redeemed, User, UserId},
};

/// All that [`user`] reads, of the rows that the condition picks.
macro_rules! select {
    ($condition:literal) => {
        concat!(
            "SELECT id, phone, invitation_code, first_name, last_name, email, referrer_id, redeemed_at, created_at,
                    banned_at
             FROM users WHERE ",
            $condition
        )
    };
}
pub(super) use select;

/// The user whose columns come first.
pub fn user(row: &Row<'_>) -> Read<User> {
    let redeemed = match row.get::<Option<i64>>(6)? {
        Some(referrer) => Some(Redeemed {
            referrer: UserId(referrer),
            at: at(row, 7)?,
        }),
        None => None,
    };
    Ok(User {
        id: UserId(row.get(0)?),
        phone: phone(row, 1)?,
        invitation_code: InvitationCode::stored(row.text(2)?).ok_or(Unreadable(2))?,
        first_name: row.get(3)?,
        last_name: row.get(4)?,
        email: row.get(5)?,
        redeemed,
        created_at: at(row, 8)?,
        banned_at: row.get::<Option<i64>>(9)?.map(Timestamp::from_millis),
    })
}
