//! The chapters of the documentation.

use poem_openapi::Tags;

/// A chapter.
#[derive(Tags)]
pub enum Tag {
    /// An operator logs in, and out.
    Session,
    /// Who they are, and what is done to them and for them.
    People,
    /// How things go.
    Figures,
    /// Who operates the service, with what keys, and what they did.
    Operators,
}
