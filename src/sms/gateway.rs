//! What a gateway is asked, and what it answers.

use async_trait::async_trait;

use super::{
    error::Failure,
    message::Message,
    redaction::{MessageId, Redacted},
    report::{Doubt, Post, Report},
};
use crate::domain::{code::OneTimeCode, money::Money};

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

    /// The text of the message of this name, if it was only printed on this machine a short while ago.
    fn printed(&self, _request_id: &str) -> Option<String> {
        None
    }

    /// Where the provider is to report, if it is one that does.
    fn report_url(&self) -> Option<String> {
        None
    }

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
