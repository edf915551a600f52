//! Taking in the users of an earlier service: what is kept of each row of its
//! file, and what is not, and why.
//!
//! A file is read as a whole before anything is written, since whose a code is
//! and which invitation closes a circle depends on all of its rows. Every row
//! is either imported or refused with a [`Reason`], and whatever is lost of
//! those that are imported has one too. Where two rows want the same, the older
//! one has it. The outcome is the same for the same file, in whatever order its
//! rows are, and running it again adds nothing twice.

mod add;
mod person;
mod plan;
mod reading;
mod reason;
mod session;

pub use self::{
    add::{Outcome, add},
    person::{InvitedBy, Person, Referrer, Row, Rules},
    plan::Plan,
    reading::Reading,
    reason::{Note, Reason},
    session::Tokens,
};
