//! The table `operators`.

use super::{
    row::{Read, Row, Unreadable, at},
    transaction::Transaction,
    user_row::user,
    value::params,
};
use crate::domain::{
    error::StoreError,
    operator::{Appointed, Operators},
    permission::Role,
    time::Timestamp,
    user::UserId,
};

impl Operators for Transaction<'_> {
    fn role_of(&mut self, user: UserId) -> Result<Option<Role>, StoreError> {
        self.one(
            "SELECT role FROM operators WHERE user_id = $1",
            params![user.0],
            |row| role(row, 0),
        )
    }

    fn set_role(&mut self, user: UserId, role: Role, at: Timestamp) -> Result<(), StoreError> {
        self.queue(
            "INSERT INTO operators (user_id, role, granted_at) VALUES ($1, $2, $3)
             ON CONFLICT (user_id) DO UPDATE SET role = excluded.role, granted_at = excluded.granted_at",
            params![user.0, role.name(), at.millis()],
        )
    }

    fn remove_role(&mut self, user: UserId) -> Result<(), StoreError> {
        self.queue("DELETE FROM operators WHERE user_id = $1", params![user.0])
    }

    // Whoever operates is a user: LEFT only says which of the tables is read first.
    fn operators(&mut self) -> Result<Vec<Appointed>, StoreError> {
        self.all(
            "SELECT users.id, phone, invitation_code, first_name, last_name, email, referrer_id, redeemed_at,
                    created_at, banned_at, role, granted_at
             FROM operators LEFT JOIN users ON users.id = user_id ORDER BY user_id",
            params![],
            |row| {
                Ok(Appointed {
                    user: user(row)?,
                    role: role(row, 10)?,
                    granted_at: at(row, 11)?,
                })
            },
        )
    }
}

/// The role in a column.
pub fn role(row: &Row<'_>, column: usize) -> Read<Role> {
    row.text(column)?.parse().map_err(|_| Unreadable(column))
}
