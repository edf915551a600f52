//! Logging in: the phone is proved, and becomes a user at its first login.

use rand::CryptoRng;

use super::{
    challenge::{self, Challenge, ChallengeId, Fixed, OpenError, Purpose, Verdict},
    code::{InvitationCode, NotACode, OneTimeCode},
    device::{self, DeviceSecret},
    invitation::{self, RedeemError},
    phone::Phone,
    session::{self, Origin, Session},
    time::Timestamp,
    tx::{StoreError, Tx},
    user::{self, User},
};

/// Asks for a code to log in with. It is sent once this is committed.
pub fn ask(
    tx: &mut dyn Tx,
    phone: Phone,
    fixed: Option<&Fixed>,
    policy: challenge::Policy,
    now: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<Challenge, OpenError> {
    challenge::open(tx, phone, Purpose::Login, fixed, policy, now, rng)
}

/// An attempt to log in, as the client made it.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// The challenge that the token names.
    pub challenge: ChallengeId,
    /// The phone that the token names.
    pub phone: Phone,
    /// The code that was typed.
    pub guess: OneTimeCode,
    /// What was typed for an invitation code to enter at once.
    pub invitation: Option<Result<InvitationCode, NotACode>>,
    /// The secret of a device that was here before.
    pub device: Option<DeviceSecret>,
    /// Where the attempt came from.
    pub origin: Origin,
}

/// What came of it.
#[derive(Debug)]
pub enum Confirmation {
    /// The user is in.
    Welcome(Box<Welcome>),
    /// The user is not; never [`Verdict::Right`].
    Refused(Verdict),
}

/// A successful login.
#[derive(Debug)]
pub struct Welcome {
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
    attempt: &Attempt,
    challenges: challenge::Policy,
    sessions: session::Policy,
    now: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<Confirmation, StoreError> {
    let Attempt {
        challenge,
        phone,
        guess,
        ..
    } = attempt;
    match challenge::answer(
        tx,
        *challenge,
        *phone,
        Purpose::Login,
        guess,
        challenges,
        now,
    )? {
        Verdict::Right => {}
        refused => return Ok(Confirmation::Refused(refused)),
    }
    let user = match tx.user_by_phone(*phone)? {
        Some(user) => user,
        None => user::register(tx, *phone, now, rng)?,
    };
    let invitation = match attempt.invitation {
        None => None,
        Some(Err(NotACode)) => Some(Err(RedeemError::Unknown)),
        Some(Ok(code)) => Some(match invitation::redeem(tx, &user, code, now) {
            Err(RedeemError::Store(failed)) => return Err(failed),
            outcome => outcome,
        }),
    };
    let session = session::begin(tx, user.id, &attempt.origin, sessions, now, rng)?;
    let device = device::recognise(tx, user.id, attempt.device.as_ref(), now, rng)?;
    Ok(Confirmation::Welcome(Box::new(Welcome {
        session,
        device,
        invitation,
    })))
}
