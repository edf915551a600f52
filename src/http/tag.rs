//! The chapters of the documentation.

use poem_openapi::Tags;

/// A chapter.
#[derive(Tags)]
pub enum Tag {
    /// A phone asks for a code and confirms it.
    Login,
    /// New tokens for old, the list of logins, logging out.
    Sessions,
    /// One's own account.
    Profile,
    /// Who invited whom.
    Invitations,
    /// For load balancers and supervisors.
    Health,
}
