//! The two codes people type: the one-time code of a challenge, and the
//! invitation code of a user.

mod error;
mod invitation;
mod one_time;

pub use self::{error::NotACode, invitation::InvitationCode, one_time::OneTimeCode};
