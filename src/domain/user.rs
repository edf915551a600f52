//! A user: one phone that has been proved, with an invitation code of its own.

use rand::CryptoRng;

pub use super::id::UserId;
use super::{
    code::InvitationCode,
    error::StoreError,
    id::{self, FamilyId},
    person::Change,
    phone::Phone,
    time::Timestamp,
};

/// One user.
#[derive(Debug, Clone)]
pub struct User {
    /// Who this is.
    pub id: UserId,
    /// The phone that was proved last.
    pub phone: Phone,
    /// What others enter to name this user as their referrer.
    pub invitation_code: InvitationCode,
    /// First name, `""` when unset.
    pub first_name: String,
    /// Last name, `""` when unset.
    pub last_name: String,
    /// E-mail address, `""` when unset. No login, not unique, not verified.
    pub email: String,
    /// The invitation code this user entered, if any.
    pub redeemed: Option<Redeemed>,
    /// The first login.
    pub created_at: Timestamp,
    /// Since when they may not log in, if so.
    pub banned_at: Option<Timestamp>,
}

/// That a user entered somebody's invitation code. It stays when the referrer
/// is deleted, so that nobody is referred twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Redeemed {
    /// Whose code it was. That user may be gone by now.
    pub referrer: UserId,
    /// When it was entered.
    pub at: Timestamp,
}

/// Somebody who entered a user's invitation code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invitee {
    /// The how-manieth invitee of that referrer, counted from 1. It has gaps
    /// where invitees were deleted, and is what pages are cut by.
    pub number: i64,
    /// The invitee's phone.
    pub phone: Phone,
    /// When the code was entered.
    pub at: Timestamp,
}

/// Users and who invited whom.
pub trait Users {
    /// The user with this identifier.
    fn user(&mut self, id: UserId) -> Result<Option<User>, StoreError>;
    /// The user who proved this phone last.
    fn user_by_phone(&mut self, phone: Phone) -> Result<Option<User>, StoreError>;
    /// The user with this invitation code.
    fn user_by_invitation_code(&mut self, code: InvitationCode)
    -> Result<Option<User>, StoreError>;
    /// Adds a user, and counts them in their [cohort](super::cohort); `false` when
    /// the identifier or the code was ever taken.
    fn insert_user(&mut self, user: &User) -> Result<bool, StoreError>;
    /// Changes what `change` names and nothing else.
    fn change_profile(&mut self, id: UserId, change: &Change) -> Result<(), StoreError>;
    /// Gives the user another phone.
    fn change_phone(&mut self, id: UserId, phone: Phone) -> Result<(), StoreError>;
    /// Records who invited a user, as the referrer's next invitee, and of which
    /// family both are.
    fn set_referrer(
        &mut self,
        id: UserId,
        referrer: UserId,
        family: FamilyId,
        at: Timestamp,
    ) -> Result<(), StoreError>;
    /// The referrer's phone, if there is a referrer who still exists, and how many
    /// entered this user's code and still exist.
    fn relations(&mut self, id: UserId) -> Result<(Option<Phone>, u64), StoreError>;
    /// Those who entered this user's code after the `after`-th, oldest first.
    fn invitees(
        &mut self,
        id: UserId,
        after: i64,
        limit: usize,
    ) -> Result<Vec<Invitee>, StoreError>;
    /// Removes a user and all that belongs to it, and retires its identifier and code.
    fn delete_user(&mut self, user: &User) -> Result<(), StoreError>;
    /// Lets a user log in no more, or again.
    fn set_banned(&mut self, id: UserId, since: Option<Timestamp>) -> Result<(), StoreError>;
    /// Takes it back that a user was invited by anybody.
    fn clear_referrer(&mut self, user: &User) -> Result<(), StoreError>;
    /// Users after one, in the order of their identifiers: all, or those who are banned.
    fn users(&mut self, after: UserId, banned: bool, most: usize) -> Result<Vec<User>, StoreError>;
    /// Whether there is any user at all.
    fn any_user(&mut self) -> Result<bool, StoreError>;
}

/// Writes a new user to the store, with an identifier and an invitation code of
/// so many letters that nobody has or had.
pub fn register(
    tx: &mut (impl Users + ?Sized),
    phone: Phone,
    code_length: usize,
    now: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<User, StoreError> {
    id::draw_free("user", now, rng, |id, rng| {
        let user = User {
            id: UserId(id),
            phone,
            invitation_code: InvitationCode::draw(code_length, rng),
            first_name: String::new(),
            last_name: String::new(),
            email: String::new(),
            redeemed: None,
            created_at: now,
            banned_at: None,
        };
        Ok(tx.insert_user(&user)?.then_some(user))
    })
}
