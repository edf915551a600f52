//! Logging in as an operator: the phone is proved anew each time, whatever
//! sessions its user has.

use rand::CryptoRng;

use super::{
    admin::Desk,
    audit::Operator,
    device::{self, DeviceSecret, Origin},
    error::StoreError,
    guard::Guard,
    operator,
    permission::Role,
    proof::{self, Answer, Rejection},
    secret::Secret,
    tx::Tx,
    user::User,
    visitor::Visitor,
};

/// What came of it.
#[derive(Debug)]
pub enum Entry {
    /// The operator is in.
    Welcome {
        /// Who.
        user: Box<User>,
        /// What for.
        role: Role,
        /// What the session is known by.
        secret: Secret,
        /// What the device is known by from now on.
        device: DeviceSecret,
    },
    /// The code was right, but whoever has the phone is not an operator.
    Stranger,
    /// The phone was not proved.
    Refused(Rejection),
}

/// Checks the code and, when it is right and an operator's, begins a session. No
/// account comes of it. The device is a known one from then on: or whoever has
/// codes sent to an operator's phone would keep them out.
///
/// # Errors
/// When the store fails.
pub fn confirm(
    tx: &mut dyn Tx,
    guard: &Guard,
    visitor: &Visitor,
    answer: &Answer,
    origin: &Origin,
    rng: &mut dyn CryptoRng,
) -> Result<Entry, StoreError> {
    if let Err(rejection) = proof::answer(tx, guard, visitor, answer)? {
        return Ok(Entry::Refused(rejection));
    }
    let user = tx.user_by_phone(answer.phone)?;
    let Some(user) = user.filter(|user| user.banned_at.is_none()) else {
        return Ok(Entry::Stranger);
    };
    let Some(role) = tx.role_of(user.id)? else {
        return Ok(Entry::Stranger);
    };
    let operator = Operator {
        name: operator::name(user.id),
        reason: String::new(),
        at: visitor.now,
        permissions: role.permissions(),
    };
    let device = device::recognise(tx, user.id, &visitor.device, origin, rng)?;
    let operator = &operator;
    let mut desk = Desk { operator, rng };
    let secret = desk.log_in(tx, &user, visitor.device.epoch, visitor.at)?;
    Ok(Entry::Welcome {
        user: Box::new(user),
        role,
        secret,
        device,
    })
}
