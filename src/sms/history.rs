//! What a gateway did since the start, however it is configured meanwhile.

use std::{
    collections::VecDeque,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{
    delivery_rate::DeliveryRate,
    error::{Failure, SmsError},
    gateway::Receipt,
};
use crate::domain::time::Timestamp;

/// The latest failures that are remembered.
const ERRORS: usize = 10;

/// How a call may end, in the words of the configuration.
const OUTCOMES: [(&str, Result<(), SmsError>); 7] = [
    ("taken", Ok(())),
    ("rejected", Err(SmsError::Rejected)),
    ("unreachable", Err(SmsError::Unreachable)),
    ("misconfigured", Err(SmsError::Misconfigured)),
    ("throttled", Err(SmsError::Throttled)),
    ("not_sent", Err(SmsError::NotSent)),
    ("unknown", Err(SmsError::Unknown)),
];

/// How many calls ended how.
pub type Calls = [(&'static str, u64); OUTCOMES.len()];

/// What a gateway did.
#[derive(Default)]
pub struct History {
    delivery_rate: Mutex<DeliveryRate>,
    /// What was left on the account when it said so last.
    balance: Mutex<Option<f64>>,
    /// How many calls ended how, in the order of [`OUTCOMES`].
    calls: [AtomicU64; OUTCOMES.len()],
    /// The latest failures, the latest last.
    errors: Mutex<VecDeque<(Timestamp, String)>>,
}

impl History {
    /// Takes note of how a call ended for a message that was asked for `at`, and
    /// says what such an end is called.
    pub fn note(&self, outcome: &Result<Receipt, Failure>, at: Timestamp) -> &'static str {
        match outcome {
            Ok(receipt) => {
                if receipt.balance.is_some() {
                    *lock(&self.balance) = receipt.balance;
                }
            }
            Err(failure) => {
                let mut errors = lock(&self.errors);
                if errors.len() == ERRORS {
                    errors.pop_front();
                }
                errors.push_back((at, failure.to_string()));
            }
        }
        let ended = outcome.as_ref().map(drop).map_err(|failure| failure.error);
        let mut calls = self.calls.iter().zip(OUTCOMES);
        let call = calls.find(|(_, (_, outcome))| *outcome == ended);
        call.map_or("", |(count, (name, _))| {
            count.fetch_add(1, Ordering::Relaxed);
            name
        })
    }

    /// How many calls ended how.
    pub fn calls(&self) -> Calls {
        let mut calls = OUTCOMES.map(|(outcome, _)| (outcome, 0));
        for ((_, count), counted) in calls.iter_mut().zip(&self.calls) {
            *count = counted.load(Ordering::Relaxed);
        }
        calls
    }

    /// The latest failures, the latest first.
    pub fn latest_errors(&self) -> Vec<(Timestamp, String)> {
        lock(&self.errors).iter().rev().cloned().collect()
    }

    /// What was left on the account when it said so last.
    pub fn balance(&self) -> Option<f64> {
        *lock(&self.balance)
    }

    /// How well it does what it says.
    pub fn delivery_rate(&self) -> MutexGuard<'_, DeliveryRate> {
        lock(&self.delivery_rate)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
