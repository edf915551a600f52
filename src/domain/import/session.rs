//! The session by which the tokens that the earlier service gave somebody are
//! good.

use rand::CryptoRng;

use crate::domain::{
    error::StoreError,
    imported_token,
    session::{Generation, Origin, Session, Sessions},
    time::Timestamp,
    user::User,
};

/// What tokens of the earlier service are good for.
#[derive(Debug, Clone, Copy)]
pub struct Tokens {
    /// Whoever holds one logged in no later than then, and so long ago that it is
    /// no fresh login.
    pub since: Timestamp,
    /// When none is good any more.
    pub until: Timestamp,
}

/// Begins it. It draws no tokens, so nobody has one of its own generation.
pub fn begin(
    tx: &mut (impl Sessions + ?Sized),
    user: &User,
    tokens: Tokens,
    rng: &mut dyn CryptoRng,
) -> Result<(), StoreError> {
    let since = user.created_at.min(tokens.since);
    let session = Session {
        id: imported_token::session(user.id),
        user: user.id,
        created_at: since,
        used_at: since,
        expires_at: tokens.until,
        origin: Origin::default(),
        device: None,
        current: Generation::draw(rng),
        issued_at: since,
        previous: None,
        is_used: true,
    };
    tx.insert_session(&session)
}
