//! Operators log in, and out.
//!
//! Whoever asks for a code gets one, operator or not: a stranger who got none
//! would learn from the time of the answer, or from what a failing gateway
//! makes of it, who is an operator. It costs no more than `POST /login/` does:
//! the limits and the budget of both are the same.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::{Object, OpenApi};
use serde::Serialize;

use super::{
    auth::Caller,
    cookie::{WithCookie, clear, set},
    place::Place,
    refused::{CHANGE, OPERATOR},
    same_site::SameSite,
    tag::Tag,
};
use crate::{
    app::{App, admin::Actor, events::Happened},
    domain::{
        challenge::Purpose,
        device::Epoch,
        operator_login::{self, Entry},
        operator_session::{self, IDLE},
        permission::{Permission, Role},
        proof,
        secret::SecretHash,
        statistic::Measure,
        user::User,
    },
    http::{
        client::{Client, TokenHeader},
        json::{Body, Fields, FromFields},
        login::PhoneRequest,
        problem::{self, Kind, Problem},
        proof::{ASK, CONFIRM, ChallengeReply, Proof, deliver, opened, overrun, refused, wanted},
        refusal::{ANY, BODY, Groups, Refusal, Refusals},
        reply::{Done, Reply},
        types::example,
    },
    token::encoding::base64,
};

/// The calls about the session of an operator.
pub struct SessionApi;

/// The code that came to the operator's phone.
#[derive(Object)]
#[oai(example, skip_serializing_if_is_none)]
pub struct CodeRequest {
    /// As many digits as the answer before said, leading zeros included.
    #[oai(validator(pattern = "^[0-9]{4,10}$"))]
    sms_code: String,
    /// The token, for those who do not send it as a header.
    #[oai(nullable)]
    sms_token: Option<String>,
}

impl FromFields for CodeRequest {
    type Read = Proof;

    fn from_fields(fields: &mut Fields) -> Option<Proof> {
        Proof::from_fields(fields)
    }
}

example!(CodeRequest {
    sms_code: "1234".to_owned(),
    sms_token: None,
});

/// Who is logged in.
#[derive(Object, Serialize)]
#[oai(example, skip_serializing_if_is_none)]
pub struct SessionReply {
    /// The operator.
    operator: OperatorEntry,
    /// Seconds without a request after which the session ends.
    idle_seconds: u64,
    /// At a login: to be sent as header `device-token` at the next one.
    #[serde(skip_serializing_if = "Option::is_none")]
    device_token: Option<String>,
}

/// An operator, to themselves.
#[derive(Object, Serialize)]
pub struct OperatorEntry {
    /// The user's identifier.
    id: i64,
    /// The user's phone.
    phone: String,
    /// First name, `""` when unset.
    first_name: String,
    /// Last name, `""` when unset.
    last_name: String,
    /// `viewer`, `support` or `owner`.
    role: String,
    /// What the role permits.
    permissions: Vec<String>,
}

impl SessionReply {
    fn of(user: User, role: Role) -> Self {
        let permissions = role.permissions();
        Self {
            operator: OperatorEntry {
                id: user.id.0,
                phone: user.phone.e164(),
                first_name: user.first_name,
                last_name: user.last_name,
                role: role.name().to_owned(),
                permissions: permissions.iter().map(|one| one.to_string()).collect(),
            },
            idle_seconds: IDLE.as_secs(),
            device_token: None,
        }
    }
}

example!(SessionReply {
    operator: OperatorEntry {
        id: 893_463_012_093_107,
        phone: "+79123456789".to_owned(),
        first_name: "Anna".to_owned(),
        last_name: String::new(),
        role: "viewer".to_owned(),
        permissions: [Permission::Figures, Permission::People]
            .map(|one| one.to_string())
            .into(),
    },
    idle_seconds: 1800,
    device_token: Some("VGhpcyBpcyBhbiBleGFtcGxlIG9mIGEgZGV2aWNlIHRva2VuLg".to_owned()),
});

const STRANGER: &[&Kind] = &[&problem::FORBIDDEN];

/// What `POST login/` may refuse.
pub struct Ask;

impl Refusals for Ask {
    const KINDS: Groups = &[BODY, ASK, STRANGER, ANY];
}

/// What `POST session/` may refuse.
pub struct Begin;

impl Refusals for Begin {
    const KINDS: Groups = &[BODY, CONFIRM, STRANGER, ANY];
}

/// What `GET session/` may refuse.
pub struct Show;

impl Refusals for Show {
    const KINDS: Groups = &[OPERATOR, ANY];
}

/// What `DELETE session/` may refuse.
pub struct End;

impl Refusals for End {
    const KINDS: Groups = &[OPERATOR, CHANGE, ANY];
}

