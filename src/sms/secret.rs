//! What is never shown.

use std::fmt;

/// What stands where a secret would be shown.
pub const MASK: &str = "***";
/// Shorter ones are not looked for in what others say: they would be found everywhere.
const SHORT: usize = 4;

/// A password, a key, a token.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps `text` to itself.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// Shows it. Ask whether it is to be seen here.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// `text` without it, for those who repeat what they were told.
    pub fn hidden_in(&self, text: &str) -> String {
        if self.0.len() < SHORT {
            return text.to_owned();
        }
        text.replace(&self.0, MASK)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}
