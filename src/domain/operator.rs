//! Operators: users who were granted a role.

use super::{error::StoreError, id::UserId, permission::Role, time::Timestamp, user::User};

/// A user with a role.
#[derive(Debug, Clone)]
pub struct Appointed {
    /// Who.
    pub user: User,
    /// What for.
    pub role: Role,
    /// Since when.
    pub granted_at: Timestamp,
}

/// Users with roles.
pub trait Operators {
    /// The role of a user, if they have one.
    fn role_of(&mut self, user: UserId) -> Result<Option<Role>, StoreError>;
    /// Gives a user a role, in place of the one they had.
    fn set_role(&mut self, user: UserId, role: Role, at: Timestamp) -> Result<(), StoreError>;
    /// Takes a user's role, and ends what they began with it.
    fn remove_role(&mut self, user: UserId) -> Result<(), StoreError>;
    /// Everybody who has one.
    fn operators(&mut self) -> Result<Vec<Appointed>, StoreError>;
}

/// How the audit names an operator.
pub fn name(user: UserId) -> String {
    format!("operator {}", user.0)
}

/// Whether nobody could grant roles any more without this user, who can.
pub fn is_last_owner(tx: &mut (impl Operators + ?Sized), user: UserId) -> Result<bool, StoreError> {
    let operators = tx.operators()?;
    let is_owner = |one: &&Appointed| one.role == Role::Owner && one.user.banned_at.is_none();
    let owners: Vec<_> = operators.iter().filter(is_owner).collect();
    Ok(matches!(owners[..], [last] if last.user.id == user))
}
