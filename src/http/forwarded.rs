//! Who is behind the peer: proxies name their clients in a header, which is
//! believed from trusted proxies only, and only up to the nearest hop that is
//! not one of them: whatever stands in front of that was written by strangers.

use std::{iter, net::IpAddr, time::Duration};

use poem::{Addr, Request, http::HeaderMap};

use crate::{
    app::App,
    config::{ForwardingHeader, Http},
};

/// Most hops that are looked at.
const MOST_HOPS: usize = 32;
/// How often the operator is told that addresses of clients get lost.
const REMINDER: Duration = Duration::from_mins(10);

/// The client's address: the peer or, behind trusted proxies, the nearest hop
/// that is none of them. `None` where there is no network. Where everybody
/// behind a proxy becomes one source by that, the operator is told.
pub fn address(app: &App, request: &Request) -> Option<IpAddr> {
    let (http, peer) = (&app.config.http, peer(request)?);
    if !is_trusted(http, peer) {
        warn_of_stranger(app, request);
        return Some(peer);
    }
    let nearest = nearest_stranger(http, request.headers());
    if nearest.is_none() {
        warn_of_proxy(app, request);
    }
    Some(nearest.unwrap_or(peer))
}

/// A peer that is not a trusted proxy may be one all the same.
fn warn_of_stranger(app: &App, request: &Request) {
    if let Some(sent) = usual_header(request)
        && is_due(app, "http.trusted_proxies")
    {
        tracing::warn!(
            header = sent,
            "a forwarding header is ignored, since its sender is not one of http.trusted_proxies: \
             if that is a proxy of yours, everybody behind it counts as one source"
        );
    }
}

/// A trusted proxy does not name its client as it is expected to. What asks
/// for health it asks for itself.
fn warn_of_proxy(app: &App, request: &Request) {
    let is_its_own = request.uri().path().starts_with("/health/");
    if !is_its_own && is_due(app, "http.client_address") {
        tracing::warn!(
            expected = app.config.http.client_address.as_str(),
            sent = usual_header(request),
            "a trusted proxy does not name its client in the header of http.client_address: \
             everybody behind it counts as one source"
        );
    }
}

fn is_due(app: &App, setting: &'static str) -> bool {
    app.log_throttle
        .is_due_every(REMINDER, setting, app.monotonic.now())
}

fn peer(request: &Request) -> Option<IpAddr> {
    match &request.remote_addr().0 {
        Addr::SocketAddr(peer) => Some(peer.ip().to_canonical()),
        _ => None,
    }
}

fn is_trusted(http: &Http, address: IpAddr) -> bool {
    let mut networks = http.trusted_proxies.iter();
    networks.any(|network| network.contains(&address))
}

/// Headers in which proxies and content delivery networks name clients.
const USUAL: [&str; 12] = [
    "x-forwarded-for",
    "forwarded",
    "x-real-ip",
    "x-client-ip",
    "client-ip",
    "x-cluster-client-ip",
    "x-envoy-external-address",
    "x-azure-clientip",
    "cf-connecting-ip",
    "fastly-client-ip",
    "fly-client-ip",
    "true-client-ip",
];

/// Whether a proxy names somebody else as the client, whether or not it is believed.
pub fn is_forwarded(request: &Request) -> bool {
    usual_header(request).is_some()
}

fn usual_header(request: &Request) -> Option<&'static str> {
    let mut names = request.headers().keys();
    names.find_map(|name| USUAL.into_iter().find(|usual| *usual == name.as_str()))
}

/// The nearest hop that is not a trusted proxy, or the last one before a hop
/// that cannot be read; `None` when that is the first.
fn nearest_stranger(http: &Http, headers: &HeaderMap) -> Option<IpAddr> {
    let header = http.client_address;
    // Several lines are one list.
    let lines = headers.get_all(header.as_str()).iter().rev();
    let elements = lines.flat_map(|line| from_the_end(line.as_bytes(), b','));
    let mut nearest = None;
    for element in elements.take(MOST_HOPS) {
        let hop = match header {
            ForwardingHeader::Forwarded => described(element),
            ForwardingHeader::XForwardedFor | ForwardingHeader::XRealIp => hop(element),
        };
        // Beyond a hop that cannot be read, nothing is to be believed.
        let Some(hop) = hop else { break };
        nearest = Some(hop);
        if !is_trusted(http, hop) {
            break;
        }
    }
    nearest
}