#[OpenApi(prefix_path = "/admin/api", tag = "Tag::Session")]
impl SessionApi {
    /// Ask for a one-time code
    ///
    /// Sends a code to the phone, whoever has it: only the right code tells
    /// whether that is an operator.
    #[oai(path = "/login/", method = "post", operation_id = "ask_for_code")]
    async fn login(
        &self,
        app: Data<&Arc<App>>,
        SameSite(place): SameSite,
        body: Body<PhoneRequest>,
        /// The device token of an earlier login of the operator, here or to the
        /// API: a known device has limits of its own, which strangers cannot use up.
        #[oai(name = "device-token")]
        device: TokenHeader,
        client: Client,
    ) -> Result<Reply<ChallengeReply>, Refusal<Ask>> {
        let app = app.0;
        let (visitor, reader) = (client.visitor(app, Some(device)), client.reader());
        let purpose = Purpose::OperatorLogin;
        let wanted = wanted(app, &client, visitor.now, &body.0, purpose)?;
        let (service, who, mut rng) = (app.clone(), visitor.clone(), app.dice());
        let opened = app.store.write(move |tx| {
            proof::open(tx, &service.guard, &who, &wanted, &mut rng).map_err(Problem::from)
        });
        let opened = opened.await.map_err(|problem| overrun(app, problem))?;
        let mut reply = deliver(app, visitor, opened, reader, "").await?;
        reply.url_to_redirect = format!("{}/admin/api/session/", place.prefix);
        Ok(Reply::of(&reply))
    }

    /// Confirm the code
    ///
    /// Begins a session, which is a cookie. No account and no session of a user
    /// comes of it. A right code of somebody who is not an operator is answered
    /// `forbidden`.
    #[oai(path = "/session/", method = "post", operation_id = "begin_session")]
    async fn begin(
        &self,
        app: Data<&Arc<App>>,
        SameSite(place): SameSite,
        body: Body<CodeRequest>,
        /// The token that the call before answered.
        #[oai(name = "sms-token")]
        token: TokenHeader,
        /// The device token, as at the call before.
        #[oai(name = "device-token")]
        device: TokenHeader,
        client: Client,
    ) -> Result<WithCookie<Reply<SessionReply>>, Refusal<Begin>> {
        let app = app.0;
        let visitor = client.visitor(app, Some(device));
        let now = visitor.now;
        let answer = opened(app, &visitor, token, body.0, Purpose::OperatorLogin)?;
        let (service, phone, mut rng) = (app.clone(), answer.phone, app.dice());
        let entry = app.store.write(move |tx| {
            let (guard, origin) = (&service.guard, &client.origin);
            operator_login::confirm(tx, guard, &visitor, &answer, origin, &mut rng)
                .map_err(Problem::from)
        });
        let (user, role, secret, device) = match entry.await? {
            Entry::Welcome {
                user,
                role,
                secret,
                device,
            } => (user, role, secret, device),
            Entry::Stranger => {
                app.count(Happened::at(Measure::Confirmed, now).of_phone(phone));
                return Err(Problem::new(&problem::FORBIDDEN).into());
            }
            Entry::Refused(rejection) => return Err(refused(app, phone, rejection).into()),
        };
        let happened = Happened::at(Measure::Confirmed, now);
        app.count(happened.of_phone(phone).of_user(user.id));
        let reply = Reply::of(&SessionReply {
            device_token: Some(base64(&device.0)),
            ..SessionReply::of(*user, role)
        });
        Ok(WithCookie(reply, set(&place, &base64(&secret.0))))
    }

    /// Show who is logged in
    #[oai(path = "/session/", method = "get", operation_id = "show_session")]
    async fn show(&self, caller: Caller) -> Result<Reply<SessionReply>, Refusal<Show>> {
        let (app, hash) = (caller.app(), session(&caller)?);
        let (epoch, at) = (Epoch(app.keys().epoch), app.monotonic.now());
        let reading = app.store.read(move |tx| {
            let found = operator_session::find(tx, &hash, epoch, at)?;
            found.ok_or_else(|| Problem::new(&problem::UNAUTHENTICATED))
        });
        let (_, user, role) = reading.await?;
        Ok(Reply::of(&SessionReply::of(user, role)))
    }

    /// Log out
    #[oai(path = "/session/", method = "delete", operation_id = "end_session")]
    async fn end(
        &self,
        place: Data<&Arc<Place>>,
        caller: Caller,
    ) -> Result<WithCookie<Done>, Refusal<End>> {
        let hash = session(&caller)?;
        let ending = caller
            .app()
            .store
            .write(move |tx| tx.delete_operator_session(&hash).map_err(Problem::from));
        ending.await?;
        Ok(WithCookie(Done, clear(&place)))
    }
}

/// The session of a caller who has one: a program has none.
fn session(caller: &Caller) -> Result<SecretHash, Problem> {
    match caller.actor() {
        Actor::Session(hash) => Ok(*hash),
        Actor::System(_) | Actor::Key(_) => Err(Problem::new(&problem::FORBIDDEN)),
    }
}
