//! The kinds of values that settings have, and how each is written.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    ops::Deref,
    path::PathBuf,
    str::FromStr,
    time::Duration,
};

use toml::Value;

use super::{
    brand::{Color, Logo},
    origin::{Origin, PublicUrl},
    target::Target,
};
use crate::{
    age::Recipient,
    domain::{
        destination::{Destination, Destinations},
        limit::Limit,
        money::{Budget, Price},
        region::Region,
        retention::Retention,
        time::parse_span,
    },
    sms::{choice::Choice, language::Language},
    store,
    telemetry::Filter,
};

/// A setting's type: reads itself, or says what is wrong as the end of a
/// sentence that begins with the setting's name.
pub trait Setting: Sized {
    /// Reads a TOML value, or the text of a variable or a flag.
    fn read(value: &Value) -> Result<Self, String>;
}

pub(super) fn quoted(value: &Value) -> Result<&str, String> {
    value
        .as_str()
        .ok_or_else(|| "must be text, in quotes".to_owned())
}

/// Types that are written as text and read by their own `FromStr`.
macro_rules! written_as_text {
    ($($kind:ty),*) => {
        $(impl $crate::config::value::Setting for $kind {
            fn read(value: &toml::Value) -> Result<Self, String> {
                $crate::config::value::quoted(value)?.trim().parse()
            }
        })*
    };
}

written_as_text!(
    Limit,
    Price,
    Budget,
    Region,
    Retention,
    Destination,
    Choice,
    Color,
    Language,
    Logo,
    store::Location,
    Filter,
    ForwardingHeader,
    Host,
    Name,
    Origin,
    PublicUrl,
    AppHash,
    Recipient,
    Target
);

impl Setting for Duration {
    fn read(value: &Value) -> Result<Self, String> {
        match value {
            Value::Integer(_) => {
                Err("needs a unit: write for example \"90s\", with s, m, h or d".to_owned())
            }
            value => parse_span(quoted(value)?),
        }
    }
}

impl Setting for bool {
    fn read(value: &Value) -> Result<Self, String> {
        match (value.as_bool(), value.as_str().map(str::trim)) {
            (Some(is_on), _) => Ok(is_on),
            (None, Some("on" | "true")) => Ok(true),
            (None, Some("off" | "false")) => Ok(false),
            _ => Err("must be \"on\" or \"off\"".to_owned()),
        }
    }
}

impl Setting for SocketAddr {
    fn read(value: &Value) -> Result<Self, String> {
        let expected = "is not an address to listen on: write an IP address and a port, as in \"0.0.0.0:8080\", \
            or a port alone to be reached from this machine only";
        let text = match value {
            Value::Integer(port) => port.to_string(),
            value => quoted(value)?.trim().to_owned(),
        };
        address(&text).ok_or_else(|| expected.to_owned())
    }
}

/// An address as people write one. Without a host it is this machine's own, as
/// the default is: to be public takes more than to leave something out.
fn address(text: &str) -> Option<SocketAddr> {
    let (host, port) = text.rsplit_once(':').unwrap_or(("", text));
    let is_own = host.is_empty() || host.eq_ignore_ascii_case("localhost");
    let is_number = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    match (is_own && is_number, text.parse()) {
        (_, Ok(address)) => Some(address),
        (true, _) => Some((Ipv4Addr::LOCALHOST, port.parse().ok()?).into()),
        (false, _) => None,
    }
}

impl Setting for ipnet::IpNet {
    fn read(value: &Value) -> Result<Self, String> {
        let text = quoted(value)?.trim();
        let host = || text.parse::<IpAddr>().ok().map(Self::from);
        let network = text.parse().ok().or_else(host);
        network.ok_or_else(|| {
            "is not a network: write an address and a prefix length, as in \"10.0.0.0/8\""
                .to_owned()
        })
    }
}

impl Setting for Destinations {
    fn read(value: &Value) -> Result<Self, String> {
        Ok(Self::new(Vec::read(value)?)?)
    }
}

