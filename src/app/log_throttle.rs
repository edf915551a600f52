//! Keeps a message that concerns every request from filling the log.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use crate::domain::time::Timestamp;

/// When each of some messages was last logged.
#[derive(Default)]
pub struct LogThrottle(Mutex<HashMap<&'static str, Timestamp>>);

impl LogThrottle {
    /// Whether a message is to be logged (again): once a minute.
    pub fn is_due(&self, message: &'static str, at: Timestamp) -> bool {
        self.is_due_every(Duration::from_mins(1), message, at)
    }

    /// Whether a message was ever logged.
    pub fn has_logged(&self, message: &str) -> bool {
        let logged = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        logged.contains_key(message)
    }

    /// Whether a message is to be logged (again), once a period.
    pub fn is_due_every(&self, period: Duration, message: &'static str, at: Timestamp) -> bool {
        let mut logged = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = logged
            .get(message)
            .is_none_or(|last| at.since(*last) >= period);
        if is_due {
            logged.insert(message, at);
        }
        is_due
    }
}
