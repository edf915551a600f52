//! Operators over HTTP: who is let in, for how long, to what.

mod roles;
mod session;
