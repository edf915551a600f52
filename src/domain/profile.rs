//! What the service shows a user of themself.

use super::{
    error::StoreError,
    guard::Guard,
    person::{Change, Email, Name},
    phone::Phone,
    proof::{self, Answer, Rejection},
    session::{self, FreshLogin},
    tx::Tx,
    user::{User, UserId},
    visitor::Visitor,
};

/// How many invitees a profile lists; the rest is paged through.
pub const LISTED_INVITEES: usize = 1000;

/// A user as shown to themself.
#[derive(Debug, Clone)]
pub struct Profile {
    /// The user.
    pub user: User,
    /// The referrer's phone, if there is a referrer and they still exist.
    pub invited_by: Option<Phone>,
    /// Phones of the first [`LISTED_INVITEES`] who entered this user's code, oldest first.
    pub invitees: Vec<Phone>,
    /// How many entered it in all.
    pub invitees_count: u64,
}

/// Asks for all that [`read`] needs of a user.
pub fn ask(tx: &mut dyn Tx, user: UserId) -> Result<(), StoreError> {
    tx.relations(user)?;
    tx.invitees(user, 0, LISTED_INVITEES)?;
    Ok(())
}

/// Everything a profile shows of `user`.
pub fn read(tx: &mut dyn Tx, user: User) -> Result<Profile, StoreError> {
    tx.ahead(&mut |tx| ask(tx, user.id))?;
    let (invited_by, invitees_count) = tx.relations(user.id)?;
    let invitees = match invitees_count {
        0 => Vec::new(),
        _ => tx
            .invitees(user.id, 0, LISTED_INVITEES)?
            .into_iter()
            .map(|invitee| invitee.phone)
            .collect(),
    };
    Ok(Profile {
        user,
        invited_by,
        invitees,
        invitees_count,
    })
}

/// Changes what `change` names, and returns the whole profile.
pub fn change(tx: &mut dyn Tx, mut user: User, change: &Change) -> Result<Profile, StoreError> {
    let mut differs = false;
    let mut set = |field: &mut String, value: Option<&str>| {
        if let Some(value) = value.filter(|value| field != value) {
            value.clone_into(field);
            differs = true;
        }
    };
    set(
        &mut user.first_name,
        change.first_name.as_ref().map(Name::as_str),
    );
    set(
        &mut user.last_name,
        change.last_name.as_ref().map(Name::as_str),
    );
    set(&mut user.email, change.email.as_ref().map(Email::as_str));
    // A profile that is sent back as it was read costs no flush.
    if differs {
        tx.change_profile(user.id, change)?;
    }
    read(tx, user)
}

/// Closes the account: it, its sessions and what it said of itself are gone.
pub fn close(tx: &mut dyn Tx, user: &User) -> Result<(), StoreError> {
    tx.delete_user(user)
}

/// What came of confirming another phone.
#[derive(Debug)]
pub enum PhoneChange {
    /// The phone is the user's.
    Changed {
        /// The user as they are shown now.
        profile: Box<Profile>,
        /// The phone that they have left, unless it is the same.
        left: Option<Phone>,
    },
    /// The code was right, but the phone is another user's.
    Taken,
    /// The phone was not proved.
    Refused(Rejection),
}

/// Makes a proved phone the user's own. Whoever else held a session or a known
/// device of this account, holds none after that.
pub fn change_phone(
    tx: &mut dyn Tx,
    guard: &Guard,
    visitor: &Visitor,
    login: &FreshLogin,
    answer: &Answer,
) -> Result<PhoneChange, StoreError> {
    if let Err(rejection) = proof::answer(tx, guard, visitor, answer)? {
        return Ok(PhoneChange::Refused(rejection));
    }
    let mut user = login.user().clone();
    let left = match tx.user_by_phone(answer.phone)? {
        Some(owner) if owner.id != user.id => return Ok(PhoneChange::Taken),
        Some(_) => None,
        None => {
            tx.change_phone(user.id, answer.phone)?;
            session::end_others(tx, login)?;
            Some(user.phone)
        }
    };
    user.phone = answer.phone;
    let profile = Box::new(read(tx, user)?);
    Ok(PhoneChange::Changed { profile, left })
}
