//! What operators change: each a rule in one transaction.

use serde_json::{Value, json};

use super::{error::AdminError, view, who::Who};
use crate::{
    app::Context,
    domain::{
        admin::{Desk as Rules, Refused},
        audit::Operator,
        phone::Phone,
        session::SessionId,
        tx::Tx,
        user::User,
    },
};

/// An operator at work.
pub struct Desk<'a> {
    pub app: &'a Context,
    pub operator: Operator,
    /// Whether phones are shown in full.
    pub full: bool,
}

impl Desk<'_> {
    async fn write<T: Send + 'static>(
        &self,
        mut work: impl FnMut(&mut dyn Tx, &mut Rules<'_>) -> Result<T, AdminError> + Send + 'static,
    ) -> Result<T, AdminError> {
        let (operator, mut rng) = (self.operator.clone(), self.app.dice());
        let work = move |tx: &mut dyn Tx| {
            let mut rules = Rules {
                operator: &operator,
                rng: &mut rng,
            };
            work(tx, &mut rules)
        };
        self.app.store.write(work).await
    }

    /// Changes one user, and shows who they are.
    async fn change(
        &self,
        who: Who,
        mut rule: impl FnMut(&mut Rules<'_>, &mut dyn Tx, &User) -> Result<(), Refused> + Send + 'static,
    ) -> Result<Value, AdminError> {
        let full = self.full;
        self.write(move |tx, rules| {
            let user = who.require(tx)?;
            rule(rules, tx, &user)?;
            let now = tx.user(user.id)?;
            Ok(view::user(now.as_ref().unwrap_or(&user), full))
        })
        .await
    }

    pub async fn ban(&self, who: Who) -> Result<Value, AdminError> {
        self.change(who, |rules, tx, user| rules.ban(tx, user))
            .await
    }

    pub async fn unban(&self, who: Who) -> Result<Value, AdminError> {
        self.change(who, |rules, tx, user| rules.unban(tx, user))
            .await
    }

    pub async fn delete(&self, who: Who) -> Result<Value, AdminError> {
        self.change(who, |rules, tx, user| rules.delete(tx, user))
            .await
    }

    pub async fn log_out(&self, who: Who) -> Result<Value, AdminError> {
        self.change(who, |rules, tx, user| rules.log_out(tx, user))
            .await
    }

    pub async fn move_phone(&self, who: Who, phone: Phone) -> Result<Value, AdminError> {
        self.change(who, move |rules, tx, user| {
            rules.move_phone(tx, user, phone)
        })
        .await
    }

    pub async fn note_export(&self, who: Who) -> Result<Who, AdminError> {
        self.write(move |tx, rules| {
            let user = who.require(tx)?;
            rules.note_export(tx, &user)?;
            Ok(Who::from(user.id))
        })
        .await
    }

    /// Of a phone that is nobody's, too.
    pub async fn unlock(&self, who: Who) -> Result<Value, AdminError> {
        let (app, full) = (self.app.clone(), self.full);
        self.write(move |tx, rules| {
            let (phone, _) = who.phone(tx)?;
            rules.unlock(tx, &app.guard, phone)?;
            Ok(json!({ "phone": view::phone(phone, full), "unlocked": true }))
        })
        .await
    }

    pub async fn end_session(&self, id: i64) -> Result<Value, AdminError> {
        self.write(move |tx, rules| {
            rules.end_session(tx, SessionId(id))?;
            Ok(json!({ "id": id, "ended": true }))
        })
        .await
    }

    pub async fn fix_invitation(
        &self,
        who: Who,
        referrer: Option<Who>,
    ) -> Result<Value, AdminError> {
        let full = self.full;
        self.write(move |tx, rules| {
            let user = who.require(tx)?;
            let referrer = referrer.map(|who| who.require(tx)).transpose()?;
            rules.fix_invitation(tx, &user, referrer.as_ref())?;
            let referrer = referrer.map(|referrer| view::user(&referrer, full));
            Ok(json!({ "user": view::user(&user, full), "invited_by": referrer }))
        })
        .await
    }
}
