//! The suite: one crate, one file a feature.
//!
//! Most tests speak to the real router over a real SQLite file in a temporary
//! folder, with a clock that they move and a gateway that remembers what it
//! was given. Nothing sleeps. `binary/` runs the executable itself.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod harness;

mod access;
mod admin;
mod admin_commands;
mod age;
mod alarm;
mod app_page;
mod architecture;
mod backup;
mod binary;
mod bucket;
mod config;
mod cors;
mod counter;
mod development;
mod device;
mod doctor;
mod document;
mod durability;
mod faults;
mod figures;
mod forwarded;
mod framing;
mod fuzz;
mod gateways;
mod growth;
mod health;
mod http2;
mod import;
mod install;
mod installation;
mod invitation;
mod invite;
mod keys;
mod limit;
mod login;
mod metrics;
mod migrate;
mod nodes;
mod notice;
mod openapi;
mod operators;
mod otel;
mod page;
mod phone;
mod postgres;
mod prefix;
mod problem;
mod profile;
mod profile_cache;
mod proxy;
mod readme;
mod reload;
mod resend;
mod server;
mod service_manager;
mod session;
mod simulate;
mod start;
mod stats;
mod store;
mod tls;
mod transfer;
