//! Logging in: a phone asks for a code, and confirms it.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::{Object, OpenApi};
use serde::Serialize;

use super::{
    client::{Client, TokenHeader},
    examples,
    json::{Body, Fields, FromFields},
    problem::{self, Kind, Problem, seconds},
    proof::{ASK, CONFIRM, ChallengeReply, Proof, deliver, opened, overrun, refused, wanted},
    refusal::{ANY, BODY, Groups, Refusal, Refusals},
    reply::Reply,
    tag::Tag,
    types::example,
};
use crate::{
    app::{App, events::Happened},
    domain::{
        challenge::Purpose,
        code::InvitationCode,
        invitation::RedeemError,
        login::{self, Attempt, Confirmation, Welcome},
        phone::Phone,
        proof,
        statistic::Measure,
        time::Timestamp,
        user::User,
    },
    token::{access, encoding::base64},
};

/// The calls of somebody who is not logged in yet.
pub struct LoginApi;

/// A phone that wants a code.
#[derive(Object)]
#[oai(example)]
pub struct PhoneRequest {
    /// In international form, or as it is dialled in the default region.
    #[oai(validator(max_length = 64))]
    pub phone: String,
}

impl FromFields for PhoneRequest {
    type Read = String;

    fn from_fields(fields: &mut Fields) -> Option<String> {
        fields.text("phone")
    }
}

example!(PhoneRequest {
    phone: "+79123456789".to_owned(),
});

/// The code that came by SMS.
#[derive(Object)]
#[oai(example, skip_serializing_if_is_none)]
pub struct ConfirmRequest {
    /// As many digits as the login said, leading zeros included.
    #[oai(validator(pattern = "^[0-9]{4,10}$"))]
    pub sms_code: String,
    /// The token, for those who do not send it as a header.
    #[oai(nullable)]
    pub sms_token: Option<String>,
    /// Somebody's invitation code, to be entered at once. If it is not
    /// accepted, the login succeeds all the same.
    #[oai(nullable)]
    pub invitation_code: Option<String>,
}

impl FromFields for ConfirmRequest {
    /// The proof, and an invitation code as it was typed.
    type Read = (Proof, Option<String>);

    fn from_fields(fields: &mut Fields) -> Option<Self::Read> {
        let proof = Proof::from_fields(fields);
        let invitation_code = fields.optional_text("invitation_code");
        Some((proof?, invitation_code))
    }
}

example!(ConfirmRequest {
    sms_code: "1234".to_owned(),
    sms_token: None,
    invitation_code: None,
});

/// The login succeeded.
#[derive(Object, Serialize)]
#[oai(example, skip_serializing_if_is_none)]
pub struct ConfirmReply {
    /// For `Authorization: Bearer`.
    pub access: String,
    /// For the next pair, at `/token/refresh/`.
    pub refresh: String,
    /// Seconds until `access` expires.
    pub expires_in: u64,
    /// Seconds until `refresh` expires.
    pub refresh_expires_in: u64,
    /// Whether the account is new.
    pub created: bool,
    /// To be sent as the header `device-token` with later logins from this device.
    pub device_token: String,
    /// What came of the invitation code, if one was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invitation: Option<InvitationOutcome>,
}

example!(ConfirmReply {
    access: examples::ACCESS.to_owned(),
    refresh: examples::REFRESH.to_owned(),
    expires_in: 9000,
    refresh_expires_in: 86_400,
    created: false,
    device_token: "VGhpcyBpcyBhbiBleGFtcGxlIG9mIGEgZGV2aWNlIHRva2VuLg".to_owned(),
    invitation: None,
});

/// What came of an invitation code that was sent with a confirmation.
#[derive(Object, Serialize)]
#[oai(skip_serializing_if_is_none)]
pub struct InvitationOutcome {
    /// Whether it was accepted.
    accepted: bool,
    /// The referrer's phone, when it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    invited_by: Option<String>,
    /// The code of the problem, when it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
}

/// What only a login is refused for.
const BANNED: &[&Kind] = &[&problem::USER_BANNED];

/// What `POST /login/` may refuse.
pub struct Ask;

impl Refusals for Ask {
    const KINDS: Groups = &[BODY, ASK, ANY];
}

/// What `POST /login/sms-confirm/` may refuse.
pub struct Confirm;

impl Refusals for Confirm {
    const KINDS: Groups = &[BODY, CONFIRM, BANNED, ANY];
}

