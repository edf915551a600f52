//! A session: one login, and the family of refresh tokens that came of it
//! ([`super::rotation`] has how one is exchanged for the next).

use std::time::Duration;

use rand::CryptoRng;

pub use super::{device::Origin, id::SessionId};
use super::{
    device::{self, DeviceHash, Devices},
    error::StoreError,
    id::{self, UserId},
    imported_token::{self, ImportedToken, ImportedTokens},
    operator_session::{self, OperatorSessions},
    time::Timestamp,
    user::User,
    visitor::Visitor,
};

/// Sessions of one user; one more takes the place of the longest unused.
const MOST_PER_USER: usize = 50;

/// Identifies a generation of a session: one access and one refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Generation(u128);

impl Generation {
    /// Draws a generation. Its lowest bit is kept free to tell its two tokens apart.
    pub fn draw(rng: &mut dyn CryptoRng) -> Self {
        let mut bytes = [0; 16];
        rng.fill_bytes(&mut bytes);
        Self(u128::from_be_bytes(bytes) & !1)
    }

    /// The generation that a token's `jti` names, whichever of the two it is.
    pub fn from_bits(bits: u128) -> Self {
        Self(bits & !1)
    }

    /// The `jti` of its refresh token.
    pub fn refresh_jti(self) -> u128 {
        self.0
    }

    /// The `jti` of its access token.
    pub fn access_jti(self) -> u128 {
        self.0 | 1
    }
}

/// A login that lasts.
#[derive(Debug, Clone)]
pub struct Session {
    /// Which one.
    pub id: SessionId,
    /// Whose.
    pub user: UserId,
    /// The login, by the clock of limits, which never goes back.
    pub created_at: Timestamp,
    /// When it drew tokens last, by the same clock.
    pub used_at: Timestamp,
    /// When its last token expires.
    pub expires_at: Timestamp,
    /// Where it was begun.
    pub origin: Origin,
    /// The known device that it was begun on.
    pub device: Option<DeviceHash>,
    /// The generation whose refresh token is good.
    pub current: Generation,
    /// When that generation was issued (the `iat` of its tokens).
    pub issued_at: Timestamp,
    /// The generation before, whose refresh token may yield the current one again.
    pub previous: Option<Generation>,
    /// Whether a token of the current generation was ever used. The first one
    /// has no predecessor to tell that to, and counts as used.
    pub is_used: bool,
}

impl Session {
    /// Until when tokens of the current generation are good that live so long.
    pub fn until(&self, ttl: Duration, policy: Policy) -> Timestamp {
        (self.issued_at + ttl).min(self.ends_at(policy))
    }

    /// When it is over, however much it is used.
    pub fn ends_at(&self, policy: Policy) -> Timestamp {
        self.created_at + policy.session_ttl
    }
}

/// How long tokens last.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// Life of an access token.
    pub access_ttl: Duration,
    /// Life of a refresh token.
    pub refresh_ttl: Duration,
    /// Life of a session, however much it is used.
    pub session_ttl: Duration,
    /// How long an exchanged refresh token yields the same successor again,
    /// whether or not that was used.
    pub grace: Duration,
    /// How long a login by code is a [`FreshLogin`].
    pub fresh_for: Duration,
}

impl Policy {
    /// Life of the token that lives longer.
    pub fn longest(self) -> Duration {
        self.access_ttl.max(self.refresh_ttl)
    }
}

/// Who a verified access token says is calling. Whether that is still so
/// only the store knows: see [`authorize`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bearer {
    /// The user.
    pub user: UserId,
    /// The session.
    pub session: SessionId,
    /// Of which generation the token is.
    pub generation: Generation,
}

impl Bearer {
    /// Whoever shows a token of an earlier service.
    pub fn of_imported(token: &ImportedToken) -> Self {
        Self {
            user: token.user,
            session: imported_token::session(token.user),
            generation: Generation::from_bits(token.jti),
        }
    }
}

/// A caller whose session was begun by a code a short while ago. It is asked
/// for where a copy of an access token must not be enough; refreshing a
/// session does not make it fresh.
#[derive(Debug)]
pub struct FreshLogin {
    user: User,
    session: Session,
}

impl FreshLogin {
    /// Of a caller who is authorized; `None` when the login is too long ago.
    pub fn of(session: Session, user: User, policy: Policy, at: Timestamp) -> Option<Self> {
        let is_fresh = session.created_at + policy.fresh_for > at;
        is_fresh.then_some(Self { user, session })
    }

    /// Who it is.
    pub fn user(&self) -> &User {
        &self.user
    }
}

