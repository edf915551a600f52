//! What operators may do to people and for them. Each rule writes down who did
//! what, and why, in the transaction that does it, and refuses whoever lacks the
//! permission.

use rand::CryptoRng;

mod appointments;
pub mod keys;

use super::{
    audit::{self, Action, Forbidden, Operator},
    error::StoreError,
    guard::Guard,
    id::SessionId,
    invitation,
    lock::Subject,
    permission::{Permission, Permissions},
    phone::Phone,
    session,
    time::Timestamp,
    tx::Tx,
    user::{Redeemed, User, UserId},
};

/// An operator at work: in whose name, and with what chance.
pub struct Desk<'a> {
    /// Who, why and when.
    pub operator: &'a Operator,
    /// Draws identifiers.
    pub rng: &'a mut dyn CryptoRng,
}

/// Why an operator's wish was not granted.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Refused {
    /// It is so already.
    #[error("{0}")]
    Already(&'static str),
    /// Another account has the phone.
    #[error("another account has this phone")]
    PhoneTaken,
    /// The referrer was, over some number of steps, invited by this user.
    #[error("the referrer was invited by this user, or is the user")]
    Cycle,
    /// There is no such session.
    #[error("there is no such session")]
    NoSession,
    /// The operator lacks a permission.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// Somebody would do to an operator, or make one do, what they may not do themselves.
    #[error("the other operator may do more than you")]
    Outranked,
    /// The user has no role.
    #[error("the user is not an operator")]
    NoOperator,
    /// Nobody could grant roles any more.
    #[error("the last owner cannot give up that role: grant it to somebody else first")]
    LastOwner,
    /// There is no such service key.
    #[error("there is no such key")]
    NoKey,
    /// Another key has the name.
    #[error("another key has this name")]
    NameTaken,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Desk<'_> {
    fn note(
        &mut self,
        tx: &mut dyn Tx,
        action: Action,
        user: Option<UserId>,
        detail: String,
    ) -> Result<(), Refused> {
        audit::note(tx, self.operator, action, user, detail, self.rng)?;
        Ok(())
    }

    fn require(&self, permission: Permission) -> Result<(), Refused> {
        Ok(self.operator.require(permission)?)
    }

    /// Refuses what somebody may do to people, but not to an operator who may do more.
    fn require_over(
        &self,
        tx: &mut dyn Tx,
        permission: Permission,
        user: UserId,
    ) -> Result<(), Refused> {
        self.require(permission)?;
        match tx.role_of(user)? {
            Some(role) => self.require_all(role.permissions()),
            None => Ok(()),
        }
    }

    /// Refuses whoever may not do all of this.
    fn require_all(&self, permissions: Permissions) -> Result<(), Refused> {
        let may = self.operator.permissions.cover(permissions);
        may.then_some(()).ok_or(Refused::Outranked)
    }

    /// Lets a user log in no more: every session ends, every device is forgotten,
    /// and nobody can enter the user's invitation code.
    pub fn ban(&mut self, tx: &mut dyn Tx, user: &User) -> Result<(), Refused> {
        self.require_over(tx, Permission::Ban, user.id)?;
        if user.banned_at.is_some() {
            return Err(Refused::Already("the user is banned already"));
        }
        self.keep_an_owner(tx, user)?;
        tx.set_banned(user.id, Some(self.operator.at))?;
        session::end_all(tx, user.id)?;
        self.note(tx, Action::Ban, Some(user.id), String::new())
    }

    /// Lets a banned user log in again.
    pub fn unban(&mut self, tx: &mut dyn Tx, user: &User) -> Result<(), Refused> {
        self.require_over(tx, Permission::Ban, user.id)?;
        let Some(since) = user.banned_at else {
            return Err(Refused::Already("the user is not banned"));
        };
        tx.set_banned(user.id, None)?;
        let days = self.operator.at.since(since).as_secs() / 86_400;
        let detail = format!("after {days} days");
        self.note(tx, Action::Unban, Some(user.id), detail)
    }

    /// Deletes an account, as its user could.
    pub fn delete(&mut self, tx: &mut dyn Tx, user: &User) -> Result<(), Refused> {
        self.require_over(tx, Permission::Delete, user.id)?;
        self.keep_an_owner(tx, user)?;
        tx.delete_user(user)?;
        self.note(tx, Action::Delete, Some(user.id), String::new())
    }

    /// Writes down that somebody looked at a user.
    pub fn note_look(&mut self, tx: &mut dyn Tx, user: &User) -> Result<(), Refused> {
        self.require(Permission::People)?;
        self.note(tx, Action::Look, Some(user.id), String::new())
    }

    /// Writes down that all that is known of a user was read.
    pub fn note_export(&mut self, tx: &mut dyn Tx, user: &User) -> Result<(), Refused> {
        self.require(Permission::Export)?;
        self.note(tx, Action::Export, Some(user.id), String::new())
    }

    /// Ends every session of a user, and forgets the devices.
    pub fn log_out(&mut self, tx: &mut dyn Tx, user: &User) -> Result<(), Refused> {
        self.require_over(tx, Permission::Logout, user.id)?;
        session::end_all(tx, user.id)?;
        self.note(tx, Action::Logout, Some(user.id), String::new())
    }

    /// Ends one session.
    pub fn end_session(&mut self, tx: &mut dyn Tx, id: SessionId) -> Result<(), Refused> {
        self.require(Permission::Logout)?;
        let Some((session, _)) = tx.session_and_user(id)? else {
            return Err(Refused::NoSession);
        };
        self.require_over(tx, Permission::Logout, session.user)?;
        tx.lock(&[Subject::User(session.user)])?;
        tx.delete_session(session.user, id)?;
        let detail = format!("session {}", id.0);
        self.note(tx, Action::EndSession, Some(session.user), detail)
    }

    /// Clears what keeps a phone out, whether or not it is a user's: what it was
    /// sent, what was guessed wrong, and codes that have no guesses left. What
    /// counts for others (prefixes, sources, the bill) stays.
    pub fn unlock(&mut self, tx: &mut dyn Tx, guard: &Guard, phone: Phone) -> Result<(), Refused> {
        self.require(Permission::Unlock)?;
        let user = tx.user_by_phone(phone)?.map(|user| user.id);
        // Whoever clears what was guessed wrong may guess again.
        if let Some(user) = user {
            self.require_over(tx, Permission::Unlock, user)?;
        }
        guard.forgive(tx, phone, user)?;
        tx.spend_challenges(phone)?;
        self.note(tx, Action::Unlock, user, phone.masked())
    }

    /// Gives the account another phone, for somebody who cannot prove the old one
    /// any more. Whoever is logged in is logged out.
    pub fn move_phone(
        &mut self,
        tx: &mut dyn Tx,
        user: &User,
        phone: Phone,
    ) -> Result<(), Refused> {
        self.require_over(tx, Permission::MovePhone, user.id)?;
        tx.lock(&[Subject::Phone(phone)])?;
        match tx.user_by_phone(phone)? {
            Some(owner) if owner.id == user.id => {
                return Err(Refused::Already("the user has this phone already"));
            }
            Some(_) => return Err(Refused::PhoneTaken),
            None => {}
        }
        tx.change_phone(user.id, phone)?;
        session::end_all(tx, user.id)?;
        let detail = format!("{} to {}", user.phone.masked(), phone.masked());
        self.note(tx, Action::MovePhone, Some(user.id), detail)
    }

    /// Puts right who invited a user; the date stays. All whom invitations ever
    /// bound stay one family, so a user without a referrer cannot enter a code of
    /// the former one's family; an operator can still name anybody in it.
    pub fn fix_invitation(
        &mut self,
        tx: &mut dyn Tx,
        user: &User,
        referrer: Option<&User>,
    ) -> Result<(), Refused> {
        self.require_over(tx, Permission::Invitation, user.id)?;
        let before = user.redeemed;
        if before.map(|redeemed| redeemed.referrer) == referrer.map(|referrer| referrer.id) {
            return Err(Refused::Already("that is who invited the user already"));
        }
        if before.is_some() {
            tx.clear_referrer(user)?;
        }
        if let Some(referrer) = referrer {
            if is_invited_by(tx, referrer, user.id)? {
                return Err(Refused::Cycle);
            }
            let at = before.map_or(self.operator.at, |redeemed| redeemed.at);
            rebind(tx, user.id, referrer.id, at)?;
        }
        let name = |id: Option<UserId>| id.map_or("nobody".to_owned(), |id| id.0.to_string());
        let detail = format!(
            "{} to {}",
            name(before.map(|redeemed| redeemed.referrer)),
            name(referrer.map(|referrer| referrer.id))
        );
        self.note(tx, Action::FixInvitation, Some(user.id), detail)
    }
}

/// Whether `user` is `other`, or was invited by them over some number of steps.
fn is_invited_by(tx: &mut dyn Tx, user: &User, other: UserId) -> Result<bool, StoreError> {
    let mut next = Some(user.clone());
    while let Some(user) = next {
        if user.id == other {
            return Ok(true);
        }
        next = match user.redeemed {
            Some(Redeemed { referrer, .. }) => tx.user(referrer)?,
            None => None,
        };
    }
    Ok(false)
}

/// Binds two of whom it is known that the referrer was not invited by the user.
fn rebind(
    tx: &mut dyn Tx,
    user: UserId,
    referrer: UserId,
    at: Timestamp,
) -> Result<(), StoreError> {
    if invitation::bind(tx, user, referrer, at)? {
        return Ok(());
    }
    // They are of one family by what was put right.
    let family = match tx.family(referrer)? {
        Some(family) => family,
        None => tx.begin_family(referrer)?,
    };
    tx.set_referrer(user, referrer, family.id, at)
}
