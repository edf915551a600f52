//! What there is to know of a store from outside, which differs by what it is.

use super::{postgres::Load, sqlite};

/// What there is to know of a store from outside.
#[derive(Debug, Clone, Copy, Default)]
pub struct Figures {
    /// Of an SQLite file.
    pub file: Option<sqlite::Figures>,
    /// Of the connections to a server, which knows the rest.
    pub connections: Option<Load>,
}
