//! Entering somebody's invitation code.
//!
//! Nobody is invited by those whom they invited, over any number of steps. To
//! know that, no chain of invitations is walked, which may be of any length:
//! all whom invitations bind are one [`Family`]. Whoever has no referrer is at
//! the top of theirs, so the others in it are just those whom they invited.

use super::{
    code::InvitationCode,
    error::StoreError,
    family::Family,
    guard::Guard,
    id::UserId,
    limit::Reached,
    lock::Subject,
    source::Deed,
    time::Timestamp,
    tx::Tx,
    user::{Redeemed, User},
    visitor::Visitor,
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
    tx.lock(&[Subject::Invitations])?;
    if let Some(Redeemed {
        referrer: first, ..
    }) = user.redeemed
    {
        let referrer = tx.user_by_invitation_code(code)?;
        let the_same = referrer.filter(|referrer| referrer.id == first);
        return Ok(the_same.ok_or(RedeemError::AlreadySet));
    }
    tx.ahead(&mut |tx| {
        tx.user_by_invitation_code(code)?;
        guard.may_redeem(tx, visitor, user)?;
        Ok(())
    })?;
    if let Some(reached) = guard.may_redeem(tx, visitor, user)? {
        return Ok(Err(RedeemError::Limited(reached)));
    }
    let referrer = tx.user_by_invitation_code(code)?;
    // The code of a banned user is nobody's.
    let Some(referrer) = referrer.filter(|referrer| referrer.banned_at.is_none()) else {
        guard.note_unknown_code(tx, visitor, user)?;
        return Ok(Err(RedeemError::Unknown));
    };
    if referrer.id == user.id {
        return Ok(Err(RedeemError::Own));
    }
    let is_bound = bind(tx, user.id, referrer.id, visitor.now)?;
    Ok(is_bound.then_some(referrer).ok_or(RedeemError::Cycle))
}

/// The owner of `code`, for whoever looks at a link with it. To look is to try
/// the code, as far as the source is concerned: so links tell nobody more codes
/// than entering them does.
pub fn look(
    tx: &mut dyn Tx,
    guard: &Guard,
    visitor: &Visitor,
    code: InvitationCode,
) -> Result<Result<User, RedeemError>, StoreError> {
    if let Some(reached) = guard.source_reached(visitor, Deed::WrongInvitationCode) {
        return Ok(Err(RedeemError::Limited(reached)));
    }
    let referrer = tx.user_by_invitation_code(code)?;
    let referrer = referrer.filter(|referrer| referrer.banned_at.is_none());
    if referrer.is_none() {
        guard.blame_source(visitor, Deed::WrongInvitationCode);
    }
    Ok(referrer.ok_or(RedeemError::Unknown))
}

/// Makes `referrer` the referrer of `user`, who has none; `false` when they are
/// of one family, for then `user` is at the top of it.
pub fn bind(
    tx: &mut dyn Tx,
    user: UserId,
    referrer: UserId,
    at: Timestamp,
) -> Result<bool, StoreError> {
    tx.lock(&[Subject::User(user), Subject::User(referrer)])?;
    tx.ahead(&mut |tx| tx.family(user).map(drop))?;
    let (theirs, own) = (tx.family(referrer)?, tx.family(user)?);
    let theirs = match theirs {
        Some(family) => family,
        None => tx.begin_family(referrer)?,
    };
    let family = match own {
        None => theirs,
        Some(own) if own.id == theirs.id => return Ok(false),
        Some(own) => unite(tx, own, theirs)?,
    };
    tx.set_referrer(user, referrer, family.id, at)?;
    Ok(true)
}

/// Makes one family of two: the one that stands for both.
fn unite(tx: &mut dyn Tx, one: Family, other: Family) -> Result<Family, StoreError> {
    let (lower, mut upper) = if one.rank < other.rank {
        (one, other)
    } else {
        (other, one)
    };
    if lower.rank == upper.rank {
        upper.rank += 1;
    }
    tx.unite_families(lower.id, upper)?;
    Ok(upper)
}
