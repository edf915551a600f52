//! What operators look at.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    error::AdminError,
    view,
    who::{Part, Who},
};
use crate::{
    app::App,
    domain::{
        device::{self, Epoch},
        guard::{alarm, limits::Limits},
        profile,
        statistic::Day,
        tx::Tx,
        user::{User, UserId},
    },
    store::sqlite::Outcome,
};

/// Users that are looked through in one transaction.
const WINDOW: usize = 1000;
/// Rows of the audit beside a user.
const LATEST: usize = 20;

/// What an operator wants to look at.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is the command of the same name")]
pub enum Look {
    ListUsers {
        after: i64,
        banned: bool,
        limit: usize,
    },
    FindUsers {
        text: String,
        limit: usize,
    },
    ShowUser {
        who: String,
    },
    ListSessions {
        who: String,
    },
    ShowInvitation {
        who: String,
    },
    ShowLimits {
        phone: String,
    },
    Audit {
        who: Option<String>,
        limit: usize,
    },
    Stats {
        days: u32,
    },
    Health,
    Why {
        request_id: String,
    },
}

/// An operator who looks.
pub struct Show<'a> {
    pub app: &'a Arc<App>,
    /// Whether phones are shown in full.
    pub full: bool,
}

impl Show<'_> {
    /// Shows what is asked for.
    pub async fn answer(&self, look: Look) -> Result<Value, AdminError> {
        let who = |text: &str| Who::parse(text, self.app.config.login.default_region);
        match look {
            Look::ListUsers {
                after,
                banned,
                limit,
            } => self.users(after, banned, limit).await,
            Look::FindUsers { text, limit } => self.found(&text, limit).await,
            Look::ShowUser { who: text } => self.person(who(&text)?, false).await,
            Look::ListSessions { who: text } => self.sessions(who(&text)?).await,
            Look::ShowInvitation { who: text } => self.invitation(who(&text)?).await,
            Look::ShowLimits { phone } => self.limits(who(&phone)?).await,
            Look::Audit { who: text, limit } => {
                self.audits(text.as_deref().map(who).transpose()?, limit)
                    .await
            }
            Look::Stats { days } => self.statistics(days).await,
            Look::Health => self.health().await,
            Look::Why { request_id } => self.why(&request_id),
        }
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut dyn Tx) -> Result<T, AdminError> + Send + 'static,
    ) -> Result<T, AdminError> {
        self.app.store.read(work).await
    }

    fn list(&self, users: &[User]) -> Value {
        users
            .iter()
            .map(|user| view::user(user, self.full))
            .collect()
    }

    async fn users(&self, after: i64, banned: bool, limit: usize) -> Result<Value, AdminError> {
        let users = self.read(move |tx| Ok(tx.users(UserId(after), banned, limit)?));
        Ok(self.list(&users.await?))
    }

    /// Whoever has this phone, code or identifier, and those of whom the text is a part.
    async fn found(&self, text: &str, limit: usize) -> Result<Value, AdminError> {
        let mut found = Vec::new();
        if let Ok(who) = Who::parse(text, self.app.config.login.default_region) {
            found.extend(self.read(move |tx| Ok(who.find(tx)?)).await?);
        }
        let known = found.first().map(|user: &User| user.id);
        let part = Part::of(text);
        let mut after = UserId(0);
        while found.len() < limit {
            let users = self
                .read(move |tx| Ok(tx.users(after, false, WINDOW)?))
                .await?;
            let Some(last) = users.last() else { break };
            after = last.id;
            let others = users.into_iter().filter(|user| Some(user.id) != known);
            found.extend(others.filter(|user| part.is_in(user)));
        }
        found.truncate(limit);
        Ok(self.list(&found))
    }

    /// A user; all that is known of them, if it is to be complete.
    pub async fn person(&self, who: Who, complete: bool) -> Result<Value, AdminError> {
        let (app, full) = (self.app.clone(), self.full);
        let (now, at) = (app.now(), app.monotonic.now());
        let epoch = Epoch(app.keys().epoch);
        self.read(move |tx| {
            let user = who.require(tx)?;
            let profile = profile::read(tx, user.clone())?;
            let mut shown = view::user(&user, full);
            let sessions = tx.sessions_of(user.id, now)?;
            let devices = device::of(tx, user.id, epoch, at)?;
            let standings = app.guard.standings(tx, user.phone, Some(user.id), at)?;
            let most = if complete { usize::MAX } else { LATEST };
            let audits = tx.audits(Some(user.id), None, most)?;
            let redeemed = user.redeemed;
            shown["invited_by"] = json!(profile.invited_by.map(|phone| view::phone(phone, full)));
            shown["invited_at"] = json!(redeemed.map(|redeemed| view::instant(redeemed.at)));
            shown["invited_users_count"] = json!(profile.invitees_count);
            if complete {
                let invitees = tx.invitees(user.id, 0, usize::MAX)?;
                shown["invited_users"] = invitees
                    .iter()
                    .map(|one| view::invitee(one, full))
                    .collect();
            }
            shown["sessions"] = sessions.iter().map(view::session).collect();
            shown["devices"] = devices.iter().map(view::device).collect();
            shown["limits"] = standings.iter().map(view::standing).collect();
            shown["audit"] = audits.iter().map(view::audit).collect();
            Ok(shown)
        })
        .await
    }

    async fn sessions(&self, who: Who) -> Result<Value, AdminError> {
        let now = self.app.now();
        self.read(move |tx| {
            let user = who.require(tx)?;
            Ok(tx
                .sessions_of(user.id, now)?
                .iter()
                .map(view::session)
                .collect())
        })
        .await
    }

    async fn invitation(&self, who: Who) -> Result<Value, AdminError> {
        let full = self.full;
        self.read(move |tx| {
            let user = who.require(tx)?;
            let referrer = match user.redeemed {
                Some(redeemed) => tx.user(redeemed.referrer)?,
                None => None,
            };
            let invitees = tx.invitees(user.id, 0, WINDOW)?;
            Ok(json!({
                "user": view::user(&user, full),
                "invited_by": referrer.map(|referrer| view::user(&referrer, full)),
                "invited_at": user.redeemed.map(|redeemed| view::instant(redeemed.at)),
                "invited_users": invitees.iter().map(|one| view::invitee(one, full)).collect::<Value>(),
            }))
        })
        .await
    }

    /// Of a phone that is nobody's, too.
    async fn limits(&self, who: Who) -> Result<Value, AdminError> {
        let (app, at) = (self.app.clone(), self.app.monotonic.now());
        self.read(move |tx| {
            let (phone, user) = who.phone(tx)?;
            let standings = app.guard.standings(tx, phone, user, at)?;
            Ok(standings.iter().map(view::standing).collect())
        })
        .await
    }

    async fn audits(&self, who: Option<Who>, limit: usize) -> Result<Value, AdminError> {
        self.read(move |tx| {
            let user = who.map(|who| who.past(tx)).transpose()?;
            Ok(tx
                .audits(user, None, limit)?
                .iter()
                .map(view::audit)
                .collect())
        })
        .await
    }

    /// What happened on each of the last days, and of which gateways and limits.
    async fn statistics(&self, days: u32) -> Result<Value, AdminError> {
        // What is in memory yet is part of it.
        self.app.statistics.save(&self.app.store).await?;
        let today = Day::of(self.app.now());
        let from = Day(today.0 + 1 - i64::from(days));
        let rows = self.read(move |tx| Ok(tx.statistics(from)?)).await?;
        Ok(view::statistics(&rows))
    }

    /// What the service knows of itself.
    async fn health(&self) -> Result<Value, AdminError> {
        let (now, at) = (self.app.now(), self.app.monotonic.now());
        let work = move |tx: &mut dyn Tx| Ok((alarm::is_on(tx, at)?, tx.latest_time()?));
        let (alarm, latest) = self.read(work).await?;
        let (figures, backups) = (self.app.store.figures(), self.app.backups.figures());
        let backups = backups.into_iter().map(|(to, backup)| {
            json!({
                "to": to,
                "seconds_ago": backup.verified_at.map(|at| now.since(at).as_secs()),
                "failing": backup.is_failing,
            })
        });
        let has_logged = |message| self.app.log_throttle.has_logged(message);
        Ok(json!({
            "integrity": figures.check.map(Outcome::name),
            "stopped": figures.is_stopped,
            "log_blocked_seconds": figures.log_blocked.as_secs(),
            "clock_behind_seconds": latest.since(now).as_secs(),
            "alarm": alarm,
            "backups": backups.collect::<Value>(),
            "has_unknown_proxy": has_logged("http.trusted_proxies"),
            "has_nameless_clients": has_logged("http.client_address"),
        }))
    }

    /// Why one of the latest requests was refused.
    fn why(&self, request_id: &str) -> Result<Value, AdminError> {
        let refused = self.app.refusals.of(request_id.trim());
        let refused = refused.ok_or_else(|| {
            let told = "none of the latest refusals has this id: the access log may have it";
            AdminError(told.to_owned())
        })?;
        let settings = Limits::SETTINGS.iter();
        let limit = refused.limit.map(|limit| {
            let key = format!("limits.{limit}");
            let setting = settings.clone().find(|setting| setting.key == key);
            setting.map_or("", |setting| setting.help.trim())
        });
        let windows = refused
            .limit
            .and_then(|name| self.app.guard.policy.limits.of(name));
        Ok(json!({
            "at": view::instant(refused.at),
            "route": refused.route,
            "status": refused.status,
            "code": refused.code,
            "limit": refused.limit,
            "what_it_bounds": limit,
            "is_set_to": windows.map(|limit| view::limit(limit)),
            "wait_in_seconds": refused.wait,
        }))
    }
}
