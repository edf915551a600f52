//! Known devices, as their user is shown them.

use poem_openapi::Object;
use serde::Serialize;
use time::{OffsetDateTime, macros::datetime};

use super::types::{example, instant};
use crate::domain::{device::Device, session::Session};

/// A known device: one that has limits apart from strangers'.
#[derive(Object, Serialize)]
#[oai(example)]
pub struct DeviceEntry {
    /// Its first login (RFC 3339).
    #[serde(with = "time::serde::rfc3339")]
    created: OffsetDateTime,
    /// Its latest login or refresh (RFC 3339).
    #[serde(with = "time::serde::rfc3339")]
    last_used: OffsetDateTime,
    /// What its client called itself at its latest login.
    user_agent: String,
    /// The address of its latest login, `null` when unknown.
    #[oai(nullable)]
    ip: Option<String>,
    /// Whether the session of this call was begun on it.
    current: bool,
}

example!(DeviceEntry {
    created: datetime!(2024-04-15 21:11:13 UTC),
    last_used: datetime!(2024-04-15 21:11:13 UTC),
    user_agent: "Mozilla/5.0".to_owned(),
    ip: Some("203.0.113.7".to_owned()),
    current: true,
});

impl DeviceEntry {
    /// A device as it is shown to a session.
    pub fn of(device: Device, session: &Session) -> Self {
        Self {
            created: instant(device.created_at),
            last_used: instant(device.used_at),
            user_agent: device.origin.user_agent,
            ip: device.origin.ip.map(|ip| ip.to_string()),
            current: session.device == Some(device.hash),
        }
    }
}
