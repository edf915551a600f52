//! What operators ask of a running service, or of one that is opened for
//! nothing else: one request, one answer, both of them JSON. Who may ask is
//! decided where requests arrive; what comes of them is decided by the rules
//! ([`crate::domain::admin`]).

mod actor;
mod appointments;
mod changes;
mod error;
mod figures;
mod people;
mod person;
mod reads;
mod series;
pub mod socket;
mod tree;
mod view;
mod who;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::{
    actor::{Actor, Instant},
    changes::{Change, KeyRef},
    error::AdminError,
    reads::Look,
};
use self::{changes::Desk, reads::Show};
use super::{App, backup::running};
use crate::{config::Target, domain::permission::Permission};

/// What an operator wants.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Command {
    /// To look at something.
    Look(Look),
    /// To change something.
    Change(Change),
    /// To have something done that takes a while.
    Job(Job),
}

/// What takes a while.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Job {
    /// Makes a backup.
    Backup {
        /// Where it is made.
        to: Target,
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

/// Does what is asked, in the name of `actor`. Changes are refused by the rules,
/// in the transaction that makes them.
///
/// # Errors
/// When it is refused or fails; then nothing was changed.
pub async fn perform(app: &Arc<App>, actor: &Actor, request: Request) -> Result<Value, AdminError> {
    let (who, instant) = (actor.clone(), Instant::of(app));
    let operator = app.store.read(move |tx| who.identify(tx, instant, ""));
    let operator = operator.await?;
    let by_phone = operator.permissions.has(Permission::Phones);
    let full = request.full && by_phone;
    match request.command {
        Command::Look(look) => {
            operator.require(look.permission())?;
            let show = Show {
                app,
                full,
                by_phone,
            };
            show.answer(look).await
        }
        Command::Change(change) => {
            let reason = &request.reason;
            let desk = Desk {
                app,
                actor,
                reason,
                full,
            };
            desk.perform(change).await
        }
        Command::Job(Job::Backup { to }) => Ok(view::backup(&running::back_up(app, to).await?)),
    }
}
