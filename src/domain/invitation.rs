//! Entering somebody's invitation code.

use super::{
    code::InvitationCode,
    guard::{Guard, Visitor},
    limit::Reached,
    tx::{StoreError, Tx},
    user::{Redeemed, User, UserId},
};

/// Why an invitation code was not accepted.
#[derive(Debug, Clone, Copy, thiserror::Error)]
pub enum RedeemError {
    /// Nobody has this code.
    #[error("nobody has this invitation code")]
    Unknown,
    /// It is the user's own.
    #[error("the invitation code is the user's own")]
    Own,
    /// Another code was entered before.
    #[error("another invitation code was entered before")]
    AlreadySet,
    /// The code's owner was, over some number of steps, invited by this user.
    #[error("the referrer was invited by this user")]
    Cycle,
    /// Too many unknown codes were entered before this one, which was not looked at.
    #[error("too many unknown invitation codes were entered")]
    Limited(Reached),
}

/// Records that `user` was invited by the owner of `code`, who is returned.
/// The same code again is the same answer; another never is. A refusal is a
/// value, since one that was counted must be kept.
pub fn redeem(
    tx: &mut dyn Tx,
    guard: &Guard,
    visitor: &Visitor,
    user: &User,
    code: InvitationCode,
) -> Result<Result<User, RedeemError>, StoreError> {
    if let Some(Redeemed {
        referrer: first, ..
    }) = user.redeemed
    {
        let referrer = tx.user_by_invitation_code(code)?;
        let the_same = referrer.filter(|referrer| referrer.id == first);
        return Ok(the_same.ok_or(RedeemError::AlreadySet));
    }
    if let Some(reached) = guard.may_redeem(tx, visitor, user)? {
        return Ok(Err(RedeemError::Limited(reached)));
    }
    let Some(referrer) = tx.user_by_invitation_code(code)? else {
        guard.note_unknown_code(tx, visitor, user)?;
        return Ok(Err(RedeemError::Unknown));
    };
    if referrer.id == user.id {
        return Ok(Err(RedeemError::Own));
    }
    if invited(tx, user.id, &referrer)? {
        return Ok(Err(RedeemError::Cycle));
    }
    tx.set_referrer(user.id, referrer.id, visitor.now)?;
    Ok(Ok(referrer))
}

/// Whether `ancestor` is among those who, step by step, led to `user`. The
/// walk goes up, one row a step; who never invited anybody needs none.
fn invited(tx: &mut dyn Tx, ancestor: UserId, user: &User) -> Result<bool, StoreError> {
    if !tx.has_invitees(ancestor)? {
        return Ok(false);
    }
    let mut next = user.redeemed.map(|redeemed| redeemed.referrer);
    while let Some(referrer) = next {
        if referrer == ancestor {
            return Ok(true);
        }
        next = tx.referrer(referrer)?;
    }
    Ok(false)
}
