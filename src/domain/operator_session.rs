//! The session of an operator: short, and apart from those of users, since
//! what it opens is other people's.
//!
//! It ends when it is not used for a while, after some hours however much it
//! is used, with the role, with the user's sessions when all of them end, and
//! at a new epoch of the keys.

use std::time::Duration;

use rand::CryptoRng;

use super::{
    device::Epoch,
    error::StoreError,
    id::UserId,
    permission::Role,
    secret::{Secret, SecretHash},
    time::Timestamp,
    user::User,
};

/// After so long without a request it is over.
pub const IDLE: Duration = Duration::from_mins(30);
/// It lasts no longer, however much it is used.
const LONGEST: Duration = Duration::from_hours(12);
/// How exactly it is known when it was used last.
pub const EXACTNESS: Duration = Duration::from_mins(1);

/// A session of an operator.
#[derive(Debug, Clone)]
pub struct OperatorSession {
    /// The hash of its secret.
    pub hash: SecretHash,
    /// Whose.
    pub user: UserId,
    /// In which epoch it was begun.
    pub epoch: Epoch,
    /// The login, by the clock of limits, which never goes back.
    pub created_at: Timestamp,
    /// Its latest request, by the same clock.
    pub used_at: Timestamp,
}

/// Sessions of operators.
pub trait OperatorSessions {
    /// The session with this secret, its user and their role.
    fn operator_session(
        &mut self,
        hash: &SecretHash,
    ) -> Result<Option<(OperatorSession, User, Role)>, StoreError>;
    /// Adds a session.
    fn insert_operator_session(&mut self, session: &OperatorSession) -> Result<(), StoreError>;
    /// Writes down that it was used.
    fn touch_operator_session(
        &mut self,
        hash: &SecretHash,
        at: Timestamp,
    ) -> Result<(), StoreError>;
    /// Ends a session.
    fn delete_operator_session(&mut self, hash: &SecretHash) -> Result<(), StoreError>;
    /// Ends those of a user that were not used since `before`.
    fn delete_operator_sessions(
        &mut self,
        user: UserId,
        before: Timestamp,
    ) -> Result<(), StoreError>;
}

/// Begins a session, and forgets those of the same operator that are over.
pub fn begin(
    tx: &mut (impl OperatorSessions + ?Sized),
    user: UserId,
    epoch: Epoch,
    at: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<Secret, StoreError> {
    tx.delete_operator_sessions(user, at - IDLE)?;
    let secret = Secret::draw(rng);
    tx.insert_operator_session(&OperatorSession {
        hash: secret.hash(),
        user,
        epoch,
        created_at: at,
        used_at: at,
    })?;
    Ok(secret)
}

/// The session with this secret, its user and their role, unless it is over.
pub fn find(
    tx: &mut (impl OperatorSessions + ?Sized),
    hash: &SecretHash,
    epoch: Epoch,
    at: Timestamp,
) -> Result<Option<(OperatorSession, User, Role)>, StoreError> {
    let found = tx.operator_session(hash)?;
    Ok(found.filter(|(session, user, _)| {
        session.epoch == epoch
            && session.used_at + IDLE > at
            && session.created_at + LONGEST > at
            && user.banned_at.is_none()
    }))
}

/// Ends every session of a user's.
pub fn end_all(tx: &mut (impl OperatorSessions + ?Sized), user: UserId) -> Result<(), StoreError> {
    tx.delete_operator_sessions(user, Timestamp::from_millis(i64::MAX))
}
