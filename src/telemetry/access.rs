//! The access log: one line for each request, whoever answered it. It names
//! the route and never the path, and of the source only the network.

use std::{
    net::{IpAddr, Ipv6Addr},
    time::{Duration, SystemTime},
};

use tracing::Level;

use super::format::{Line, Style};

/// What filters name it.
pub const TARGET: &str = "invited::access";

/// How a request went.
#[derive(Debug, Clone, Copy)]
pub struct Access {
    /// Its method, if it is a known one.
    pub method: Option<&'static str>,
    /// The route that it found, as the document writes it.
    pub route: Option<&'static str>,
    /// What it was answered with, unless the client went away before.
    pub status: Option<u16>,
    /// The code of the problem that it met.
    pub code: Option<&'static str>,
    /// How long its answer took.
    pub duration: Duration,
    /// Where it came from.
    pub source: Option<IpAddr>,
    /// What its answer names it.
    pub request_id: u128,
}

impl Access {
    /// Writes its line, of the time when it was over.
    pub fn write(&self, at: SystemTime, style: Style, text: &mut String) {
        let mut line = Line::begin(text, style, at, Level::INFO, TARGET);
        if let Some(method) = self.method {
            line.text("method", method);
        }
        if let Some(route) = self.route {
            line.text("route", route);
        }
        if let Some(status) = self.status {
            line.plain("status", status);
        }
        if let Some(code) = self.code {
            line.text("code", code);
        }
        let duration = u64::try_from(self.duration.as_micros());
        line.plain("duration_us", duration.unwrap_or(u64::MAX));
        if let Some(source) = self.source {
            line.text("source", &network(source));
        }
        line.text("request_id", &format!("{:024x}", self.request_id));
        line.end(TARGET);
    }
}

/// The network that an address is in: an IPv4 /24 or an IPv6 /48. It tells an
/// attack from a crowd, and no person.
fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        IpAddr::V6(address) => {
            let network = Ipv6Addr::from_bits(address.to_bits() >> 80 << 80);
            format!("{network}/48")
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn of_an_address_only_its_network_is_told() {
        for (address, network) in [
            ("203.0.113.77", "203.0.113.0/24"),
            ("::ffff:203.0.113.77", "203.0.113.0/24"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ] {
            assert_eq!(super::network(address.parse().unwrap()), network);
        }
    }
}
