//! What requests were refused for lately, by the id that their answers name, so
//! that an operator can tell a person why.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use crate::domain::time::Timestamp;

/// How many are remembered.
const REMEMBERED: usize = 10_000;

/// Why one request was refused.
#[derive(Debug, Clone)]
pub struct RefusedRequest {
    /// The id that its answer names.
    pub request_id: String,
    /// When.
    pub at: Timestamp,
    /// The route, as the document writes it; empty if there is no such thing.
    pub route: &'static str,
    /// The status that it was answered with.
    pub status: u16,
    /// The code of the problem.
    pub code: &'static str,
    /// The limit that was reached, if that is why.
    pub limit: Option<&'static str>,
    /// How many seconds it was told to wait.
    pub wait: Option<u64>,
}

/// The latest of them.
#[derive(Default)]
pub struct Refusals(Mutex<VecDeque<RefusedRequest>>);

impl Refusals {
    /// Remembers one.
    pub fn note(&self, refused: RefusedRequest) {
        let mut latest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if latest.len() == REMEMBERED {
            latest.pop_front();
        }
        latest.push_back(refused);
    }

    /// The one with this id.
    pub fn of(&self, request_id: &str) -> Option<RefusedRequest> {
        let latest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut latest = latest.iter().rev();
        latest.find(|one| one.request_id == request_id).cloned()
    }
}
