//! Where a provider is to report: an address that nobody else knows.

use std::{fmt, sync::Arc};

/// The address; empty where nobody could report.
#[derive(Clone)]
pub struct ReportUrl(Arc<str>);

impl ReportUrl {
    /// This one.
    pub fn new(url: &str) -> Self {
        Self(url.into())
    }

    /// What it says.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ReportUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReportUrl(..)")
    }
}
