//! Who becomes an operator, who is one no more, and who logs in as one. Nobody
//! makes or unmakes an operator who may do more than they may themselves.

use super::{Desk, Refused};
use crate::domain::{
    audit::{self, Action},
    device::Epoch,
    error::StoreError,
    operator::{is_last_owner, name},
    operator_session,
    permission::{Permission, Role},
    secret::Secret,
    time::Timestamp,
    tx::Tx,
    user::User,
};

impl Desk<'_> {
    /// Gives a user a role, in place of the one they had.
    pub fn grant(&mut self, tx: &mut dyn Tx, user: &User, role: Role) -> Result<(), Refused> {
        self.require_over(tx, Permission::Operators, user.id)?;
        self.require_all(role.permissions())?;
        let before = tx.role_of(user.id)?;
        if before == Some(role) {
            return Err(Refused::Already("the user has this role already"));
        }
        self.keep_an_owner(tx, user)?;
        tx.set_role(user.id, role, self.operator.at)?;
        let detail = match before {
            Some(before) => format!("{} to {}", before.name(), role.name()),
            None => role.name().to_owned(),
        };
        self.note(tx, Action::Grant, Some(user.id), detail)
    }

    /// Takes a user's role; what they began with it ends.
    pub fn revoke(&mut self, tx: &mut dyn Tx, user: &User) -> Result<(), Refused> {
        self.require_over(tx, Permission::Operators, user.id)?;
        let role = tx.role_of(user.id)?.ok_or(Refused::NoOperator)?;
        self.keep_an_owner(tx, user)?;
        tx.remove_role(user.id)?;
        self.note(tx, Action::Revoke, Some(user.id), role.name().to_owned())
    }

    /// The last owner who gives that up by mistake, be it with the role or with
    /// the account, would have to be helped at the machine. Whoever is there may
    /// take it from anybody.
    pub(super) fn keep_an_owner(&self, tx: &mut dyn Tx, user: &User) -> Result<(), Refused> {
        let is_oneself = self.operator.name == name(user.id);
        if is_oneself && is_last_owner(tx, user.id)? {
            return Err(Refused::LastOwner);
        }
        Ok(())
    }

    /// Begins the session of an operator who has proved their phone.
    pub fn log_in(
        &mut self,
        tx: &mut dyn Tx,
        user: &User,
        epoch: Epoch,
        at: Timestamp,
    ) -> Result<Secret, StoreError> {
        let secret = operator_session::begin(tx, user.id, epoch, at, self.rng)?;
        let (action, detail) = (Action::AdminLogin, String::new());
        audit::note(tx, self.operator, action, Some(user.id), detail, self.rng)?;
        Ok(secret)
    }
}
