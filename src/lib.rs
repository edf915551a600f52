//! `invited`: a referral service with login by phone number.
//!
//! The map, and who may import whom (`tests/architecture` holds us to it):
//!
//! - [`domain`] values, entities with the trait of their table beside them, and the
//!   rules over the sum of these ([`domain::tx`]); imports nothing of ours
//! - [`token`] signed and sealed tokens, and their keys; imports `domain`, `files`, and `clock` to test
//! - [`store`] one transaction at a time; imports `clock`, `domain`, `files`
//! - [`sms`] gateways to phones; imports `domain`, `files`
//! - [`tls`] certificates, and connections that use them; imports `domain`, `files`
//! - [`clock`] time and chance; imports `domain`
//! - [`config`] every setting; imports `age`, `domain`, `files`, and the choices of `sms`, `store` and
//!   `telemetry`
//! - [`app`] what a running service consists of, sending, and backups; imports all of the
//!   above, `age`, `files`
//! - [`http`] the API, that of operators, and pages; imports `app`, `config`, `domain`, `sms`,
//!   `telemetry`, `tls`, `token`
//! - [`cli`] one file a command; imports everything
//! - [`age`] encrypts files to the holders of keys; imports nothing of ours
//! - [`files`] what can be said of a file; imports nothing of ours
//! - [`telemetry`] logs, and traces; imports nothing of ours
//!
//! Files do not import one another in a circle either.

pub mod age;
pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod domain;
pub mod files;
pub mod http;
pub mod sms;
pub mod store;
pub mod telemetry;
pub mod tls;
pub mod token;
