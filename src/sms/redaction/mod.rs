//! What providers say, and how much of it may be shown.
//!
//! A provider may repeat whatever it was sent, in any spelling, and say what
//! looks like lines of a log. So what it said is of a type that cannot be
//! printed, and the one way from there to text is a [`Filter`], which knows all
//! that the request carried.

mod filter;
mod spelling;
mod text;

use std::fmt;

pub use self::{
    filter::Filter,
    text::{ProviderText, Redacted},
};

/// A provider's name for a message, by which it reports.
#[derive(Clone, PartialEq, Eq)]
pub struct MessageId {
    said: ProviderText,
    shown: Redacted,
}

impl MessageId {
    /// The name, and what `filter` lets through of it.
    pub fn new(said: ProviderText, filter: &Filter) -> Self {
        let shown = filter.line(&said);
        Self { said, shown }
    }

    /// Our own name for it, where the provider has none.
    pub fn own(text: &str) -> Self {
        Self {
            said: ProviderText::new(text),
            shown: Redacted::own(text),
        }
    }

    /// The name itself, to find the message by: not to be shown.
    pub fn raw(&self) -> &str {
        self.said.raw()
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shown.fmt(f)
    }
}

impl fmt::Debug for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shown.fmt(f)
    }
}
