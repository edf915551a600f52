//! What providers say, and how much of it may be shown.
//!
//! A provider may repeat whatever it was sent, in any spelling, and say what
//! looks like lines of a log. So what it said is of a type that cannot be
//! printed, and the one way from there to text is a [`Filter`], which knows all
//! that the request carried.

mod filter;
mod spelling;

use std::{fmt, ops::Deref};

pub use self::filter::Filter;

/// What was said, as it came: neither `Display` nor `Debug`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ProviderText(String);

impl ProviderText {
    /// Takes what was said.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, to compare it with something: not to be shown.
    pub fn raw(&self) -> &str {
        &self.0
    }
}

/// Text that may be shown: our own words, or what a filter has let through.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Redacted(String);

impl Redacted {
    /// Our own words.
    pub fn own(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl Deref for Redacted {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

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