/// The parts of a list, the last one first, so that nothing a stranger wrote
/// in front changes how those are read which proxies added at the end.
/// Separators within quotes do not count (RFC 9110, section 5.6.4).
fn from_the_end(list: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(list);
    iter::from_fn(move || {
        let list = rest?;
        let mut in_quotes = false;
        for (at, byte) in list.iter().enumerate().rev() {
            if *byte == b'"' && !is_escaped(&list[..at]) {
                in_quotes = !in_quotes;
            } else if *byte == separator && !in_quotes {
                rest = Some(&list[..at]);
                return Some(list[at + 1..].trim_ascii());
            }
        }
        rest = None;
        Some(list.trim_ascii())
    })
}

fn is_escaped(before: &[u8]) -> bool {
    let backslashes = before.iter().rev().take_while(|byte| **byte == b'\\');
    backslashes.count() % 2 == 1
}

/// The address in an element of `Forwarded` (RFC 7239, section 4).
fn described(element: &[u8]) -> Option<IpAddr> {
    let mut nodes = from_the_end(element, b';').filter_map(|pair| {
        let (name, node) = pair.split_at(pair.iter().position(|byte| *byte == b'=')?);
        let is_client = name.trim_ascii().eq_ignore_ascii_case(b"for");
        is_client.then(|| node[1..].trim_ascii())
    });
    let (Some(node), None) = (nodes.next(), nodes.next()) else {
        return None;
    };
    match node.strip_prefix(b"\"") {
        Some(quoted) => hop(quoted.strip_suffix(b"\"")?),
        None => hop(node),
    }
}

/// Proxies write addresses bare, in brackets, with a port, with a zone.
/// Names that say nothing (`unknown`, `_hidden`) are not addresses.
fn hop(text: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(text).ok()?;
    let (host, port) = match text.strip_prefix('[') {
        Some(bracketed) => bracketed.split_once(']')?,
        // Without brackets, only an IPv4 address can have a port.
        None => match text.find(':') {
            Some(at) if text.rfind(':') == Some(at) => text.split_at(at),
            _ => (text, ""),
        },
    };
    let (address, _zone) = host.split_once('%').unwrap_or((host, ""));
    let address: IpAddr = address.parse().ok()?;
    (port.is_empty() || port.starts_with(':')).then(|| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hops_are_read_in_every_spelling_proxies_use() {
        for (text, address) in [
            ("203.0.113.7", "203.0.113.7"),
            ("203.0.113.7:4711", "203.0.113.7"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:4711", "2001:db8::1"),
            ("fe80::1%eth0", "fe80::1"),
            ("[fe80::1%25eth0]:80", "fe80::1"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
        ] {
            assert_eq!(hop(text.as_bytes()), address.parse().ok(), "{text}");
        }
        for text in [
            "",
            "unknown",
            "_hidden",
            "203.0.113",
            "203.0.113.7;",
            "203.0.113.07",
            "[203.0.113.7",
            "[2001:db8::1]4711",
            "%eth0",
        ] {
            assert_eq!(hop(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn elements_are_read_as_rfc_7239_writes_them() {
        for (element, address) in [
            ("for=203.0.113.7", "203.0.113.7"),
            ("For=\"203.0.113.7:4711\"", "203.0.113.7"),
            ("for=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"),
            ("by=203.0.113.43;for=203.0.113.7;proto=https", "203.0.113.7"),
            (
                "host=\"a;for=1.1.1.1\" ; for=\"203.0.113.7\"",
                "203.0.113.7",
            ),
            ("for=203.0.113.7:_port", "203.0.113.7"),
        ] {
            assert_eq!(
                described(element.as_bytes()),
                address.parse().ok(),
                "{element}"
            );
        }
        for element in [
            "",
            "203.0.113.7",
            "proto=http",
            "for=unknown",
            "for=\"_gazonk\"",
            "for=1.1.1.1;for=203.0.113.7",
            "for=\"203.0.113.7",
        ] {
            assert_eq!(described(element.as_bytes()), None, "{element}");
        }
    }

    proptest! {
        #[test]
        fn nothing_in_front_changes_what_a_proxy_added(front in "([,;=\\[\\]\"\\\\ a-f0-9.:]|for=){0,40}") {
            for added in ["for=203.0.113.7", "for=\"[2001:db8::7]:4711\";proto=https"] {
                let list = format!("{front}, {added}");
                prop_assert_eq!(from_the_end(list.as_bytes(), b',').next(), Some(added.as_bytes()));
            }
        }
    }
}
