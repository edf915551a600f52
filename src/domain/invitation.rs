//! Entering somebody's invitation code.

use super::{
    code::InvitationCode,
    time::Timestamp,
    tx::{StoreError, Tx},
    user::{Redeemed, User, UserId},
};

/// Why an invitation code was not accepted.
#[derive(Debug, thiserror::Error)]
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
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Records that `user` was invited by the owner of `code`, who is returned.
/// The same code again is the same answer; another never is.
pub fn redeem(
    tx: &mut dyn Tx,
    user: &User,
    code: InvitationCode,
    now: Timestamp,
) -> Result<User, RedeemError> {
    let referrer = tx.user_by_invitation_code(code)?;
    if let Some(Redeemed {
        referrer: first, ..
    }) = user.redeemed
    {
        return referrer
            .filter(|referrer| referrer.id == first)
            .ok_or(RedeemError::AlreadySet);
    }
    let referrer = referrer.ok_or(RedeemError::Unknown)?;
    if referrer.id == user.id {
        return Err(RedeemError::Own);
    }
    if invited(tx, user.id, &referrer)? {
        return Err(RedeemError::Cycle);
    }
    tx.set_referrer(user.id, referrer.id, now)?;
    Ok(referrer)
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
