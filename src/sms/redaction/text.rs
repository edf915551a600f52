//! The two types of text: what was said, and what may be shown.

use std::{fmt, ops::Deref};

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
pub struct Redacted(pub(super) String);

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
