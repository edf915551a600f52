//! Where operators work.

use std::net::SocketAddr;

use toml::Value;

use super::value::Setting;

/// Where `/admin/` is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdminAt {
    /// Nowhere.
    Off,
    /// Beside the API.
    Beside,
    /// At an address of its own, and nothing else there.
    Alone(SocketAddr),
}

impl AdminAt {
    /// The address of its own, if it has one.
    pub fn address(self) -> Option<SocketAddr> {
        match self {
            Self::Alone(address) => Some(address),
            Self::Off | Self::Beside => None,
        }
    }
}

impl Setting for AdminAt {
    fn read(value: &Value) -> Result<Self, String> {
        if let Ok(is_on) = bool::read(value) {
            return Ok(if is_on { Self::Beside } else { Self::Off });
        }
        let address = SocketAddr::read(value).map(Self::Alone);
        address.map_err(|reason| format!("is not on or off, and {reason}"))
    }
}
