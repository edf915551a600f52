//! Logging in as an operator: the phone is proved anew each time, whatever
//! sessions its user has.

use rand::CryptoRng;

use super::{
    admin::Desk,
    audit::Operator,
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
    },
    /// The code was right, but whoever has the phone is not an operator.
    Stranger,
    /// The phone was not proved.
    Refused(Rejection),
}

/// Checks the code and, when it is right and an operator's, begins a session. No
/// account comes of it.
///
/// # Errors
/// When the store fails.
pub fn confirm(
    tx: &mut dyn Tx,
    guard: &Guard,
    visitor: &Visitor,
    answer: &Answer,
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
    let operator = &operator;
    let mut desk = Desk { operator, rng };
    let secret = desk.log_in(tx, &user, visitor.device.epoch, visitor.at)?;
    Ok(Entry::Welcome {
        user: Box::new(user),
        role,
        secret,
    })
}
