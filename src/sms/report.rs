//! What a provider reports of messages that it took.

use reqwest::header::HeaderMap;

use crate::domain::{delivery::Reported, time::Timestamp};

/// A report, as it came.
#[derive(Debug, Clone, Copy)]
pub struct Post<'a> {
    /// What stood behind the `?` of its address.
    pub query: &'a str,
    /// Its body.
    pub body: &'a [u8],
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// When it came.
    pub at: Timestamp,
}

/// Why a report is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// This gateway reports nothing.
    Unexpected,
    /// It is not the provider's.
    Forged,
    /// It does not say what it should.
    Unreadable,
}

/// What a report says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// What it says of which messages.
    pub messages: Vec<(String, Reported)>,
    /// What the provider wants to hear.
    pub answer: String,
}
