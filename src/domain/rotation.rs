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
    id::SessionId,
    imported_token::{ImportedToken, ImportedTokens},
    lock::{Locks, Subject},
    session::{self, Bearer, Generation, Origin, Policy, Session, Sessions, authorize},
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
    tx: &mut (impl Locks + Sessions + Devices + ?Sized),
    visitor: &Visitor,
    bearer: Bearer,
    policy: Policy,
    rng: &mut dyn CryptoRng,
) -> Result<Rotation, StoreError> {
    tx.lock(&[Subject::User(bearer.user)])?;
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

/// Exchanges a refresh token of an earlier service. It is the first generation of
/// a session that is begun then, so that all that holds of our own tokens holds
/// of it: it yields its successor again as long as they do, and no other.
pub fn exchange(
    tx: &mut (impl Locks + Sessions + Devices + ImportedTokens + ?Sized),
    visitor: &Visitor,
    token: &ImportedToken,
    origin: &Origin,
    policy: Policy,
    rng: &mut dyn CryptoRng,
) -> Result<Rotation, StoreError> {
    tx.lock(&[Subject::User(token.user)])?;
    let imported = Bearer::of_imported(token);
    let session = match tx.session_of_imported_token(token.jti)? {
        Some(session) => session,
        None if authorize(tx, imported)?.is_none() => return Ok(Rotation::Gone),
        None => {
            let first = first_of(token, origin, visitor, policy);
            let session = session::insert(tx, first, visitor.now, rng)?.id;
            tx.insert_imported_token(token, session)?;
            session
        }
    };
    let rotation = rotate(
        tx,
        visitor,
        Bearer {
            session,
            ..imported
        },
        policy,
        rng,
    )?;
    if let Rotation::Reused = rotation {
        // The same thief may have the access token beside it.
        tx.delete_session(imported.user, imported.session)?;
    }
    Ok(rotation)
}

/// The session that a token of an earlier service begins. No code of ours has
/// begun it, so it never counts as a fresh login.
fn first_of(token: &ImportedToken, origin: &Origin, visitor: &Visitor, policy: Policy) -> Session {
    Session {
        id: SessionId(0),
        user: token.user,
        created_at: token.issued_at.min(visitor.at - policy.fresh_for),
        used_at: visitor.at,
        expires_at: token.expires_at,
        origin: origin.clone(),
        device: None,
        current: Generation::from_bits(token.jti),
        issued_at: token.issued_at,
        previous: None,
        is_used: true,
    }
}
