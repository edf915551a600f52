//! Addresses on the web: the origins that may call, and where this server is reached.

use std::{
    net::{IpAddr, Ipv6Addr},
    str::FromStr,
};

/// An origin as browsers and app web views write it (RFC 6454, section 6.2):
/// scheme, host, and port if it is not the scheme's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    /// The text, to be compared byte by byte.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Origin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if is_origin(text) {
            return Ok(Self(text.to_owned()));
        }
        Err("is not an origin as browsers send it: write scheme and host in lower case, no path, and a port only if it is not the scheme's own, as in \"https://example.com\" or \"capacitor://localhost\"".to_owned())
    }
}

fn is_origin(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else {
        return false;
    };
    // The colons of an IPv6 address are in brackets.
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (rest, None),
    };
    let lower = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_address = host.strip_prefix('[').is_some_and(|address| {
        let address = address.strip_suffix(']').unwrap_or_default();
        address.parse::<Ipv6Addr>().is_ok() && !address.contains(|c: char| c.is_ascii_uppercase())
    });
    let is_name = !host.is_empty()
        && host
            .bytes()
            .all(|byte| lower(byte) || b"-._".contains(&byte));
    let own = match scheme {
        "http" => 80,
        "https" => 443,
        _ => 0,
    };
    let is_port = |port: &str| {
        let number: Option<u16> = port.parse().ok();
        number.is_some_and(|number| number != own && number.to_string() == port)
    };
    scheme.starts_with(|c: char| c.is_ascii_lowercase())
        && scheme
            .bytes()
            .all(|byte| lower(byte) || b"+-.".contains(&byte))
        && (is_name || is_address)
        && port.is_none_or(is_port)
}

/// Where clients reach the server: a web origin, and the path of a prefix if a
/// proxy serves it under one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    url: String,
    /// How much of it is the origin.
    origin: usize,
}

impl PublicUrl {
    /// Without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.url
    }

    /// The path of the prefix: empty, or with a slash in front only.
    pub fn prefix(&self) -> &str {
        &self.url[self.origin..]
    }

    /// Whether others on the way can read what is sent there: it is not
    /// encrypted, and leaves this machine.
    pub fn is_exposed(&self) -> bool {
        let Some(rest) = self.url[..self.origin].strip_prefix("http://") else {
            return false;
        };
        let host = match rest.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => host,
            _ => rest,
        };
        let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
        host != "localhost" && !address.is_ok_and(|address| address.is_loopback())
    }
}

/// Most characters of one: a QR code has room for 2331 (ISO/IEC 18004, version
/// 40-M), and what is below the address goes into it as well.
const LONGEST: usize = 2000;

impl FromStr for PublicUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let url = text.strip_suffix('/').unwrap_or(text);
        let host = ["https://", "http://"]
            .into_iter()
            .find(|scheme| url.starts_with(scheme));
        let host = host.map_or(0, str::len);
        let origin = url[host..].find('/').map_or(url.len(), |at| host + at);
        let is_plain = |segment: &str| {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
            !["", ".", ".."].contains(&segment) && segment.bytes().all(plain)
        };
        let mut segments = url[origin..].split('/').skip(1);
        if host == 0 || !is_origin(&url[..origin]) || !segments.all(is_plain) {
            return Err("is not the address of a server: write it as in \"https://example.com\", with a path if a proxy serves it under one".to_owned());
        }
        if url.len() > LONGEST {
            return Err(format!("is longer than {LONGEST} characters"));
        }
        let url = url.to_owned();
        Ok(Self { url, origin })
    }
}
