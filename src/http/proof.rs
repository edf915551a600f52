//! What the two ways of proving a phone have in common: a phone is read, a
//! code is sent, a token and a guess come back.

use std::{sync::Arc, time::Duration};

use poem_openapi::Object;
use serde::Serialize;

use super::{
    client::{Client, TokenHeader},
    examples,
    json::Fields,
    problem::{self, Problem, seconds},
    types::example,
};
use crate::{
    app::{
        App,
        delivery::{self, Reader, SendError, ShuttingDown},
        events::Happened,
    },
    domain::{
        challenge::Purpose,
        code::OneTimeCode,
        guard,
        limit::{Reached, Subject},
        phone::Phone,
        proof::{Answer, Fixed, OpenError, Opened, Rejection, Wanted},
        source::Deed,
        statistic::Measure,
        time::Timestamp,
        visitor::Visitor,
    },
    token::{
        TokenError,
        challenge::{open, seal},
    },
};

/// A code is under way, or was sent a short while ago.
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

example!(ChallengeReply {
    sms_token: examples::SMS_TOKEN.to_owned(),
    url_to_redirect: "/login/sms-confirm/".to_owned(),
    fields_to_be_required: vec!["sms_code".to_owned()],
    expires_in: 180,
    resend_in: 60,
    sms_code_length: 4,
});

/// What any asking for a code may refuse.
pub const ASK: &[&problem::Kind] = &[
    &problem::PHONE_INVALID,
    &problem::PHONE_NOT_ALLOWED,
    &problem::SMS_RATE_LIMITED,
    &problem::SMS_UNAVAILABLE,
    &problem::SMS_BUDGET_EXHAUSTED,
];
/// What any confirming of a code may refuse.
pub const CONFIRM: &[&problem::Kind] = &[
    &problem::SMS_TOKEN_MISSING,
    &problem::SMS_TOKEN_INVALID,
    &problem::SMS_TOKEN_EXPIRED,
    &problem::SMS_TOKEN_USED,
    &problem::SMS_CODE_INVALID,
    &problem::TOO_MANY_ATTEMPTS,
    &problem::RATE_LIMITED,
];

/// What a client asks for that wants a code sent to the phone in `text`.
pub fn wanted(
    app: &App,
    client: &Client,
    now: Timestamp,
    text: &str,
    purpose: Purpose,
) -> Result<Wanted, Problem> {
    let (phone, fixed) = addressee(app, now, text)?;
    Ok(Wanted {
        phone,
        purpose,
        fixed,
        source: client.source(),
        dispatch: delivery::dispatch(app, phone),
        longest: app.sms.longest_code(phone),
    })
}

/// Reads a phone that a code is to be sent to, and its fixed code if it is a test number.
fn addressee(app: &App, now: Timestamp, text: &str) -> Result<(Phone, Option<Fixed>), Problem> {
    let region = app.config.login.default_region;
    let invalid = || {
        let reason = format!("is not a phone number: {}", region.expected());
        Problem::at(&problem::PHONE_INVALID, "#/phone", &reason)
    };
    let phone = Phone::parse(text, region).map_err(|_| invalid())?;
    let fixed = app.config.fixed_code(phone, now).cloned();
    if fixed.is_none() && !app.config.may_send_to(phone) {
        if region.is_slip(text) {
            return Err(invalid());
        }
        let reason = "is not a number that messages are sent to";
        return Err(Problem::at(&problem::PHONE_NOT_ALLOWED, "#/phone", reason));
    }
    Ok((phone, fixed))
}

/// Sends the code of a challenge that was committed, if it is to be sent, and
/// answers with a token of it.
pub async fn deliver(
    app: &Arc<App>,
    visitor: Visitor,
    opened: Opened,
    reader: Reader,
    confirm_at: &str,
) -> Result<ChallengeReply, Problem> {
    let Opened {
        mut challenge,
        sends,
        resend_in,
        spending,
        lost,
    } = opened;
    if lost > 0 {
        tracing::warn!(
            lost,
            "nobody knows what became of messages: they count as sent"
        );
    }
    if let Some(spending) = spending {
        let (spent, amount) = (spending.spent.to_string(), spending.amount.to_string());
        let seconds = spending.span.as_secs();
        tracing::warn!(spent, amount, seconds, "the budget for messages runs out");
    }
    let now = visitor.now;
    app.count(Happened::at(Measure::Asked, now).of_phone(challenge.phone));
    if sends {
        challenge = delivery::send(app, visitor, challenge, reader).await?;
    }
    Ok(ChallengeReply {
        sms_token: seal(app.keys(), &challenge),
        url_to_redirect: format!("{}{confirm_at}", app.config.prefix()),
        fields_to_be_required: vec!["sms_code".to_owned()],
        expires_in: challenge.expires_at.since(now).as_secs(),
        resend_in: seconds(resend_in),
        sms_code_length: challenge.code.digits() as u64,
    })
}

