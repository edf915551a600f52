//! What can come of a message but that it is taken.

use std::fmt;

use super::redaction::Redacted;

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
