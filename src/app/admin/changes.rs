//! What operators change: each a rule in one transaction.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    actor::{Actor, Instant},
    error::AdminError,
    reads::Show,
    view,
    who::Who,
};
use crate::{
    app::App,
    domain::{
        admin::{Desk as Rules, Refused},
        lock::Subject,
        phone::Phone,
        service_key::ServiceKey,
        session::SessionId,
        tx::Tx,
        user::User,
    },
};

/// What every act of an operator decides on.
pub(super) const OPERATORS: &[Subject] = &[Subject::Operators];
/// One that changes who invited whom, too.
const GRAPH: &[Subject] = &[Subject::Invitations, Subject::Operators];

/// What an operator wants to change.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is the command of the same name")]
pub enum Change {
    BanUser {
        who: String,
    },
    UnbanUser {
        who: String,
    },
    DeleteUser {
        who: String,
    },
    ExportUser {
        who: String,
    },
    LogOutUser {
        who: String,
    },
    UnlockUser {
        who: String,
    },
    MovePhone {
        who: String,
        phone: String,
    },
    EndSession {
        id: i64,
    },
    FixInvitation {
        who: String,
        referrer: Option<String>,
    },
    ResetLimits {
        phone: String,
    },
    /// A look at one person that the audit is told of.
    LookAtUser {
        who: String,
    },
    Grant {
        who: String,
        role: String,
    },
    Revoke {
        who: String,
    },
    CreateKey {
        name: String,
        permissions: String,
        expires_in_seconds: Option<u64>,
    },
    DeleteKey {
        key: KeyRef,
    },
}

/// A service key, as operators name one.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub enum KeyRef {
    /// By its identifier.
    Id(i64),
    /// By its name.
    Name(String),
}

impl KeyRef {
    /// Whether it is this one.
    pub fn is_of(&self, key: &ServiceKey) -> bool {
        match self {
            Self::Id(id) => key.id.0 == *id,
            Self::Name(name) => key.name.as_str() == name,
        }
    }
}

/// An operator at work.
pub struct Desk<'a> {
    pub app: &'a Arc<App>,
    pub actor: &'a Actor,
    pub reason: &'a str,
    /// Whether phones are shown in full.
    pub full: bool,
}

