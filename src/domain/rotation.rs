//! The rotation of refresh tokens.
//!
//! A refresh token is good once. Within a short grace the one that was just
//! exchanged yields the very same successor again, so that parallel tabs do no
//! harm; and it still does as long as no token of the successor was ever used,
//! for then the answer was lost. Otherwise it is a stolen copy, and the session
//! ends (RFC 9700, section 4.14.2).
//!
//! So the first use of a successor is written down before it is answered. That
//! is one write a refresh, and none for a session that was never refreshed.

use rand::CryptoRng;

use super::{
    device::{self, Devices},
    error::StoreError,
    session::{Bearer, Generation, Policy, Session, Sessions, authorize},
    visitor::Visitor,
};

/// What came of showing a refresh token.
#[derive(Debug)]
pub enum Rotation {
    /// The session goes on with its current generation.
    Granted(Session),
    /// The token had been exchanged before; the session has ended.
    Reused,
    /// There is no such session any more.
    Gone,
}

/// Exchanges the refresh token that `bearer` shows for the next.
pub fn rotate(
    tx: &mut (impl Sessions + Devices + ?Sized),
    visitor: &Visitor,
    bearer: Bearer,
    policy: Policy,
    rng: &mut dyn CryptoRng,
) -> Result<Rotation, StoreError> {
    let Some((mut session, _)) = authorize(tx, bearer)? else {
        return Ok(Rotation::Gone);
    };
    if session.ends_at(policy) <= visitor.now {
        tx.delete_session(session.user, session.id)?;
        return Ok(Rotation::Gone);
    }
    if bearer.generation == session.current {
        session.previous = Some(session.current);
        session.current = Generation::draw(rng);
        session.is_used = false;
        session.issued_at = visitor.now;
        session.used_at = visitor.at;
        session.expires_at = session.until(policy.longest(), policy);
        tx.update_session(&session)?;
        if let Some(hash) = &session.device {
            device::note_use(tx, hash, visitor.at)?;
        }
        return Ok(Rotation::Granted(session));
    }
    let within_grace = visitor.at.since(session.used_at) <= policy.grace;
    if session.previous == Some(bearer.generation) && (within_grace || !session.is_used) {
        return Ok(Rotation::Granted(session));
    }
    tx.delete_session(session.user, session.id)?;
    // Whoever stole the token may have stolen a device's secret beside it.
    device::forget_all(tx, bearer.user)?;
    Ok(Rotation::Reused)
}
