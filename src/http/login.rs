//! Logging in: a phone asks for a code, and confirms it.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::{Object, OpenApi};
use serde::Serialize;

use super::{
    Tag,
    client::{Client, TokenHeader},
    json::{Body, Fields, FromFields, Reply},
    problem::{self, Problem},
    refusal::{ANY, BODY, Refusal, Refusals},
};
use crate::{
    app::App,
    domain::{
        challenge::{self, Challenge, Fixed, Purpose, Verdict},
        code::{InvitationCode, OneTimeCode},
        device::DeviceSecret,
        invitation::RedeemError,
        login::{self, Attempt, Confirmation},
        phone::Phone,
        time::Timestamp,
        user::User,
    },
    sms::{Message, SmsError},
    token::{
        TokenError, access,
        challenge::{Opened, base64, from_base64, open, seal},
    },
};

/// The calls of somebody who is not logged in yet.
pub struct LoginApi;

/// A phone that wants a code.
#[derive(Object)]
#[oai(example)]
pub struct PhoneRequest {
    /// In international form, or in the trunk form of the default region.
    #[oai(validator(max_length = 64))]
    pub phone: String,
}

impl FromFields for PhoneRequest {
    type Read = Self;

    fn from_fields(fields: &mut Fields) -> Self {
        Self {
            phone: fields.text("phone"),
        }
    }
}

impl poem_openapi::types::Example for PhoneRequest {
    fn example() -> Self {
        Self {
            phone: "+79123456789".to_owned(),
        }
    }
}

/// A code is under way.
#[derive(Object, Serialize)]
#[oai(example)]
pub struct ChallengeReply {
    /// To be sent with the code: a JWE that only the server can read.
    #[serde(rename = "sms-token")]
    #[oai(rename = "sms-token")]
    pub sms_token: String,
    /// Where to send both.
    pub url_to_redirect: String,
    /// What to ask the person for.
    pub fields_to_be_required: Vec<String>,
    /// Seconds until token and code expire.
    pub expires_in: u64,
    /// Seconds until another code may be asked for.
    pub resend_in: u64,
    /// Digits of the code.
    pub sms_code_length: u64,
}

impl poem_openapi::types::Example for ChallengeReply {
    fn example() -> Self {
        Self {
            sms_token: super::docs::SMS_TOKEN.to_owned(),
            url_to_redirect: "/login/sms-confirm/".to_owned(),
            fields_to_be_required: vec!["sms_code".to_owned()],
            expires_in: 180,
            resend_in: 0,
            sms_code_length: 4,
        }
    }
}

/// The code that came by SMS.
#[derive(Object)]
#[oai(example, skip_serializing_if_is_none)]
pub struct ConfirmRequest {
    /// As many digits as the login said, leading zeros included.
    #[oai(validator(pattern = "^[0-9]{4,10}$"))]
    pub sms_code: String,
    /// The token, for those who do not send it as a header.
    pub sms_token: Option<String>,
    /// Somebody's invitation code, to be entered at once. If it is not
    /// accepted, the login succeeds all the same.
    pub invitation_code: Option<String>,
}

impl FromFields for ConfirmRequest {
    type Read = Self;

    fn from_fields(fields: &mut Fields) -> Self {
        let sms_code = code_text(fields);
        Self {
            sms_code,
            sms_token: fields.optional_text("sms_token"),
            invitation_code: fields.optional_text("invitation_code"),
        }
    }
}

impl poem_openapi::types::Example for ConfirmRequest {
    fn example() -> Self {
        Self {
            sms_code: "1234".to_owned(),
            sms_token: None,
            invitation_code: None,
        }
    }
}

/// The login succeeded.
#[derive(Object, Serialize)]
#[oai(example, skip_serializing_if_is_none)]
pub struct ConfirmReply {
    /// For `Authorization: Bearer`.
    pub access: String,
    /// For the next pair, at `/token/refresh/`.
    pub refresh: String,
    /// To be sent as the header `device-token` with later logins from this device.
    pub device_token: String,
    /// What came of the invitation code, if one was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invitation: Option<InvitationOutcome>,
}

impl poem_openapi::types::Example for ConfirmReply {
    fn example() -> Self {
        Self {
            access: super::docs::ACCESS.to_owned(),
            refresh: super::docs::REFRESH.to_owned(),
            device_token: "VGhpcyBpcyBhbiBleGFtcGxlIG9mIGEgZGV2aWNlIHRva2VuLg".to_owned(),
            invitation: None,
        }
    }
}

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

