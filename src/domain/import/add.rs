//! Writing one person to the store.

use rand::CryptoRng;

use super::{
    person::{Person, Referrer},
    reason::Reason,
    session::{self, Tokens},
};
use crate::domain::{
    code::InvitationCode,
    error::StoreError,
    id::{self, UserId},
    invitation,
    person::{Email, Name},
    time::Timestamp,
    tx::Tx,
    user::User,
};

/// Fresh codes that are tried before the identifier is taken to be what was
/// refused: no two of them are anybody's by chance.
const CODES: usize = 3;

/// What became of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// They are in the store from now on, but for something.
    Added(Vec<Reason>),
    /// They were there before, and are as they were.
    Before(Vec<Reason>),
    /// They are not in the store.
    Refused(Reason),
}

/// Adds a person, unless they were added before. Whoever was, and has no
/// referrer, gets the one that the file names. Only whoever is added now keeps
/// their tokens: the others may have logged out since.
pub fn add(
    tx: &mut dyn Tx,
    person: &Person,
    tokens: Option<Tokens>,
    now: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<Outcome, StoreError> {
    let before = match known(tx, person)? {
        Ok(user) => user,
        Err(reason) => return Ok(Outcome::Refused(reason)),
    };
    let is_new = before.is_none();
    let user = match before {
        Some(user) => Some(user),
        None => insert(tx, person, now, rng)?,
    };
    let Some(user) = user else {
        return Ok(Outcome::Refused(Reason::Deleted));
    };
    let mut reasons = person.reasons.clone();
    if person.code.is_some_and(|code| code != user.invitation_code) {
        reasons.retain(|reason| *reason != Reason::CodeFolded);
        reasons.push(Reason::CodeTaken);
    }
    reasons.extend(invite(tx, person, &user)?);
    if let Some(tokens) = tokens
        && is_new
        && user.banned_at.is_none()
    {
        session::begin(tx, &user, tokens, rng)?;
    }
    Ok(if is_new {
        Outcome::Added(reasons)
    } else {
        Outcome::Before(reasons)
    })
}

/// The same person, if they are in the store.
fn known(tx: &mut dyn Tx, person: &Person) -> Result<Result<Option<User>, Reason>, StoreError> {
    if let Some(id) = person.id
        && let Some(user) = tx.user(id)?
    {
        let is_same = user.phone == person.phone;
        return Ok(is_same.then_some(Some(user)).ok_or(Reason::IdTaken));
    }
    Ok(match tx.user_by_phone(person.phone)? {
        Some(_) if person.id.is_some() => Err(Reason::PhoneTaken),
        user => Ok(user),
    })
}

/// Adds somebody who is not in the store; `None` if they ever were.
fn insert(
    tx: &mut dyn Tx,
    person: &Person,
    now: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<Option<User>, StoreError> {
    let user = match person.id {
        Some(id) => insert_as(tx, person, id, rng)?,
        None => Some(id::draw_free("user", now, rng, |id, rng| {
            insert_as(tx, person, UserId(id), rng)
        })?),
    };
    if let Some(user) = &user
        && user.banned_at.is_some()
    {
        tx.set_banned(user.id, user.banned_at)?;
    }
    Ok(user)
}

/// Adds them with this identifier, and with their code or a fresh one.
fn insert_as(
    tx: &mut dyn Tx,
    person: &Person,
    id: UserId,
    rng: &mut dyn CryptoRng,
) -> Result<Option<User>, StoreError> {
    let text = |name: &Name| name.as_str().to_owned();
    let mut user = User {
        id,
        phone: person.phone,
        invitation_code: person
            .code
            .unwrap_or_else(|| InvitationCode::draw(person.code_length, rng)),
        first_name: text(&person.first_name),
        last_name: text(&person.last_name),
        email: Email::as_str(&person.email).to_owned(),
        redeemed: None,
        created_at: person.created_at,
        banned_at: person.banned_at,
    };
    for _ in 0..CODES {
        if tx.insert_user(&user)? {
            return Ok(Some(user));
        }
        user.invitation_code = InvitationCode::draw(person.code_length, rng);
    }
    Ok(None)
}

/// Binds them to their referrer; why that cannot be.
fn invite(tx: &mut dyn Tx, person: &Person, user: &User) -> Result<Option<Reason>, StoreError> {
    let Some(referrer) = person.referrer.filter(|_| user.redeemed.is_none()) else {
        return Ok(None);
    };
    let referrer = match referrer {
        Referrer::Id(id) => tx.user(id)?,
        Referrer::Phone(phone) => tx.user_by_phone(phone)?,
        Referrer::Code(code) => tx.user_by_invitation_code(code)?,
    };
    let Some(referrer) = referrer else {
        return Ok(Some(Reason::NoReferrer));
    };
    let is_open =
        referrer.id != user.id && invitation::bind(tx, user.id, referrer.id, person.invited_at)?;
    Ok((!is_open).then_some(Reason::Circle))
}
