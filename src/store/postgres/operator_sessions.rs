//! The table `operator_sessions`.

use super::{
    operators::role,
    row::{Read, Row, Unreadable, at},
    transaction::Transaction,
    user_row::user,
    value::params,
};
use crate::domain::{
    device::Epoch,
    error::StoreError,
    operator_session::{OperatorSession, OperatorSessions},
    permission::Role,
    secret::SecretHash,
    time::Timestamp,
    user::{User, UserId},
};

impl OperatorSessions for Transaction<'_> {
    fn operator_session(
        &mut self,
        hash: &SecretHash,
    ) -> Result<Option<(OperatorSession, User, Role)>, StoreError> {
        self.one(
            "SELECT users.id, phone, invitation_code, first_name, last_name, email, referrer_id, redeemed_at,
                    users.created_at, banned_at, role, hash, epoch, operator_sessions.created_at, used_at
             FROM operator_sessions JOIN operators USING (user_id) JOIN users ON users.id = user_id
             WHERE hash = $1",
            params![hash.0],
            |row| Ok((session(row)?, user(row)?, role(row, 10)?)),
        )
    }

    fn insert_operator_session(&mut self, session: &OperatorSession) -> Result<(), StoreError> {
        self.queue(
            "INSERT INTO operator_sessions (hash, user_id, epoch, created_at, used_at) VALUES ($1, $2, $3, $4, $5)",
            params![
                session.hash.0,
                session.user.0,
                session.epoch.0,
                session.created_at.millis(),
                session.used_at.millis()
            ],
        )
    }

    fn touch_operator_session(
        &mut self,
        hash: &SecretHash,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.queue(
            "UPDATE operator_sessions SET used_at = $2 WHERE hash = $1",
            params![hash.0, at.millis()],
        )
    }

    fn delete_operator_session(&mut self, hash: &SecretHash) -> Result<(), StoreError> {
        self.queue(
            "DELETE FROM operator_sessions WHERE hash = $1",
            params![hash.0],
        )
    }

    fn delete_operator_sessions(
        &mut self,
        user: UserId,
        before: Timestamp,
    ) -> Result<(), StoreError> {
        self.queue(
            "DELETE FROM operator_sessions WHERE user_id = $1 AND used_at < $2",
            params![user.0, before.millis()],
        )
    }
}

fn session(row: &Row<'_>) -> Read<OperatorSession> {
    Ok(OperatorSession {
        hash: secret_hash(row, 11)?,
        user: UserId(row.get(0)?),
        epoch: Epoch(row.get(12)?),
        created_at: at(row, 13)?,
        used_at: at(row, 14)?,
    })
}

/// The hash in a column.
pub fn secret_hash(row: &Row<'_>, column: usize) -> Read<SecretHash> {
    let hash: Vec<u8> = row.get(column)?;
    let hash = hash.try_into().map_err(|_| Unreadable(column))?;
    Ok(SecretHash(hash))
}
