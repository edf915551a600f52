//! The table `imported_tokens`.

use super::{transaction::Transaction, value::params};
use crate::domain::{
    error::StoreError,
    imported_token::{ImportedToken, ImportedTokens},
    session::SessionId,
    time::Timestamp,
};

impl ImportedTokens for Transaction<'_> {
    fn session_of_imported_token(&mut self, jti: u128) -> Result<Option<SessionId>, StoreError> {
        self.one(
            "SELECT session_id FROM imported_tokens WHERE id = $1",
            params![jti.to_be_bytes()],
            |row| row.get(0).map(SessionId),
        )
    }

    fn insert_imported_token(
        &mut self,
        token: &ImportedToken,
        session: SessionId,
    ) -> Result<(), StoreError> {
        self.queue(
            "INSERT INTO imported_tokens (id, session_id, expires_at) VALUES ($1, $2, $3)",
            params![
                token.jti.to_be_bytes(),
                session.0,
                token.expires_at.millis()
            ],
        )
    }

    fn prune_imported_tokens(&mut self, before: Timestamp) -> Result<(), StoreError> {
        self.queue(
            "DELETE FROM imported_tokens WHERE id = ANY(ARRAY(
                 SELECT id FROM imported_tokens WHERE expires_at < $1
                 ORDER BY expires_at LIMIT 256 FOR UPDATE SKIP LOCKED))",
            params![before.millis()],
        )
    }
}
