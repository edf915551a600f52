//! What operators ask of a running service, or of one that is opened for
//! nothing else: one request, one answer, both of them JSON. Who may ask is
//! decided where requests arrive; what comes of them is decided by the rules
//! ([`crate::domain::admin`]).

mod changes;
mod error;
mod reads;
pub mod socket;
mod view;
mod who;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::error::AdminError;
use self::who::Who;
use super::Context;
use crate::domain::audit::Operator;

/// What an operator wants.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is the command of the same name")]
pub enum Command {
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
    ExportUser {
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
    BanUser {
        who: String,
    },
    UnbanUser {
        who: String,
    },
    DeleteUser {
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
}

/// A request, as it is sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Request {
    /// What is wanted.
    #[serde(flatten)]
    pub command: Command,
    /// Why, in the operator's words.
    #[serde(default)]
    pub reason: String,
    /// Whether phones are shown in full.
    #[serde(default)]
    pub full: bool,
}

/// Does what is asked, in the name of `actor`.
///
/// # Errors
/// When it is refused or fails; then nothing was changed.
pub async fn perform(app: &Context, actor: &str, request: Request) -> Result<Value, AdminError> {
    let Request {
        command,
        reason,
        full,
    } = request;
    let who = |text: &str| Who::parse(text, app.config.login.default_region);
    let operator = Operator {
        name: actor.to_owned(),
        reason,
        at: app.now(),
    };
    let desk = changes::Desk {
        app,
        operator,
        full,
    };
    let show = reads::Show { app, full };
    match command {
        Command::ListUsers {
            after,
            banned,
            limit,
        } => show.users(after, banned, limit).await,
        Command::FindUsers { text, limit } => show.found(&text, limit).await,
        Command::ShowUser { who: text } => show.person(who(&text)?, false).await,
        Command::ExportUser { who: text } => {
            let who = desk.note_export(who(&text)?).await?;
            reads::Show { app, full: true }.person(who, true).await
        }
        Command::ListSessions { who: text } => show.sessions(who(&text)?).await,
        Command::ShowInvitation { who: text } => show.invitation(who(&text)?).await,
        Command::ShowLimits { phone } => show.limits(who(&phone)?).await,
        Command::Audit { who: text, limit } => {
            let user = text.as_deref().map(who).transpose()?;
            show.audits(user, limit).await
        }
        Command::Stats { days } => show.statistics(days).await,
        Command::BanUser { who: text } => desk.ban(who(&text)?).await,
        Command::UnbanUser { who: text } => desk.unban(who(&text)?).await,
        Command::DeleteUser { who: text } => desk.delete(who(&text)?).await,
        Command::LogOutUser { who: text } => desk.log_out(who(&text)?).await,
        Command::UnlockUser { who: text } | Command::ResetLimits { phone: text } => {
            desk.unlock(who(&text)?).await
        }
        Command::MovePhone { who: text, phone } => {
            desk.move_phone(who(&text)?, who(&phone)?.new_phone()?)
                .await
        }
        Command::EndSession { id } => desk.end_session(id).await,
        Command::FixInvitation {
            who: text,
            referrer,
        } => {
            let referrer = referrer.as_deref().map(who).transpose()?;
            desk.fix_invitation(who(&text)?, referrer).await
        }
    }
}
