//! A token of the service that was imported. Whoever holds one goes on without
//! logging in: all of a user's belong to one session that the import begins, and
//! whoever ends it ends them. A refresh token is exchanged for a session of its
//! own, once.

use super::{
    error::StoreError,
    id::{SessionId, UserId},
    time::Timestamp,
};

/// A token of an earlier service, access or refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImportedToken {
    /// Whose.
    pub user: UserId,
    /// Which one.
    pub jti: u128,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it expires by itself.
    pub expires_at: Timestamp,
}

/// The session that a user's tokens of an earlier service belong to: one that is
/// never drawn.
pub fn session(user: UserId) -> SessionId {
    SessionId(user.0.saturating_neg())
}

/// Refresh tokens of an earlier service that were exchanged.
pub trait ImportedTokens {
    /// The session that came of this one, if it was exchanged.
    fn session_of_imported_token(&mut self, jti: u128) -> Result<Option<SessionId>, StoreError>;
    /// Writes down which session came of it.
    fn insert_imported_token(
        &mut self,
        token: &ImportedToken,
        session: SessionId,
    ) -> Result<(), StoreError>;
    /// Forgets some of those that expired before `before`.
    fn prune_imported_tokens(&mut self, before: Timestamp) -> Result<(), StoreError>;
}
