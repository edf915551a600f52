//! What a referral system is: phones, codes, challenges, sessions, invitations.
//!
//! Nothing here knows of HTTP, SQL or `async`. Every rule is a plain function
//! over one transaction ([`tx::Tx`]) that is given the instant and the source
//! of chance as arguments, so that it can be read aloud and tested alone.

pub mod admin;
pub mod arrival;
pub mod audit;
pub mod challenge;
pub mod code;
pub mod cohort;
pub mod counter;
pub mod delivery;
pub mod destination;
pub mod device;
pub mod error;
pub mod family;
pub mod guard;
pub mod id;
pub mod import;
pub mod imported_token;
pub mod installation;
pub mod invitation;
pub mod lease;
pub mod ledger;
pub mod limit;
pub mod lock;
pub mod login;
pub mod money;
pub mod notice;
pub mod operator;
pub mod operator_login;
pub mod operator_session;
pub mod permission;
pub mod person;
pub mod phone;
pub mod profile;
pub mod proof;
pub mod region;
pub mod retention;
pub mod rotation;
pub mod search;
pub mod secret;
pub mod service_key;
pub mod session;
pub mod source;
pub mod statistic;
pub mod text;
pub mod time;
pub mod tree;
pub mod tx;
pub mod user;
pub mod version;
pub mod visitor;
