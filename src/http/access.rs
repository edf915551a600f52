//! The access log: one line for each request, whoever answered it. It names
//! the route and never the path, and of the source only the network.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use poem::{
    Response,
    http::{Method, StatusCode},
};
use tokio::time::Instant;

use super::{problem::Kind, route::Route};

/// The line of a request under way. It is written when it is dropped: without
/// a status when the client went away before the answer.
pub struct Line<'r> {
    request_id: &'r str,
    method: Option<&'static str>,
    route: Option<&'r str>,
    source: Option<Network>,
    begun: Instant,
    status: Option<StatusCode>,
    code: Option<&'static str>,
}

impl<'r> Line<'r> {
    /// Of a request that has just come, or of what cannot be read as one.
    pub fn begin(
        request_id: &'r str,
        method: Option<&Method>,
        route: Option<&'r Route>,
        source: Option<IpAddr>,
    ) -> Self {
        Self {
            request_id,
            method: method.map(name),
            route: route.map(|route| route.pattern.as_str()),
            source: source.map(Network),
            begun: Instant::now(),
            status: None,
            code: None,
        }
    }

    /// Notes how the request was answered.
    pub fn end(&mut self, response: &Response) {
        self.status = Some(response.status());
        let kind = response.extensions().get::<&'static Kind>();
        self.code = kind.map(|kind| kind.code);
    }
}

impl Drop for Line<'_> {
    fn drop(&mut self) {
        let duration = self.begun.elapsed().as_micros();
        tracing::info!(
            target: "invited::access",
            method = self.method,
            route = self.route,
            status = self.status.map(|status| status.as_u16()),
            code = self.code,
            duration_us = u64::try_from(duration).unwrap_or(u64::MAX),
            source = self.source.map(tracing::field::display),
            request_id = self.request_id,
        );
    }
}

/// The method's name. One that nobody knows is the client's own word, which
/// may be anything: a token, a phone.
fn name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// The network that an address is in: an IPv4 /24 or an IPv6 /48. It tells an
/// attack from a crowd, and no person.
#[derive(Clone, Copy)]
struct Network(IpAddr);

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.to_canonical() {
            IpAddr::V4(address) => {
                let network = Ipv4Addr::from_bits(address.to_bits() >> 8 << 8);
                write!(f, "{network}/24")
            }
            IpAddr::V6(address) => {
                let network = Ipv6Addr::from_bits(address.to_bits() >> 80 << 80);
                write!(f, "{network}/48")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_address_only_its_network_is_told() {
        for (address, network) in [
            ("203.0.113.77", "203.0.113.0/24"),
            ("::ffff:203.0.113.77", "203.0.113.0/24"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ] {
            let address = Network(address.parse().unwrap());
            assert_eq!(address.to_string(), network);
        }
    }
}
