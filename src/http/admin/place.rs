//! Where the API of operators is reached, which its cookie and its links go by.

use crate::config::{AdminAt, Config};

/// Where it is reached.
pub struct Place {
    /// Its address, without the slash at its end.
    pub base_url: String,
    /// What a proxy puts in front of every path.
    pub prefix: String,
    /// Whether browsers reach it over TLS.
    pub is_encrypted: bool,
}

impl Place {
    /// Beside the API.
    pub fn beside(config: &Config) -> Self {
        Self::of(config.base_url(), config.prefix())
    }

    /// On a listener of its own.
    pub fn alone(config: &Config) -> Self {
        let address = match config.http.admin {
            AdminAt::Alone(address) => address,
            AdminAt::Off | AdminAt::Beside => config.server.listen,
        };
        Self::of(format!("{}://{address}", config.tls.scheme()), "")
    }

    fn of(base_url: String, prefix: &str) -> Self {
        Self {
            is_encrypted: base_url.starts_with("https:"),
            prefix: prefix.to_owned(),
            base_url,
        }
    }

    /// The scheme, the host and the port of its address.
    pub fn origin(&self) -> &str {
        let end = self.base_url.len() - self.prefix.len();
        &self.base_url[..end]
    }
}
