//! What operators look at.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{error::AdminError, view, who::Who};
use crate::{
    app::App,
    domain::{
        audit::AuditId, guard::limits::Limits, permission::Permission, statistic::Span, tx::Tx,
        user::User,
    },
};

/// What an operator wants to look at.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is a command or a page of the same name")]
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
        #[serde(default)]
        before: Option<i64>,
        limit: usize,
    },
    Stats {
        days: u32,
    },
    Health,
    Why {
        request_id: String,
    },
    People {
        query: Option<String>,
        banned: bool,
        after: i64,
        limit: usize,
    },
    Roots {
        after: i64,
        limit: usize,
    },
    Invitees {
        who: String,
        after: i64,
        limit: usize,
    },
    Lineage {
        who: String,
    },
    Series {
        span: Span,
    },
    Cohorts,
    Gateways,
    Overview,
    ListOperators,
    ListKeys,
}

impl Look {
    /// What an operator needs for it.
    pub fn permission(&self) -> Permission {
        match self {
            Self::ListUsers { .. }
            | Self::FindUsers { .. }
            | Self::ShowUser { .. }
            | Self::ListSessions { .. }
            | Self::ShowInvitation { .. }
            | Self::ShowLimits { .. }
            | Self::People { .. }
            | Self::Roots { .. }
            | Self::Invitees { .. }
            | Self::Lineage { .. } => Permission::People,
            Self::Audit { .. } => Permission::Audit,
            Self::Stats { .. }
            | Self::Health
            | Self::Why { .. }
            | Self::Series { .. }
            | Self::Cohorts
            | Self::Gateways
            | Self::Overview => Permission::Figures,
            Self::ListOperators => Permission::Operators,
            Self::ListKeys => Permission::Keys,
        }
    }
}

/// An operator who looks.
pub struct Show<'a> {
    pub app: &'a Arc<App>,
    /// Whether phones are shown in full.
    pub full: bool,
    /// Whether people are found by their phone or a part of it. Whoever may see
    /// phones masked only would learn by trying what is hidden.
    pub by_phone: bool,
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
            } => {
                let page = self.people(None, banned, after, limit).await?;
                Ok(page["people"].clone())
            }
            Look::FindUsers { text, limit } => self.found(&text, limit).await,
            Look::ShowUser { who: text } => self.person(who(&text)?, false).await,
            Look::ListSessions { who: text } => self.sessions(who(&text)?).await,
            Look::ShowInvitation { who: text } => self.invitation(who(&text)?).await,
            Look::ShowLimits { phone } => self.limits(who(&phone)?).await,
            Look::Audit {
                who: text,
                before,
                limit,
            } => {
                let who = text.as_deref().map(who).transpose()?;
                self.audits(who, before.map(AuditId), limit).await
            }
            Look::Stats { days } => self.statistics(days).await,
            Look::Health => self.health().await,
            Look::Why { request_id } => self.why(&request_id),
            Look::People {
                query,
                banned,
                after,
                limit,
            } => self.people(query.as_deref(), banned, after, limit).await,
            Look::Roots { after, limit } => self.roots(after, limit).await,
            Look::Invitees {
                who: text,
                after,
                limit,
            } => self.invitees(who(&text)?, after, limit).await,
            Look::Lineage { who: text } => self.lineage(who(&text)?).await,
            Look::Series { span } => self.series(span).await,
            Look::Cohorts => self.cohorts().await,
            Look::Gateways => self.gateways().await,
            Look::Overview => self.overview().await,
            Look::ListOperators => self.operators().await,
            Look::ListKeys => self.keys().await,
        }
    }

    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut dyn Tx) -> Result<T, AdminError> + Send + 'static,
    ) -> Result<T, AdminError> {
        self.app.store.read(work).await
    }

    pub(super) fn list(&self, users: &[User]) -> Value {
        users
            .iter()
            .map(|user| view::user(user, self.full))
            .collect()
    }

    async fn audits(
        &self,
        who: Option<Who>,
        before: Option<AuditId>,
        limit: usize,
    ) -> Result<Value, AdminError> {
        self.read(move |tx| {
            let user = who.map(|who| who.past(tx)).transpose()?;
            Ok(tx
                .audits(user, before, limit)?
                .iter()
                .map(view::audit)
                .collect())
        })
        .await
    }

    /// Why one of the latest requests was refused.
    fn why(&self, request_id: &str) -> Result<Value, AdminError> {
        let refused = self.app.refusals.of(request_id.trim());
        let refused = refused.ok_or_else(|| {
            AdminError::Missing(
                "none of the latest refusals has this id: the access log may have it",
            )
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
