//! In whose name something is asked, and who that is at this instant: a
//! session may have ended, and a role may be another, since the last request.

use std::sync::Arc;

use super::error::AdminError;
use crate::{
    app::App,
    domain::{
        audit::Operator,
        device::Epoch,
        operator,
        operator_session::{self, EXACTNESS},
        permission::Permissions,
        secret::{Secret, SecretHash},
        service_key,
        time::Timestamp,
        tx::Tx,
    },
    token::encoding::{base64, from_base64},
};

/// What the secrets of service keys begin with, so that people and scanners
/// know one when they see it where it must not be.
const KEY: &str = "invited_key_";

/// Whoever asks.
#[derive(Debug, Clone)]
pub enum Actor {
    /// A user of the system, whom it lets open the service's files.
    System(String),
    /// An operator who is logged in.
    Session(SecretHash),
    /// A program.
    Key(SecretHash),
}

/// The instant of a request, as sessions and keys go by it.
#[derive(Debug, Clone, Copy)]
pub struct Instant {
    epoch: Epoch,
    at: Timestamp,
    now: Timestamp,
}

impl Instant {
    /// This one.
    pub fn of(app: &App) -> Self {
        Self {
            epoch: Epoch(app.keys().epoch),
            at: app.monotonic.now(),
            now: app.now(),
        }
    }
}

/// The text of a service key.
pub fn key_text(secret: &Secret) -> String {
    format!("{KEY}{}", base64(&secret.0))
}

impl Actor {
    /// Whoever shows this text as a service key.
    pub fn of_key(text: &str) -> Option<Self> {
        secret(text.strip_prefix(KEY)?).map(|secret| Self::Key(secret.hash()))
    }

    /// Whoever shows this text as a session.
    pub fn of_session(text: &str) -> Option<Self> {
        secret(text).map(|secret| Self::Session(secret.hash()))
    }

    /// Who it is, and what they may do.
    ///
    /// # Errors
    /// When nobody is known by that, or the store fails.
    pub fn identify(
        &self,
        tx: &mut dyn Tx,
        instant: Instant,
        reason: &str,
    ) -> Result<Operator, AdminError> {
        let Instant { epoch, at, now } = instant;
        let (name, permissions) = match self {
            Self::System(name) => (name.clone(), Permissions::ALL),
            Self::Session(hash) => {
                let found = operator_session::find(tx, hash, epoch, at)?;
                let (_, user, role) = found.ok_or(AdminError::Unauthenticated)?;
                (operator::name(user.id), role.permissions())
            }
            Self::Key(hash) => {
                let found = service_key::find(tx, hash, epoch, at)?;
                let key = found.ok_or(AdminError::Unauthenticated)?;
                (service_key::name(&key), key.permissions)
            }
        };
        Ok(Operator {
            name,
            reason: reason.to_owned(),
            at: now,
            permissions,
        })
    }

    /// Lets them in, and writes down that they were here, once a minute, if that
    /// can be: where the store refuses to write, they are to see that it does.
    ///
    /// # Errors
    /// When nobody is known by that, or the store fails.
    pub async fn enter(&self, app: &Arc<App>) -> Result<(), AdminError> {
        let (actor, instant) = (self.clone(), Instant::of(app));
        let is_noted = app
            .store
            .read(move |tx| actor.is_noted(tx, instant))
            .await?;
        if is_noted {
            return Ok(());
        }
        let actor = self.clone();
        match app.store.write(move |tx| actor.note(tx, instant)).await {
            Err(AdminError::Store(_)) => Ok(()),
            noted => noted,
        }
    }

    fn is_noted(&self, tx: &mut dyn Tx, instant: Instant) -> Result<bool, AdminError> {
        let Instant { epoch, at, .. } = instant;
        let used_at = match self {
            Self::System(_) => return Ok(true),
            Self::Session(hash) => {
                let found = operator_session::find(tx, hash, epoch, at)?;
                Some(found.ok_or(AdminError::Unauthenticated)?.0.used_at)
            }
            Self::Key(hash) => {
                let found = service_key::find(tx, hash, epoch, at)?;
                found.ok_or(AdminError::Unauthenticated)?.used_at
            }
        };
        Ok(used_at.is_some_and(|used_at| used_at + EXACTNESS > at))
    }

    fn note(&self, tx: &mut dyn Tx, instant: Instant) -> Result<(), AdminError> {
        match self {
            Self::System(_) => {}
            Self::Session(hash) => tx.touch_operator_session(hash, instant.at)?,
            Self::Key(hash) => {
                if let Some(key) = tx.service_key(hash)? {
                    tx.touch_service_key(key.id, instant.at)?;
                }
            }
        }
        Ok(())
    }
}

fn secret(text: &str) -> Option<Secret> {
    from_base64(text)?.try_into().ok().map(Secret)
}
