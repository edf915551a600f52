//! Where a provider is to report: an address that nobody else knows.

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

/// The address. It ends with the epoch of the keys, so it is looked up for
/// each message; empty where nobody could report.
#[derive(Clone)]
pub struct ReportUrl(Arc<RwLock<String>>);

impl ReportUrl {
    /// One that begins as `url`.
    pub fn new(url: String) -> Self {
        Self(Arc::new(RwLock::new(url)))
    }

    /// What it is now.
    pub fn get(&self) -> String {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Makes it another.
    pub fn set(&self, url: &str) {
        let mut own = self.0.write().unwrap_or_else(PoisonError::into_inner);
        url.clone_into(&mut own);
    }
}

impl fmt::Debug for ReportUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReportUrl(..)")
    }
}