impl Desk<'_> {
    /// Does what is asked.
    pub async fn perform(&self, change: Change) -> Result<Value, AdminError> {
        let app = self.app;
        let who = |text: &str| Who::parse(text, app.config.login.default_region);
        match change {
            Change::BanUser { who: text } => self.ban(who(&text)?).await,
            Change::UnbanUser { who: text } => self.unban(who(&text)?).await,
            Change::DeleteUser { who: text } => self.delete(who(&text)?).await,
            Change::ExportUser { who: text } => {
                // It is read once it is on record that it was.
                let who = self.note_export(who(&text)?).await?;
                self.show(true).person(who, true).await
            }
            Change::LogOutUser { who: text } => self.log_out(who(&text)?).await,
            Change::UnlockUser { who: text } | Change::ResetLimits { phone: text } => {
                self.unlock(who(&text)?).await
            }
            Change::MovePhone { who: text, phone } => {
                self.move_phone(who(&text)?, who(&phone)?.new_phone()?)
                    .await
            }
            Change::EndSession { id } => self.end_session(id).await,
            Change::FixInvitation {
                who: text,
                referrer,
            } => {
                let referrer = referrer.as_deref().map(who).transpose()?;
                self.fix_invitation(who(&text)?, referrer).await
            }
            Change::LookAtUser { who: text } => {
                let who = self.note_look(who(&text)?).await?;
                self.show(self.full).person(who, false).await
            }
            Change::Grant { who: text, role } => self.grant(who(&text)?, &role).await,
            Change::Revoke { who: text } => self.revoke(who(&text)?).await,
            Change::CreateKey {
                name,
                permissions,
                expires_in_seconds: life,
            } => self.create_key(&name, &permissions, life).await,
            Change::DeleteKey { key } => self.delete_key(key).await,
        }
    }

    fn show(&self, full: bool) -> Show<'_> {
        Show {
            app: self.app,
            full,
            by_phone: full,
        }
    }

    /// Operators' acts are one after the other: what they may do depends on what others may.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        subjects: &'static [Subject],
        mut work: impl FnMut(&mut dyn Tx, &mut Rules<'_>) -> Result<T, AdminError> + Send + 'static,
    ) -> Result<T, AdminError> {
        let (actor, reason) = (self.actor.clone(), self.reason.to_owned());
        let (instant, mut rng) = (Instant::of(self.app), self.app.dice());
        let work = move |tx: &mut dyn Tx| {
            tx.lock(subjects)?;
            let operator = actor.identify(tx, instant, &reason)?;
            let mut rules = Rules {
                operator: &operator,
                rng: &mut rng,
            };
            work(tx, &mut rules)
        };
        self.app.store.write(work).await
    }

    /// Changes one user, and shows who they are.
    pub(super) async fn change(
        &self,
        subjects: &'static [Subject],
        who: Who,
        mut rule: impl FnMut(&mut Rules<'_>, &mut dyn Tx, &User) -> Result<(), Refused> + Send + 'static,
    ) -> Result<Value, AdminError> {
        let full = self.full;
        self.write(subjects, move |tx, rules| {
            let user = who.decide_on(tx)?;
            rule(rules, tx, &user)?;
            let now = tx.user(user.id)?;
            Ok(view::user(now.as_ref().unwrap_or(&user), full))
        })
        .await
    }

    async fn ban(&self, who: Who) -> Result<Value, AdminError> {
        self.change(OPERATORS, who, |rules, tx, user| rules.ban(tx, user))
            .await
    }

    async fn unban(&self, who: Who) -> Result<Value, AdminError> {
        self.change(OPERATORS, who, |rules, tx, user| rules.unban(tx, user))
            .await
    }

    async fn delete(&self, who: Who) -> Result<Value, AdminError> {
        self.change(GRAPH, who, |rules, tx, user| rules.delete(tx, user))
            .await
    }

    async fn log_out(&self, who: Who) -> Result<Value, AdminError> {
        self.change(OPERATORS, who, |rules, tx, user| rules.log_out(tx, user))
            .await
    }

    async fn move_phone(&self, who: Who, phone: Phone) -> Result<Value, AdminError> {
        self.change(OPERATORS, who, move |rules, tx, user| {
            rules.move_phone(tx, user, phone)
        })
        .await
    }

    async fn note_look(&self, who: Who) -> Result<Who, AdminError> {
        self.write(OPERATORS, move |tx, rules| {
            let user = who.require(tx)?;
            rules.note_look(tx, &user)?;
            Ok(Who::from(user.id))
        })
        .await
    }

    async fn note_export(&self, who: Who) -> Result<Who, AdminError> {
        self.write(OPERATORS, move |tx, rules| {
            let user = who.require(tx)?;
            rules.note_export(tx, &user)?;
            Ok(Who::from(user.id))
        })
        .await
    }

    /// Of a phone that is nobody's, too.
    async fn unlock(&self, who: Who) -> Result<Value, AdminError> {
        let (app, full) = (self.app.clone(), self.full);
        self.write(OPERATORS, move |tx, rules| {
            let (phone, _) = who.phone(tx)?;
            tx.lock(&[Subject::Phone(phone)])?;
            rules.unlock(tx, &app.guard, phone)?;
            Ok(json!({ "phone": view::phone(phone, full), "unlocked": true }))
        })
        .await
    }

    async fn end_session(&self, id: i64) -> Result<Value, AdminError> {
        self.write(OPERATORS, move |tx, rules| {
            rules.end_session(tx, SessionId(id))?;
            Ok(json!({ "id": id, "ended": true }))
        })
        .await
    }

    async fn fix_invitation(&self, who: Who, referrer: Option<Who>) -> Result<Value, AdminError> {
        let full = self.full;
        self.write(GRAPH, move |tx, rules| {
            let user = who.decide_on(tx)?;
            let referrer = referrer.map(|who| who.require(tx)).transpose()?;
            rules.fix_invitation(tx, &user, referrer.as_ref())?;
            let referrer = referrer.map(|referrer| view::user(&referrer, full));
            Ok(json!({ "user": view::user(&user, full), "invited_by": referrer }))
        })
        .await
    }
}