/// A header in which proxies name their clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForwardingHeader {
    /// A list of addresses that every proxy adds to.
    XForwardedFor,
    /// A list of descriptions that every proxy adds to (RFC 7239).
    Forwarded,
    /// One address.
    XRealIp,
}

impl ForwardingHeader {
    const ALL: [Self; 3] = [Self::XForwardedFor, Self::Forwarded, Self::XRealIp];

    /// Its name, in lower case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::XForwardedFor => "x-forwarded-for",
            Self::Forwarded => "forwarded",
            Self::XRealIp => "x-real-ip",
        }
    }
}

impl FromStr for ForwardingHeader {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_named = |header: &Self| header.as_str().eq_ignore_ascii_case(text);
        Self::ALL.into_iter().find(is_named).ok_or_else(|| {
            let names = Self::ALL.map(Self::as_str).join(", ");
            format!("must be one of {names}")
        })
    }
}

impl Setting for Option<PathBuf> {
    fn read(value: &Value) -> Result<Self, String> {
        let path = quoted(value)?;
        Ok((!path.is_empty()).then(|| path.into()))
    }
}

/// Settings that there may be none of.
macro_rules! optional {
    ($($kind:ty),*) => {
        $(impl $crate::config::value::Setting for Option<$kind> {
            fn read(value: &toml::Value) -> Result<Self, String> {
                if $crate::config::value::quoted(value)?.is_empty() {
                    Ok(None)
                } else {
                    $crate::config::value::Setting::read(value).map(Some)
                }
            }
        })*
    };
}

pub(super) use {optional, written_as_text};

optional!(Host, Logo, Name, PublicUrl, AppHash, SocketAddr, Duration);

/// A list: a TOML array, or text with commas.
impl<T: Setting> Setting for Vec<T> {
    fn read(value: &Value) -> Result<Self, String> {
        match value {
            Value::Array(items) => items.iter().map(T::read).collect(),
            Value::String(text) if text.trim_start().starts_with('[') => {
                let array: toml::Table = toml::from_str(&format!("list = {text}"))
                    .map_err(|_| "is not a list".to_owned())?;
                array.get("list").map_or(Ok(Self::new()), Self::read)
            }
            Value::String(text) => text
                .split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty())
                .map(|item| T::read(&Value::String(item.to_owned())))
                .collect(),
            _ => Err("must be a list of texts".to_owned()),
        }
    }
}

/// A whole number within bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count<const MIN: usize, const MAX: usize>(usize);

impl<const MIN: usize, const MAX: usize> Deref for Count<MIN, MAX> {
    type Target = usize;

    fn deref(&self) -> &usize {
        &self.0
    }
}

impl<const MIN: usize, const MAX: usize> Setting for Count<MIN, MAX> {
    fn read(value: &Value) -> Result<Self, String> {
        let number = match value {
            Value::Integer(number) => usize::try_from(*number).ok(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        let number = number.filter(|number| (MIN..=MAX).contains(number));
        number
            .map(Self)
            .ok_or_else(|| format!("must be a whole number from {MIN} to {MAX}"))
    }
}

/// Declares a text that keeps to a rule.
macro_rules! ruled_text {
    ($(#[$about:meta])* $name:ident, $rule:expr, $expected:literal) => {
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                let rule: fn(&str) -> bool = $rule;
                if rule(text) { Ok(Self(text.to_owned())) } else { Err($expected.to_owned()) }
            }
        }
    };
}

ruled_text!(
    /// A name that people read: one line, not empty.
    Name,
    |text| !text.is_empty() && !text.chars().any(char::is_control),
    "must be one line of text, and not empty"
);

ruled_text!(
    /// A host name.
    Host,
    |text| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.')
        && !text.is_empty()
        && !text.starts_with(['.', '-']),
    "is not a host name: write it without scheme and port, as in \"example.com\""
);

ruled_text!(
    /// The hash of an Android app.
    AppHash,
    |text| text.len() == 11 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(&byte)),
    "is not a hash of an Android app: it has 11 characters, as in \"FA+9qCX9VSu\""
);
