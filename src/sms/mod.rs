//! How a code reaches a phone: one trait, and gateways that hold gateways.
//!
//! A gateway is an open set, hence a trait object, chosen by name when the
//! server starts. It is always called outside of any transaction. Most are
//! data: a declared HTTP request, written by the operator or a preset.

pub mod breaker;
pub mod choice;
mod client;
pub mod configured;
mod console;
mod declared;
mod delivery_rate;
mod error;
mod file;
mod gateway;
mod history;
pub mod language;
mod message;
pub mod presets;
pub mod redaction;
mod report;
pub mod route;
pub mod secret;
pub mod setup;
pub mod text;

pub use self::{
    declared::{
        spec::Flaw,
        variables::{Environment, Setting},
    },
    error::{Failure, SmsError},
    gateway::{Gateway, Receipt, Transcript},
    message::Message,
    report::{Doubt, Post, Report},
};
