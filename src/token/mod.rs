//! Tokens: what the server signs or seals, and believes when it comes back.
//!
//! A token says who is calling or which challenge is meant; whether that still
//! holds is for the store to say. The instant is always an argument, never the
//! libraries' own clock.

pub mod access;
pub mod challenge;
pub mod encoding;
pub mod imported;
pub mod key_file;
pub mod keys;

use std::time::Duration;

/// How far the clocks of several servers may be apart.
const LEEWAY: Duration = Duration::from_secs(5);

/// Why a token is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It was not made by this server for this purpose, or was changed since.
    #[error("the token is not valid")]
    Invalid,
    /// It was good once.
    #[error("the token has expired")]
    Expired,
}
