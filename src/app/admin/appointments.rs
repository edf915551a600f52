//! Operators and service keys: who they are, and what becomes of them.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    actor::key_text,
    changes::{Desk, KeyRef, OPERATORS},
    error::AdminError,
    reads::Show,
    view,
    who::Who,
};
use crate::domain::{
    admin::keys::NewKey,
    device::Epoch,
    operator::Appointed,
    permission::{Permissions, Role},
    service_key::KeyName,
};

impl Desk<'_> {
    pub(super) async fn grant(&self, who: Who, role: &str) -> Result<Value, AdminError> {
        let role: Role = role.parse().map_err(AdminError::Invalid)?;
        let full = self.full;
        self.write(OPERATORS, move |tx, rules| {
            let user = who.decide_on(tx)?;
            rules.grant(tx, &user, role)?;
            Ok(view::appointed(&user, role, rules.operator.at, full))
        })
        .await
    }

    pub(super) async fn revoke(&self, who: Who) -> Result<Value, AdminError> {
        self.change(OPERATORS, who, |rules, tx, user| rules.revoke(tx, user))
            .await
    }

    pub(super) async fn create_key(
        &self,
        name: &str,
        permissions: &str,
        life: Option<u64>,
    ) -> Result<Value, AdminError> {
        let invalid = || "a key's name has letters, digits, dots, dashes, at most 64".to_owned();
        let wanted = NewKey {
            name: KeyName::parse(name).ok_or_else(|| AdminError::Invalid(invalid()))?,
            permissions: permissions
                .parse::<Permissions>()
                .map_err(AdminError::Invalid)?,
            expires_at: life.map(|life| self.app.now() + Duration::from_secs(life)),
        };
        let epoch = Epoch(self.app.keys().epoch);
        self.write(OPERATORS, move |tx, rules| {
            let (key, secret) = rules.create_key(tx, &wanted, epoch)?;
            let mut shown = view::service_key(&key, true);
            shown["secret"] = json!(key_text(&secret));
            Ok(shown)
        })
        .await
    }

    pub(super) async fn delete_key(&self, key: KeyRef) -> Result<Value, AdminError> {
        self.write(OPERATORS, move |tx, rules| {
            let key = rules.delete_key(tx, |one| key.is_of(one))?;
            Ok(json!({ "id": key.id.0, "name": key.name.as_str(), "deleted": true }))
        })
        .await
    }
}

impl Show<'_> {
    pub(super) async fn operators(&self) -> Result<Value, AdminError> {
        let full = self.full;
        self.read(move |tx| {
            let operators = tx.operators()?.into_iter();
            let shown = |one: Appointed| view::appointed(&one.user, one.role, one.granted_at, full);
            Ok(operators.map(shown).collect())
        })
        .await
    }

    pub(super) async fn keys(&self) -> Result<Value, AdminError> {
        let (epoch, at) = (Epoch(self.app.keys().epoch), self.app.monotonic.now());
        self.read(move |tx| {
            let keys = tx.service_keys()?.into_iter();
            Ok(keys
                .map(|key| view::service_key(&key, key.is_good(epoch, at)))
                .collect())
        })
        .await
    }
}
