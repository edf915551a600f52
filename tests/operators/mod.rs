//! Operators over HTTP: who is let in, for how long, to what.

mod appointments;
mod audit;
mod events;
mod keys;
mod listener;
mod pages;
mod requests;
mod roles;
mod session;
mod tree;