#[OpenApi]
impl LoginApi {
    /// Ask for a one-time code
    ///
    /// Sends a code to the phone by SMS. The answer is the same whether or not
    /// the phone has logged in before. While a code is alive, asking again
    /// sends the same one. Asked by the same client before `resend_in` is over,
    /// it sends nothing and answers with another token for the same code.
    #[oai(
        path = "/login/",
        method = "post",
        tag = "Tag::Login",
        operation_id = "login"
    )]
    async fn login(
        &self,
        app: Data<&Arc<App>>,
        body: Body<PhoneRequest>,
        /// The device token of an earlier confirmation on this device. A known
        /// device has limits of its own, which strangers cannot use up.
        #[oai(name = "device-token")]
        device: TokenHeader,
        /// Proof of work, where a refusal had a `challenge` for it:
        /// `challenge:nonce`, whose SHA-256 begins with as many zero bits as
        /// the operator asks for.
        #[oai(name = "pow")]
        _work: TokenHeader,
        client: Client,
    ) -> Result<Reply<ChallengeReply>, Refusal<Ask>> {
        let app = app.0;
        let visitor = client.visitor(app, Some(device));
        let reader = client.reader();
        let wanted = wanted(app, &client, visitor.now, &body.0, Purpose::Login)?;
        let (service, who, mut rng) = (app.clone(), visitor.clone(), app.dice());
        let opened = app
            .store
            .write(move |tx| {
                proof::open(tx, &service.guard, &who, &wanted, &mut rng).map_err(Problem::from)
            })
            .await
            .map_err(|problem| overrun(app, problem))?;
        Ok(Reply::of(
            &deliver(app, visitor, opened, reader, "/login/sms-confirm/").await?,
        ))
    }

    /// Confirm the code
    ///
    /// Opens a session and, for a phone that never logged in, an account. A
    /// token works once, and no more than three guesses are evaluated for it.
    #[oai(
        path = "/login/sms-confirm/",
        method = "post",
        tag = "Tag::Login",
        operation_id = "confirm_login"
    )]
    async fn confirm(
        &self,
        app: Data<&Arc<App>>,
        body: Body<ConfirmRequest>,
        /// The token that the login answered. It may be sent in the body
        /// instead; if both are sent, they must be equal.
        #[oai(name = "sms-token")]
        token: TokenHeader,
        /// The device token of an earlier confirmation on this device.
        #[oai(name = "device-token")]
        device: TokenHeader,
        /// Proof of work, as at the login.
        #[oai(name = "pow")]
        _work: TokenHeader,
        client: Client,
    ) -> Result<Reply<ConfirmReply>, Refusal<Confirm>> {
        let app = app.0;
        let visitor = client.visitor(app, Some(device));
        let now = visitor.now;
        let (proof, invitation_code) = body.0;
        let longest = *app.config.referral.code_length;
        let read = |code: String| InvitationCode::parse(&code)?.within(longest);
        let invitation = invitation_code.filter(|code| !code.is_empty()).map(read);
        let attempt = Attempt {
            answer: opened(app, &visitor, token, proof, Purpose::Login)?,
            invitation,
            origin: client.origin,
        };
        let (phone, sessions) = (attempt.answer.phone, app.config.sessions());
        let (service, mut rng) = (app.clone(), app.dice());
        let confirmation = app
            .store
            .write(move |tx| {
                login::confirm(tx, &service.guard, &visitor, &attempt, sessions, &mut rng)
                    .map_err(Problem::from)
            })
            .await?;
        let welcome = match confirmation {
            Confirmation::Welcome(welcome) => welcome,
            Confirmation::Refused(rejection) => return Err(refused(app, phone, rejection).into()),
            Confirmation::Banned => return Err(Problem::new(&problem::USER_BANNED).into()),
        };
        count(app, &welcome, phone, now);
        let pair = access::issue(app.keys(), &welcome.session, sessions);
        Ok(Reply::of(&ConfirmReply {
            access: pair.access,
            refresh: pair.refresh,
            expires_in: seconds(pair.access_until.since(now)),
            refresh_expires_in: seconds(pair.refresh_until.since(now)),
            created: welcome.created,
            device_token: base64(&welcome.device.0),
            invitation: welcome.invitation.map(InvitationOutcome::from),
        }))
    }
}

fn count(app: &App, welcome: &Welcome, phone: Phone, now: Timestamp) {
    let count = |measure| {
        let happened = Happened::at(measure, now).of_phone(phone);
        app.count(happened.of_user(welcome.session.user));
    };
    count(Measure::Confirmed);
    if welcome.created {
        count(Measure::Accounts);
    }
    if let Some(Ok(_)) = welcome.invitation {
        count(Measure::Invitations);
    }
}

impl From<Result<User, RedeemError>> for InvitationOutcome {
    fn from(outcome: Result<User, RedeemError>) -> Self {
        match outcome {
            Ok(referrer) => Self {
                accepted: true,
                invited_by: Some(referrer.phone.to_string()),
                code: None,
            },
            Err(error) => {
                let code = Problem::from(error).kind().code.to_owned();
                Self {
                    accepted: false,
                    invited_by: None,
                    code: Some(code),
                }
            }
        }
    }
}
