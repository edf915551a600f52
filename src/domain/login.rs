//! Logging in: the phone is proved, and becomes a user at its first login.

use rand::CryptoRng;

use super::{
    code::{InvitationCode, NotACode},
    device::{self, DeviceSecret},
    error::StoreError,
    guard::Guard,
    invitation::{self, RedeemError},
    lock::Subject,
    proof::{self, Answer, Rejection},
    session::{self, Origin, Session},
    tx::Tx,
    user::{self, User},
    visitor::Visitor,
};

/// An attempt to log in, as the client made it.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// The guess.
    pub answer: Answer,
    /// What was typed for an invitation code to enter at once.
    pub invitation: Option<Result<InvitationCode, NotACode>>,
    /// Where the attempt came from.
    pub origin: Origin,
}

/// What came of it.
#[derive(Debug)]
pub enum Confirmation {
    /// The user is in.
    Welcome(Box<Welcome>),
    /// The user is not.
    Refused(Rejection),
    /// The code was right, but the user is banned.
    Banned,
}

/// A successful login.
#[derive(Debug)]
pub struct Welcome {
    /// Whether the account is new.
    pub created: bool,
    /// The session that was begun.
    pub session: Session,
    /// The secret by which this device is known from now on.
    pub device: DeviceSecret,
    /// What came of the invitation code, if there was one: the referrer, or why not.
    pub invitation: Option<Result<User, RedeemError>>,
}

/// Checks the code and, when it is right, opens the account, the session, and
/// the referral, all or nothing.
pub fn confirm(
    tx: &mut dyn Tx,
    guard: &Guard,
    visitor: &Visitor,
    attempt: &Attempt,
    sessions: session::Policy,
    rng: &mut dyn CryptoRng,
) -> Result<Confirmation, StoreError> {
    let phone = attempt.answer.phone;
    let invitation = attempt.invitation.map(|_| Subject::Invitations);
    let subjects = [Subject::Phone(phone)].into_iter().chain(invitation);
    tx.lock(&subjects.collect::<Vec<_>>())?;
    if let Err(rejection) = proof::answer(tx, guard, visitor, &attempt.answer)? {
        return Ok(Confirmation::Refused(rejection));
    }
    let now = visitor.now;
    let known = tx.user_by_phone(phone)?;
    if known.as_ref().is_some_and(|user| user.banned_at.is_some()) {
        return Ok(Confirmation::Banned);
    }
    let created = known.is_none();
    let user = match known {
        Some(user) => user,
        None => user::register(tx, phone, guard.policy.invitation_code_length, now, rng)?,
    };
    let invitation = match attempt.invitation {
        None => None,
        Some(Err(NotACode)) => Some(Err(RedeemError::Unknown)),
        Some(Ok(code)) => Some(invitation::redeem(tx, guard, visitor, &user, code)?),
    };
    let device = device::recognise(tx, user.id, &visitor.device, &attempt.origin, rng)?;
    let (origin, hash) = (&attempt.origin, device.hash());
    let session = session::begin(tx, visitor, user.id, origin, hash, sessions, rng)?;
    Ok(Confirmation::Welcome(Box::new(Welcome {
        created,
        session,
        device,
        invitation,
    })))
}
