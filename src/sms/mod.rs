//! How a code reaches a phone: one trait, and gateways that hold gateways.
//!
//! A gateway is an open set, hence a trait object, chosen by name when the
//! server starts. It is always called outside of any transaction. Most are
//! data: a declared HTTP request, written by the operator or a preset.

pub mod breaker;
pub mod choice;
mod client;
pub mod configured;
mod console;
mod declared;
mod delivery_rate;
mod file;
pub mod language;
pub mod presets;
pub mod redaction;
pub mod route;
pub mod secret;
pub mod setup;
pub mod text;

use std::{fmt, net::IpAddr, time::Duration};

use async_trait::async_trait;

pub use self::declared::{
    report::{Doubt, Post, Report},
    spec::Flaw,
    variables::{Environment, Setting},
};
use self::{
    language::Language,
    redaction::{MessageId, Redacted},
};
use crate::domain::{code::OneTimeCode, money::Money, phone::Phone, time::Timestamp};

/// A message: a one-time code, or a notice, which has none. `Debug` is not
/// derived: it would show the code.
pub struct Message {
    /// Whom it is for.
    pub to: Phone,
    /// What it says, code included.
    pub text: String,
    /// The code alone, for gateways with templates of their own; a notice has none.
    pub code: Option<OneTimeCode>,
    /// When it was asked for.
    pub at: Timestamp,
    /// How long it is of use: as long as its code lives.
    pub ttl: Duration,
    /// Names the message: two calls with the same are for one message.
    pub request_id: String,
    /// Who asked for it.
    pub ip: Option<IpAddr>,
    /// What it is written in.
    pub language: Language,
}

impl Message {
    /// Digits of its code; 0 when it has none.
    pub fn digits(&self) -> usize {
        self.code.as_ref().map_or(0, OneTimeCode::digits)
    }
}

/// A gateway took the message.
#[derive(Debug, Clone, Default)]
pub struct Receipt {
    /// The provider's name for it, by which it reports.
    pub id: Option<MessageId>,
    /// What the provider says that it cost.
    pub cost: Option<Money>,
    /// What is left on the account, in the provider's own units.
    pub balance: Option<f64>,
    /// The code that the provider chose in place of ours, as flash calls do.
    pub code: Option<OneTimeCode>,
}

/// What became of a message that a gateway did not take, or nobody knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SmsError {
    /// The provider will not send to this number.
    #[error("the gateway rejected the number")]
    Rejected,
    /// It cannot bring this message to this number; another gateway may.
    #[error("the gateway would not bring this message to this number")]
    Unreachable,
    /// Wrong credentials, no money, an unknown sender: a matter for the operator.
    #[error("the gateway is misconfigured")]
    Misconfigured,
    /// Too much at once; later it may go.
    #[error("the gateway asked for patience")]
    Throttled,
    /// It certainly was not sent, for a reason that may pass.
    #[error("the message was not sent")]
    NotSent,
    /// It may have been sent: no answer, or one that says nothing.
    #[error("it is not known whether the message was sent")]
    Unknown,
}

/// Why a message was not taken, with what the provider said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What it means.
    pub error: SmsError,
    /// What was said, for the operator; empty where nothing was.
    pub detail: Redacted,
}

impl Failure {
    /// Means `error`, in words of ours.
    pub fn of(error: SmsError, detail: impl Into<String>) -> Self {
        let detail = Redacted::own(detail);
        Self { error, detail }
    }
}

impl From<SmsError> for Failure {
    fn from(error: SmsError) -> Self {
        Self::of(error, "")
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.detail {
            "" => self.error.fmt(f),
            detail => write!(f, "{}: {detail}", self.error),
        }
    }
}

/// What was said in the course of a delivery, secrets masked; kept only where
/// somebody wants to read it.
#[derive(Default)]
pub struct Transcript(Option<String>);

impl Transcript {
    /// One that is kept.
    pub fn kept() -> Self {
        Self(Some(String::new()))
    }

    /// Adds to it.
    pub fn note(&mut self, text: impl FnOnce() -> Redacted) {
        if let Some(kept) = &mut self.0 {
            kept.push_str(&text());
        }
    }

    /// What was kept.
    pub fn text(&self) -> &str {
        self.0.as_deref().unwrap_or_default()
    }
}

/// A carrier's way in.
#[async_trait]
pub trait Gateway: Send + Sync {
    /// Hands a message over.
    async fn deliver(
        &self,
        message: &Message,
        transcript: &mut Transcript,
    ) -> Result<Receipt, Failure>;

    /// Whether the same message may be handed over again, since the provider
    /// knows it by its name.
    fn is_idempotent(&self) -> bool {
        false
    }

    /// The longest code that it can bring: those who choose codes themselves
    /// choose short ones.
    fn digits(&self) -> usize {
        usize::MAX
    }

    /// Waits until what it took is on its way, where that is not so already.
    async fn flush(&self) {}

    /// Whether it brings any text, and not codes alone, as flash calls do.
    fn carries_text(&self) -> bool {
        true
    }

    /// Where the provider is to report, if it is one that does.
    fn report_url(&self) -> Option<String> {
        None
    }

    /// Has the provider report there from now on.
    fn report_to(&self, _: &str) {}

    /// Reads what the provider reports.
    fn hear(&self, _: Post<'_>) -> Result<Report, Doubt> {
        Err(Doubt::Unexpected)
    }

    /// Asks the provider, at no cost, whether it would take messages. What
    /// it says of itself, if it can be asked.
    async fn check(&self, _: &mut Transcript) -> Result<Option<Redacted>, Failure> {
        Ok(None)
    }
}