/// Sessions: the families of refresh tokens.
pub trait Sessions {
    /// The session with this identifier, and its user.
    fn session_and_user(&mut self, id: SessionId) -> Result<Option<(Session, User)>, StoreError>;
    /// Adds a session, unless its identifier is taken.
    fn insert_session(&mut self, session: &Session) -> Result<(), StoreError>;
    /// Adds a session with an identifier that was drawn, in place of the user's
    /// that drew no tokens for longest when there are `most`. `false` when the
    /// identifier is taken; an engine that finds that out later runs the whole
    /// transaction again.
    fn add_session(&mut self, session: &Session, most: usize) -> Result<bool, StoreError>;
    /// Writes down a rotation.
    fn update_session(&mut self, session: &Session) -> Result<(), StoreError>;
    /// Writes down that the current generation was used, if it is this one.
    fn note_session_use(&mut self, id: SessionId, generation: Generation)
    -> Result<(), StoreError>;
    /// The user's sessions that expire after `now`, newest first.
    fn sessions_of(&mut self, user: UserId, now: Timestamp) -> Result<Vec<Session>, StoreError>;
    /// Ends a session of a user; `false` when they have none such.
    fn delete_session(&mut self, user: UserId, id: SessionId) -> Result<bool, StoreError>;
    /// Ends every session of a user.
    fn delete_sessions_of(&mut self, user: UserId) -> Result<(), StoreError>;
    /// Ends every session of a user but `kept`.
    fn delete_other_sessions(&mut self, user: UserId, kept: SessionId) -> Result<(), StoreError>;
    /// Forgets some of the sessions that expired before `before`.
    fn prune_sessions(&mut self, before: Timestamp) -> Result<(), StoreError>;
}

/// Begins a session. When the user has too many, those that drew no tokens for
/// longest end.
pub fn begin(
    tx: &mut (impl Sessions + ImportedTokens + ?Sized),
    visitor: &Visitor,
    user: UserId,
    origin: &Origin,
    device: DeviceHash,
    policy: Policy,
    rng: &mut dyn CryptoRng,
) -> Result<Session, StoreError> {
    let now = visitor.now;
    let mut session = Session {
        id: SessionId(0),
        user,
        created_at: visitor.at,
        used_at: visitor.at,
        expires_at: now,
        origin: origin.clone(),
        device: Some(device),
        current: Generation::draw(rng),
        issued_at: now,
        previous: None,
        is_used: true,
    };
    session.expires_at = session.until(policy.longest(), policy);
    insert(tx, session, now, rng)
}

/// Adds a session with an identifier of its own, and forgets some that are over.
pub fn insert(
    tx: &mut (impl Sessions + ImportedTokens + ?Sized),
    mut session: Session,
    now: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<Session, StoreError> {
    session.id = id::draw_free("session", now, rng, |id, _| {
        session.id = SessionId(id);
        let is_added = tx.add_session(&session, MOST_PER_USER)?;
        Ok(is_added.then_some(session.id))
    })?;
    if id::sweeps(session.id.0) {
        // The leeway of a token is not the sweeper's business.
        let before = now - Duration::from_hours(1);
        tx.prune_sessions(before)?;
        tx.prune_imported_tokens(before)?;
    }
    Ok(session)
}

/// The session and the user behind an access token, if both still exist.
pub fn authorize(
    tx: &mut (impl Sessions + Devices + ?Sized),
    bearer: Bearer,
) -> Result<Option<(Session, User)>, StoreError> {
    let found = tx.session_and_user(bearer.session)?;
    Ok(found.filter(|(session, _)| session.user == bearer.user))
}

/// Whether this is the first use of a generation, which is to be written down
/// with [`note_use`] before anything is done for the caller.
pub fn is_first_use(session: &Session, bearer: Bearer) -> bool {
    !session.is_used && session.current == bearer.generation
}

/// Writes down that a token of this generation was used: its predecessor is
/// worth nothing from now on.
pub fn note_use(
    tx: &mut (impl Sessions + Devices + ?Sized),
    bearer: Bearer,
) -> Result<(), StoreError> {
    tx.note_session_use(bearer.session, bearer.generation)
}

/// Ends every session of a user, also as an operator, and forgets the devices.
pub fn end_all(
    tx: &mut (impl Sessions + Devices + OperatorSessions + ?Sized),
    user: UserId,
) -> Result<(), StoreError> {
    operator_session::end_all(tx, user)?;
    device::forget_all(tx, user)?;
    tx.delete_sessions_of(user)
}

/// Ends every session of the user but the one that asks for it, and forgets
/// every known device but the one that this session was begun on.
pub fn end_others(
    tx: &mut (impl Sessions + Devices + OperatorSessions + ?Sized),
    login: &FreshLogin,
) -> Result<(), StoreError> {
    let FreshLogin { user, session } = login;
    operator_session::end_all(tx, user.id)?;
    tx.delete_other_sessions(user.id, session.id)?;
    device::forget_others(tx, user.id, session.device.as_ref())
}

/// Ends one of the user's own sessions; `false` when there is none such.
pub fn end(
    tx: &mut (impl Sessions + Devices + ?Sized),
    user: UserId,
    id: SessionId,
) -> Result<bool, StoreError> {
    tx.delete_session(user, id)
}
