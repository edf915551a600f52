//! What is to be brought to a phone.

use std::{net::IpAddr, time::Duration};

use super::language::Language;
use crate::domain::{code::OneTimeCode, phone::Phone, time::Timestamp};

/// A message: a one-time code, or a notice, which has none. `Debug` is not
/// derived: it would show the code.
pub struct Message {
    /// Whom it is for.
    pub to: Phone,
    /// What it says, code included.
    pub text: String,
    /// The code alone, for gateways with templates of their own; a notice has none.
    pub code: Option<OneTimeCode>,
    /// When it was asked for.
    pub at: Timestamp,
    /// How long it is of use: as long as its code lives.
    pub ttl: Duration,
    /// Names the message: two calls with the same are for one message.
    pub request_id: String,
    /// Who asked for it.
    pub ip: Option<IpAddr>,
    /// What it is written in.
    pub language: Language,
}

impl Message {
    /// Digits of its code; 0 when it has none.
    pub fn digits(&self) -> usize {
        self.code.as_ref().map_or(0, OneTimeCode::digits)
    }
}
