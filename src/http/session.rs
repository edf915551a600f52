//! Sessions: the list of logins, logging out.

use poem_openapi::{Object, OpenApi, param::Path};
use serde::Serialize;
use time::{OffsetDateTime, macros::datetime};

use super::{
    auth::Caller,
    device::DeviceEntry,
    json::{Body, Fields, FromFields},
    problem::{self, Problem},
    refusal::{ANY, BODY, Groups, Refusal, Refusals, USER},
    reply::{Done, Reply},
    tag::Tag,
    types::{example, instant},
};
use crate::domain::{
    device::{self, Epoch},
    session::{self, Session, SessionId},
};

/// The calls about sessions.
pub struct SessionApi;

/// How much to log out.
#[derive(Object)]
#[oai(example)]
pub struct LogoutRequest {
    /// Whether to end every session of the user, not this one alone.
    #[oai(default)]
    all: bool,
}

impl FromFields for LogoutRequest {
    type Read = bool;
    const OPTIONAL: bool = true;

    fn from_fields(fields: &mut Fields) -> Option<bool> {
        fields.flag("all")
    }
}

example!(LogoutRequest { all: false });

/// The user's sessions, newest first, and known devices.
#[derive(Object, Serialize)]
pub struct SessionsReply {
    /// The sessions.
    sessions: Vec<SessionEntry>,
    /// The devices that are known by the `device_token` of a confirmation,
    /// whether or not they are logged in; the one that was used last is first.
    devices: Vec<DeviceEntry>,
}

/// One session.
#[derive(Object, Serialize)]
#[oai(example)]
pub struct SessionEntry {
    /// Which one, for ending it.
    id: i64,
    /// When it was begun (RFC 3339).
    #[serde(with = "time::serde::rfc3339")]
    created: OffsetDateTime,
    /// When it drew tokens last (RFC 3339).
    #[serde(with = "time::serde::rfc3339")]
    last_used: OffsetDateTime,
    /// What its client called itself.
    user_agent: String,
    /// The address it was begun from, `null` when unknown.
    #[oai(nullable)]
    ip: Option<String>,
    /// Whether it is the session of this call.
    current: bool,
}

example!(SessionEntry {
    id: 2_216_338_399_232_000,
    created: datetime!(2024-04-15 21:11:13 UTC),
    last_used: datetime!(2024-04-16 08:00:00 UTC),
    user_agent: "Mozilla/5.0".to_owned(),
    ip: Some("203.0.113.7".to_owned()),
    current: true,
});

/// What `POST /logout/` may refuse.
pub struct Logout;

impl Refusals for Logout {
    const KINDS: Groups = &[USER, BODY, ANY];
}

/// What `GET /profile/sessions/` may refuse.
pub struct List;

impl Refusals for List {
    const KINDS: Groups = &[USER, ANY];
}

/// What `DELETE /profile/sessions/{id}/` may refuse.
pub struct End;

impl Refusals for End {
    const KINDS: Groups = &[USER, &[&problem::NOT_FOUND], ANY];
}

#[OpenApi]
impl SessionApi {
    /// Log out
    ///
    /// Ends this session or, with `all`, every session of the user. Their
    /// tokens are refused from then on. With `all` the user's known devices are
    /// forgotten too.
    #[oai(
        path = "/logout/",
        method = "post",
        tag = "Tag::Sessions",
        operation_id = "log_out"
    )]
    async fn logout(
        &self,
        caller: Caller,
        body: Body<LogoutRequest>,
    ) -> Result<Done, Refusal<Logout>> {
        let all = body.0;
        caller
            .write(&[], move |tx, session, user| {
                if all {
                    session::end_all(tx, user.id)?;
                } else {
                    session::end(tx, user.id, session.id)?;
                }
                Ok(())
            })
            .await?;
        Ok(Done)
    }

    /// List your sessions
    ///
    /// Those that can still draw tokens, newest first, and the known devices.
    /// Logging out with `all` ends the ones and forgets the others.
    #[oai(
        path = "/profile/sessions/",
        method = "get",
        tag = "Tag::Sessions",
        operation_id = "list_sessions"
    )]
    async fn sessions(&self, caller: Caller) -> Result<Reply<SessionsReply>, Refusal<List>> {
        let app = caller.app();
        let (now, at, epoch) = (app.now(), app.monotonic.now(), Epoch(app.keys().epoch));
        let reply = caller
            .read(move |tx, current, user| {
                let sessions = tx.sessions_of(user.id, now)?.into_iter();
                let devices = device::of(tx, user.id, epoch, at)?.into_iter();
                Ok(SessionsReply {
                    sessions: sessions
                        .map(|session| SessionEntry::of(session, current.id))
                        .collect(),
                    devices: devices
                        .map(|device| DeviceEntry::of(device, &current))
                        .collect(),
                })
            })
            .await?;
        Ok(Reply::of(&reply))
    }

    /// End one of your sessions
    ///
    /// Its tokens are refused from then on.
    #[oai(
        path = "/profile/sessions/:id/",
        method = "delete",
        tag = "Tag::Sessions",
        operation_id = "end_session"
    )]
    async fn end(
        &self,
        caller: Caller,
        /// The session's identifier.
        id: Path<i64>,
    ) -> Result<Done, Refusal<End>> {
        let id = SessionId(id.0);
        let ended = caller
            .write(&[], move |tx, _, user| Ok(session::end(tx, user.id, id)?))
            .await?;
        if ended {
            Ok(Done)
        } else {
            Err(Problem::new(&problem::NOT_FOUND).into())
        }
    }
}

impl SessionEntry {
    fn of(session: Session, current: SessionId) -> Self {
        Self {
            id: session.id.0,
            created: instant(session.created_at),
            last_used: instant(session.used_at),
            user_agent: session.origin.user_agent,
            ip: session.origin.ip.map(|ip| ip.to_string()),
            current: session.id == current,
        }
    }
}
