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

/// What names a request: twelve random bytes, which tell nothing of any other.
#[derive(Debug, Clone, Copy)]
pub struct RequestId([u8; 24]);

impl RequestId {
    /// Made of bytes that were drawn.
    pub fn of(drawn: [u8; 12]) -> Self {
        let digit = |nibble: u8| b"0123456789abcdef"[usize::from(nibble)];
        let mut digits = [0; 24];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(drawn) {
            pair.copy_from_slice(&[digit(byte >> 4), digit(byte & 15)]);
        }
        Self(digits)
    }

    /// As answers and the log write it.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

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
    pub request_id: RequestId,
}

impl Access {
    /// Writes its line, of the time when it was over.
    pub fn write(&self, at: SystemTime, style: Style, text: &mut String) {
        let mut line = Line::begin(text, style, at, Level::INFO, TARGET);
        if let Some(method) = self.method {
            line.word("method", [method]);
        }
        if let Some(route) = self.route {
            line.word("route", [route]);
        }
        if let Some(status) = self.status {
            line.number("status", status);
        }
        if let Some(code) = self.code {
            line.word("code", [code]);
        }
        let duration = u64::try_from(self.duration.as_micros());
        line.number("duration_us", duration.unwrap_or(u64::MAX));
        if let Some(source) = self.source {
            write_network(&mut line, source);
        }
        line.word("request_id", [self.request_id.as_str()]);
        line.end(TARGET);
    }
}

/// Writes the network that an address is in: an IPv4 /24 or an IPv6 /48. It
/// tells an attack from a crowd, and no person.
fn write_network(line: &mut Line<'_>, address: IpAddr) {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let mut buffers = [itoa::Buffer::new(); 3];
            let [a, b, c] = &mut buffers;
            let octets = address.octets();
            let (a, b, c) = (
                a.format(octets[0]),
                b.format(octets[1]),
                c.format(octets[2]),
            );
            line.word("source", [a, ".", b, ".", c, ".0/24"]);
        }
        IpAddr::V6(address) => {
            let network = Ipv6Addr::from_bits(address.to_bits() >> 80 << 80);
            line.word("source", [network.to_string().as_str(), "/48"]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(style: Style, source: &str) -> String {
        let access = Access {
            method: Some("GET"),
            route: Some("/profile/"),
            status: Some(200),
            code: None,
            duration: Duration::from_micros(1234),
            source: Some(source.parse().unwrap()),
            request_id: RequestId::of([0, 1, 15, 16, 127, 128, 159, 160, 170, 171, 254, 255]),
        };
        let mut text = String::new();
        access.write(SystemTime::UNIX_EPOCH, style, &mut text);
        text
    }

    #[test]
    fn of_an_address_only_its_network_is_told() {
        for (address, network) in [
            ("203.0.113.77", "203.0.113.0/24"),
            ("::ffff:203.0.113.77", "203.0.113.0/24"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ] {
            let line = written(Style::Plain, address);
            assert_eq!(
                line,
                format!(
                    "1970-01-01T00:00:00.000000Z  INFO invited::access: method=\"GET\" \
                     route=\"/profile/\" status=200 duration_us=1234 source=\"{network}\" \
                     request_id=\"00010f107f809fa0aaabfeff\"\n"
                )
            );
        }
    }

    #[test]
    fn a_request_is_an_object_of_json() {
        let line = written(Style::Json, "198.51.100.7");
        let object: serde_json::Value = serde_json::from_str(&line).unwrap();
        let expected = serde_json::json!({
            "timestamp": "1970-01-01T00:00:00.000000Z", "level": "INFO", "method": "GET",
            "route": "/profile/", "status": 200, "duration_us": 1234,
            "source": "198.51.100.0/24", "request_id": "00010f107f809fa0aaabfeff",
            "target": TARGET,
        });
        assert_eq!(object, expected);
    }
}
