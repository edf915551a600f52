//! A user: one phone that has been proved, with an invitation code of its own.

use rand::CryptoRng;

use super::{
    code::InvitationCode,
    id,
    phone::Phone,
    time::Timestamp,
    tx::{StoreError, Tx},
};

/// Identifies a user, for ever: never drawn again, not even after deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(pub i64);

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

/// Writes a new user to the store, with an identifier and an invitation code
/// that nobody has or had.
pub fn register(
    tx: &mut dyn Tx,
    phone: Phone,
    now: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<User, StoreError> {
    for _ in 0..id::DRAWS {
        let user = User {
            id: UserId(id::draw(now, rng)),
            phone,
            invitation_code: InvitationCode::draw(rng),
            first_name: String::new(),
            last_name: String::new(),
            email: String::new(),
            redeemed: None,
            created_at: now,
        };
        if tx.insert_user(&user)? {
            return Ok(user);
        }
    }
    Err(StoreError::no_free_id("user"))
}