impl From<OpenError> for Problem {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Limited(reached) if reached.limit == guard::budget::BUDGET => {
                Self::limited(&problem::SMS_BUDGET_EXHAUSTED, reached)
            }
            OpenError::Limited(reached) => Self::limited(&problem::SMS_RATE_LIMITED, reached),
            OpenError::Store(error) => error.into(),
        }
    }
}

impl From<SendError> for Problem {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Refused => Self::new(&problem::SMS_UNAVAILABLE),
            SendError::ShuttingDown => ShuttingDown.into(),
            SendError::Store(error) => error.into(),
        }
    }
}

impl From<ShuttingDown> for Problem {
    fn from(_: ShuttingDown) -> Self {
        Self::new(&problem::OVERLOADED)
    }
}

/// Lets the operator know when a limit is reached that everybody shares.
pub fn overrun(app: &App, problem: Problem) -> Problem {
    let is_shared = matches!(
        problem.subject(),
        Some(Subject::Everybody | Subject::Prefix)
    );
    if let Some(limit) = problem.limit().filter(|_| is_shared)
        && app.log_throttle.is_due(limit, app.monotonic.now())
    {
        tracing::warn!(
            limit,
            "a limit that strangers share is reached: they get no messages"
        );
    }
    problem
}

/// What a client sends back to prove a phone.
pub struct Proof {
    /// The code that was typed.
    pub guess: OneTimeCode,
    /// The token, if it was sent in the body.
    pub token: Option<String>,
}

impl Proof {
    /// Takes the members `sms_code` and `sms_token`.
    pub fn from_fields(fields: &mut Fields) -> Option<Self> {
        let guess = fields.parsed("sms_code", OneTimeCode::parse, NOT_A_GUESS);
        let token = fields.optional_text("sms_token");
        Some(Self {
            guess: guess?,
            token,
        })
    }
}

const NOT_A_GUESS: &str = "must be the digits of the code";

fn invalid(pointer: &str, reason: &str) -> Problem {
    Problem::at(&problem::VALIDATION_FAILED, pointer, reason)
}

/// Opens the challenge token, wherever it was sent: the guess that is to be
/// evaluated. Of tokens that cannot be read a source may send so many; whatever
/// it sent before, one that can be read is.
pub fn opened(
    app: &App,
    visitor: &Visitor,
    header: TokenHeader,
    proof: Proof,
    purpose: Purpose,
) -> Result<Answer, Problem> {
    let token = match (header.0, proof.token) {
        (Some(header), Some(member)) if header != member => {
            let reason = "differs from the header sms-token";
            return Err(invalid("#/sms_token", reason));
        }
        (Some(token), _) | (None, Some(token)) => token,
        (None, None) => return Err(Problem::new(&problem::SMS_TOKEN_MISSING)),
    };
    match open(app.keys(), &token, visitor.now) {
        Ok(opened) => Ok(Answer {
            challenge: opened.challenge,
            phone: opened.phone,
            purpose,
            guess: proof.guess,
            longest: app.sms.longest_code(opened.phone),
        }),
        Err(TokenError::Expired) => Err(Problem::new(&problem::SMS_TOKEN_EXPIRED)),
        Err(TokenError::Invalid) => {
            let deed = Deed::UnreadableToken;
            if let Some(reached) = app.guard.source_reached(visitor, deed) {
                return Err(Problem::limited(&problem::RATE_LIMITED, reached));
            }
            app.guard.blame_source(visitor, deed);
            Err(Problem::new(&problem::SMS_TOKEN_INVALID))
        }
    }
}

/// What is answered when the phone was not proved.
pub fn refused(app: &App, phone: Phone, rejection: Rejection) -> Problem {
    match rejection {
        Rejection::Wrong { attempts_left } => {
            let happened = Happened::at(Measure::Wrong, app.now()).of_phone(phone);
            app.state().count_of_prefix(happened, "");
            Problem::wrong_code(attempts_left)
        }
        Rejection::Exhausted => Problem::limited(
            &problem::TOO_MANY_ATTEMPTS,
            Reached {
                limit: "guesses_per_token",
                subject: Subject::Phone,
                wait: Duration::ZERO,
            },
        ),
        Rejection::SourceLimited(reached) => Problem::limited(&problem::RATE_LIMITED, reached),
        Rejection::Limited(reached) => Problem::limited(&problem::TOO_MANY_ATTEMPTS, reached),
        Rejection::Spent => Problem::new(&problem::SMS_TOKEN_USED),
        Rejection::Expired => Problem::new(&problem::SMS_TOKEN_EXPIRED),
        Rejection::Unknown => Problem::new(&problem::SMS_TOKEN_INVALID),
        Rejection::OtherLength => invalid("#/sms_code", NOT_A_GUESS),
    }
}
