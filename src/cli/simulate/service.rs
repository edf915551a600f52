//! The service as attackers meet it: the rules that `serve` goes by, over a
//! transaction, at the instant that they say it is.

use std::{sync::Arc, time::Duration};

use rand::{SeedableRng, rngs::StdRng};

use crate::{
    domain::{
        challenge::{ChallengeId, Purpose},
        code::{InvitationCode, OneTimeCode},
        destination::Destination,
        device::{self, DeviceSecret},
        error::StoreError,
        guard::{Guard, Policy},
        invitation::{self, RedeemError},
        limit::Reached,
        login::{self, Attempt, Confirmation, Welcome},
        phone::Phone,
        proof::{self, Answer, OpenError, Rejection, Wanted},
        session::{self, Origin},
        source::Source,
        time::Timestamp,
        tx::Tx,
        user::{self, UserId},
        visitor::Visitor,
    },
    token::keys::Keys,
};

/// Why an attacker does not go on.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    #[error("the time is over")]
    Over,
    #[error(transparent)]
    Store(#[from] StoreError),
}

pub type Result<T, E = Stop> = std::result::Result<T, E>;

pub const HOUR: Duration = Duration::from_hours(1);
pub const DAY: Duration = Duration::from_hours(24);
/// 2024-01-01T00:00:00Z: when every run begins.
pub const BEGINNING: Timestamp = Timestamp::from_seconds(1_704_067_200);

pub struct Service<'t> {
    pub now: Timestamp,
    tx: &'t mut dyn Tx,
    pub guard: Guard,
    sessions: session::Policy,
    destination: Destination,
    rng: StdRng,
}

/// A challenge token, with what only the phone's owner may know. Attackers
/// who own no phone look at the code to be wrong for sure.
pub struct Token {
    pub code: OneTimeCode,
    phone: Phone,
    challenge: ChallengeId,
    device: Option<DeviceSecret>,
}

impl<'t> Service<'t> {
    /// A service with these limits, and the same chance every time.
    pub fn new(
        tx: &'t mut dyn Tx,
        sessions: session::Policy,
        policy: Policy,
        destination: Destination,
    ) -> Self {
        let mut rng = StdRng::seed_from_u64(2024);
        let keys = Keys::draw(&mut rng);
        Self {
            now: BEGINNING,
            tx,
            guard: Guard::new(policy, Arc::default(), move |what, text| {
                keys.fingerprint(what, text)
            }),
            sessions,
            destination,
            rng,
        }
    }

    /// A phone that may be sent to; ten thousand numbers in a row are a prefix.
    pub fn phone(&self, number: u64) -> Phone {
        let phone = self.destination.number(number);
        phone.expect("a destination was chosen that has phones")
    }

    /// The same, with numbers in a row scattered over all prefixes.
    pub fn scattered(&self, number: u64) -> Phone {
        // Neither even nor a multiple of five, so that no two numbers meet.
        self.phone(number.wrapping_mul(387_420_489))
    }

    fn visitor(&self, source: Option<Source>, device: Option<&DeviceSecret>) -> Visitor {
        let mut visitor = Visitor::unknown(self.now, self.now);
        visitor.source = source;
        visitor.device.secret = device.cloned();
        visitor
    }

    pub fn ask(
        &mut self,
        source: Option<Source>,
        phone: Phone,
        device: Option<&DeviceSecret>,
    ) -> Result<Result<Token, Reached>> {
        let visitor = self.visitor(source, device);
        let wanted = Wanted {
            phone,
            purpose: Purpose::Login,
            fixed: None,
            source: None,
            dispatch: None,
            longest: usize::MAX,
        };
        match proof::open(self.tx, &self.guard, &visitor, &wanted, &mut self.rng) {
            Ok(opened) if opened.sends => Ok(Ok(Token {
                phone,
                code: opened.challenge.code,
                challenge: opened.challenge.id,
                device: visitor.device.secret,
            })),
            // Attackers wait for another message.
            Ok(opened) => {
                let limit = &self.guard.policy.limits.sends_per_phone;
                Ok(Err(limit.reached_for(opened.resend_in)))
            }
            Err(OpenError::Limited(reached)) => Ok(Err(reached)),
            Err(OpenError::Store(error)) => Err(error.into()),
        }
    }

    /// Confirms with what may be the code.
    pub fn confirm(
        &mut self,
        source: Option<Source>,
        token: &Token,
        guess: OneTimeCode,
    ) -> Result<Result<Box<Welcome>, Rejection>> {
        let visitor = self.visitor(source, token.device.as_ref());
        let attempt = Attempt {
            answer: Answer {
                challenge: token.challenge,
                phone: token.phone,
                purpose: Purpose::Login,
                guess,
                longest: usize::MAX,
            },
            invitation: None,
            origin: Origin::default(),
        };
        let (guard, sessions, rng) = (&self.guard, self.sessions, &mut self.rng);
        let confirmation = login::confirm(self.tx, guard, &visitor, &attempt, sessions, rng)?;
        Ok(match confirmation {
            Confirmation::Welcome(welcome) => Ok(welcome),
            Confirmation::Refused(rejection) => Err(rejection),
            Confirmation::Banned => unreachable!("nobody is banned in a simulation"),
        })
    }

    /// Tries an invitation code; why it was not looked at.
    pub fn redeem(&mut self, source: Option<Source>, id: UserId) -> Result<Option<Reached>> {
        let visitor = self.visitor(source, None);
        let user = self.tx.user(id)?.expect("an attacker's account");
        let length = self.guard.policy.invitation_code_length;
        let code = InvitationCode::draw(length, &mut self.rng);
        match invitation::redeem(self.tx, &self.guard, &visitor, &user, code)? {
            Err(RedeemError::Limited(reached)) => Ok(Some(reached)),
            _ => Ok(None),
        }
    }

    /// Somebody who has logged in before, long ago: another known device of the phone.
    pub fn known_device(&mut self, phone: Phone) -> Result<DeviceSecret> {
        let length = self.guard.policy.invitation_code_length;
        let user = match self.tx.user_by_phone(phone)? {
            Some(user) => user,
            None => user::register(self.tx, phone, length, self.now, &mut self.rng)?,
        };
        let (shown, origin) = (self.visitor(None, None).device, Origin::default());
        let rng = &mut self.rng;
        Ok(device::recognise(self.tx, user.id, &shown, &origin, rng)?)
    }
}