/// What `POST /login/` may refuse.
pub struct Ask;

impl Refusals for Ask {
    const KINDS: &'static [&'static [&'static problem::Kind]] = &[BODY, ASK, ANY];
}

/// What `POST /login/sms-confirm/` may refuse.
pub struct Confirm;

impl Refusals for Confirm {
    const KINDS: &'static [&'static [&'static problem::Kind]] = &[BODY, CONFIRM, ANY];
}

/// What any asking for a code may refuse.
pub const ASK: &[&problem::Kind] = &[
    &problem::PHONE_INVALID,
    &problem::PHONE_NOT_ALLOWED,
    &problem::SMS_RATE_LIMITED,
    &problem::SMS_UNAVAILABLE,
];
/// What any confirming of a code may refuse.
pub const CONFIRM: &[&problem::Kind] = &[
    &problem::SMS_TOKEN_MISSING,
    &problem::SMS_TOKEN_INVALID,
    &problem::SMS_TOKEN_EXPIRED,
    &problem::SMS_TOKEN_USED,
    &problem::SMS_CODE_INVALID,
    &problem::TOO_MANY_ATTEMPTS,
];

#[OpenApi]
impl LoginApi {
    /// Ask for a one-time code
    ///
    /// Sends a code to the phone by SMS. The answer is the same whether or not
    /// the phone has logged in before. While a code is alive, asking again
    /// sends the same one.
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
    ) -> Result<Reply<ChallengeReply>, Refusal<Ask>> {
        let app = app.0;
        let (now, mut rng) = (app.now(), app.dice());
        let (phone, fixed) = addressee(app, &body.0.phone, now)?;
        let (policy, known) = (app.config.challenges(), fixed.clone());
        let challenge = app
            .store
            .write(move |tx| {
                let opened = challenge::open(
                    tx,
                    phone,
                    Purpose::Login,
                    known.as_ref(),
                    policy,
                    now,
                    &mut rng,
                );
                opened.map_err(Problem::from)
            })
            .await?;
        Ok(Reply(
            deliver(app, challenge, fixed.is_some(), "/login/sms-confirm/").await?,
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
        operation_id = "confirm"
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
        client: Client,
    ) -> Result<Reply<ConfirmReply>, Refusal<Confirm>> {
        let app = app.0;
        let (now, mut rng) = (app.now(), app.dice());
        let ConfirmRequest {
            sms_code,
            sms_token,
            invitation_code,
        } = body.0;
        let guess = guess(&sms_code)?;
        let Opened { challenge, phone } = opened(app, token, sms_token, now)?;
        let invitation = invitation_code
            .filter(|code| !code.is_empty())
            .map(|code| InvitationCode::parse(&code));
        let device = device
            .0
            .and_then(|token| from_base64(&token)?.try_into().ok())
            .map(DeviceSecret);
        let attempt = Attempt {
            challenge,
            phone,
            guess,
            invitation,
            device,
            origin: client.0,
        };
        let (challenges, sessions) = (app.config.challenges(), app.config.sessions());
        let confirmation = app
            .store
            .write(move |tx| {
                login::confirm(tx, &attempt, challenges, sessions, now, &mut rng)
                    .map_err(Problem::from)
            })
            .await?;
        let welcome = match confirmation {
            Confirmation::Welcome(welcome) => welcome,
            Confirmation::Refused(verdict) => return Err(refused(verdict).into()),
        };
        let pair = access::issue(&app.keys, &welcome.session, sessions);
        Ok(Reply(ConfirmReply {
            access: pair.access,
            refresh: pair.refresh,
            device_token: base64(&welcome.device.0),
            invitation: welcome.invitation.map(InvitationOutcome::from),
        }))
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

/// Reads a phone that a code is to be sent to, and its fixed code if it is a test number.
pub fn addressee(app: &App, text: &str, now: Timestamp) -> Result<(Phone, Option<Fixed>), Problem> {
    let phone = Phone::parse(text, app.config.login.default_region)
        .map_err(|_| Problem::at(&problem::PHONE_INVALID, "#/phone", "is not a phone number"))?;
    let fixed = app.config.fixed_code(phone, now).cloned();
    if fixed.is_none() && !app.config.may_send_to(phone) {
        let reason = "is not a number that messages are sent to";
        return Err(Problem::at(&problem::PHONE_NOT_ALLOWED, "#/phone", reason));
    }
    Ok((phone, fixed))
}

/// Sends the code of a challenge that was committed, unless it is a test
/// number's, and answers with its token.
pub async fn deliver(
    app: &App,
    mut challenge: Challenge,
    is_test: bool,
    confirm_at: &str,
) -> Result<ChallengeReply, Problem> {
    if !is_test {
        send(app, &mut challenge).await?;
    }
    Ok(ChallengeReply {
        sms_token: seal(&app.keys, &challenge),
        url_to_redirect: confirm_at.to_owned(),
        fields_to_be_required: vec!["sms_code".to_owned()],
        expires_in: challenge.expires_at.since(challenge.created_at).as_secs(),
        resend_in: 0,
        sms_code_length: challenge.code.digits() as u64,
    })
}

async fn send(app: &App, challenge: &mut Challenge) -> Result<(), Problem> {
    let id = challenge.id;
    let message = Message {
        to: challenge.phone,
        text: app.config.template.text(&challenge.code),
        code: challenge.code.clone(),
        at: challenge.created_at,
    };
    match app.sms.deliver(&message).await {
        Ok(receipt) => {
            if let Some(chosen) = receipt.code {
                let code = chosen.clone();
                app.store
                    .write(move |tx| tx.set_challenge_code(id, &code).map_err(Problem::from))
                    .await?;
                challenge.code = chosen;
            }
            Ok(())
        }
        // It may have arrived; then the token in the answer is what makes it of use.
        Err(error @ SmsError::Unknown) => {
            tracing::warn!(phone = challenge.phone.masked(), %error, "a message may be lost");
            Ok(())
        }
        Err(error) => {
            tracing::error!(phone = challenge.phone.masked(), %error, "no message was sent");
            app.store
                .write(move |tx| tx.delete_challenge(id).map_err(Problem::from))
                .await?;
            Err(Problem::new(&problem::SMS_UNAVAILABLE))
        }
    }
}

/// Takes the member `sms_code`, which must look like a code to be a guess at all.
pub fn code_text(fields: &mut Fields) -> String {
    let text = fields.text("sms_code");
    if !text.is_empty() && OneTimeCode::parse(&text).is_err() {
        return fields.refuse("sms_code", "must be the digits of the code");
    }
    text
}

/// The guess that a text is.
pub fn guess(text: &str) -> Result<OneTimeCode, Problem> {
    OneTimeCode::parse(text).map_err(|_| not_a_guess())
}

fn not_a_guess() -> Problem {
    Problem::at(
        &problem::VALIDATION_FAILED,
        "#/sms_code",
        "must be the digits of the code",
    )
}

/// Opens the challenge token, wherever it was sent.
pub fn opened(
    app: &App,
    header: TokenHeader,
    member: Option<String>,
    now: Timestamp,
) -> Result<Opened, Problem> {
    let token = match (header.0, member) {
        (Some(header), Some(member)) if header != member => {
            let reason = "differs from the header sms-token";
            return Err(Problem::at(
                &problem::VALIDATION_FAILED,
                "#/sms_token",
                reason,
            ));
        }
        (Some(token), _) | (None, Some(token)) => token,
        (None, None) => return Err(Problem::new(&problem::SMS_TOKEN_MISSING)),
    };
    open(&app.keys, &token, now).map_err(|error| {
        Problem::new(match error {
            TokenError::Invalid => &problem::SMS_TOKEN_INVALID,
            TokenError::Expired => &problem::SMS_TOKEN_EXPIRED,
        })
    })
}

/// What is answered when the phone was not proved.
pub fn refused(verdict: Verdict) -> Problem {
    match verdict {
        Verdict::Wrong { attempts_left } => Problem::wrong_code(attempts_left),
        Verdict::Exhausted => Problem::limited(
            &problem::TOO_MANY_ATTEMPTS,
            "guesses_per_token",
            std::time::Duration::ZERO,
        ),
        Verdict::Spent => Problem::new(&problem::SMS_TOKEN_USED),
        Verdict::Expired => Problem::new(&problem::SMS_TOKEN_EXPIRED),
        Verdict::Unknown => Problem::new(&problem::SMS_TOKEN_INVALID),
        Verdict::OtherLength => not_a_guess(),
        Verdict::Right => Problem::new(&problem::INTERNAL),
    }
}
