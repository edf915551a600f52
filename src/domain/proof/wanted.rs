//! What is asked for when a code is, and what comes of it.

use std::time::Duration;

use crate::domain::{
    challenge::{Challenge, Purpose},
    code::OneTimeCode,
    delivery::Dispatch,
    error::StoreError,
    guard::budget::Spending,
    limit::Reached,
    phone::Phone,
    source::Source,
    time::Timestamp,
};

/// What a test number has in place of a drawn code: one that is known.
#[derive(Debug, Clone)]
pub struct Fixed {
    /// The code.
    pub code: OneTimeCode,
    /// When it stops being one.
    pub until: Timestamp,
}

/// A phone that somebody wants to prove.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The phone.
    pub phone: Phone,
    /// What for.
    pub purpose: Purpose,
    /// Its code, if it is a test number: it gets no message, and has no limits.
    pub fixed: Option<Fixed>,
    /// From where it is asked for, whether or not that is held against anybody.
    pub source: Option<Source>,
    /// Its message, where a provider is to bring it.
    pub dispatch: Option<Dispatch>,
    /// The most digits that a code can have on its way there.
    pub longest: usize,
}

/// A challenge can be answered.
#[derive(Debug, Clone)]
pub struct Opened {
    /// It.
    pub challenge: Challenge,
    /// Whether its code is to be sent, once this is committed.
    pub sends: bool,
    /// How long until another may be begun.
    pub resend_in: Duration,
    /// The budget, when the operator should hear of it.
    pub spending: Option<Spending>,
    /// How many messages were found that nobody knows the end of.
    pub lost: usize,
}

/// A challenge was not begun.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A limit is reached.
    #[error("a limit is reached")]
    Limited(Reached),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Opened {
    /// That is answered again.
    pub fn unsent(challenge: Challenge, resend_in: Duration) -> Self {
        Self {
            challenge,
            sends: false,
            resend_in,
            spending: None,
            lost: 0,
        }
    }
}
