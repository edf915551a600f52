//! A database on a server that everything is moved from, or to.

mod source;
mod state;
mod target;

pub use self::{source::Reader, state::peek, target::Writer};
