//! Where requests come from, and what each source has done lately.
//!
//! A source is an IPv4 address, or an IPv6 /64: whoever holds one address of
//! that holds them all. The networks around it have limits of their own, some
//! times as high: whoever holds many sources mostly holds neighbours.

pub mod memory;
mod table;

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering::Relaxed},
    },
};

/// For each size of network: how many last bits its sources differ in, and how
/// many times as much as one source it may do. Of IPv4: an address, a /24.
const V4: &[(u32, u32)] = &[(0, 1), (8, 16)];
/// Of IPv6: a /64, a /56, a /48.
const V6: &[(u32, u32)] = &[(0, 1), (8, 4), (16, 16)];

/// Where a request came from, as limits see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// An IPv4 address, however it was written.
    V4(u32),
    /// The first half of an IPv6 address.
    V6(u64),
}

impl From<IpAddr> for Source {
    fn from(address: IpAddr) -> Self {
        let v6 = match address {
            IpAddr::V4(v4) => return Self::V4(v4.to_bits()),
            IpAddr::V6(v6) => v6,
        };
        match v6.segments() {
            // IPv4-mapped; IPv4-compatible, which :: and ::1 are not; NAT64, also in
            // a /96 of the local prefix (RFC 6052, section 2.2; RFC 8215).
            [0, 0, 0, 0, 0, 0xffff, high, low]
            | [0, 0, 0, 0, 0, 0, high @ 1..=0xffff, low]
            | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
            | [0x64, 0xff9b, 1, _, _, _, high @ 1..=0xffff, low]
            // 6to4 (RFC 3056, section 2).
            | [0x2002, high, low, ..] => Self::V4(u32::from(high) << 16 | u32::from(low)),
            [a, b, c, d, ..] => {
                Self::V6([a, b, c, d].into_iter().fold(0, |bits, next| bits << 16 | u64::from(next)))
            }
        }
    }
}

impl Source {
    /// Itself and the networks that it is in: what each is called in its
    /// table, and how many times as much as one source it may do.
    fn networks(self) -> impl Iterator<Item = (u64, u32)> {
        let (bits, sizes) = match self {
            Self::V4(address) => (u64::from(address), V4),
            Self::V6(half) => (half, V6),
        };
        sizes
            .iter()
            .map(move |(shared, times)| (bits >> shared, *times))
    }

    /// The widest network that it is in, by its first source: an IPv4 /24 or an
    /// IPv6 /48.
    pub fn network(self) -> Self {
        match self {
            Self::V4(address) => Self::V4(address >> 8 << 8),
            Self::V6(half) => Self::V6(half >> 16 << 16),
        }
    }
}

/// What sources are limited in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// Asking for a message.
    Send,
    /// Confirming with a wrong code.
    FailedConfirmation,
    /// Confirming with a token that cannot be read.
    UnreadableToken,
    /// Entering an invitation code that nobody has.
    WrongInvitationCode,
}

impl Deed {
    fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// What a request was charged with. Its transaction may run more than once, and
/// is not to be charged, nor refused, for what an earlier run of it did.
#[derive(Debug, Clone, Default)]
pub struct Charged(Arc<AtomicU8>);

impl Charged {
    /// Whether it was charged with that.
    pub fn with(&self, deed: Deed) -> bool {
        (self.0.load(Relaxed) & deed.bit()) != 0
    }

    /// Notes that it is; `false` when it was before.
    pub fn charge(&self, deed: Deed) -> bool {
        (self.0.fetch_or(deed.bit(), Relaxed) & deed.bit()) == 0
    }

    /// Notes that it no longer is; `false` when it was not.
    pub fn take_back(&self, deed: Deed) -> bool {
        (self.0.fetch_and(!deed.bit(), Relaxed) & deed.bit()) != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        text.parse::<IpAddr>().unwrap().into()
    }

    #[test]
    fn a_network_is_an_ipv4_24_or_an_ipv6_48() {
        let network = |text: &str| source(text).network();
        assert_eq!(network("203.0.113.7"), network("203.0.113.250"));
        assert_ne!(network("203.0.113.7"), network("203.0.114.7"));
        assert_eq!(network("2001:db8:7:1::1"), network("2001:db8:7:ffff::1"));
        assert_ne!(network("2001:db8:7::1"), network("2001:db8:8::1"));
    }

    #[test]
    fn a_source_is_an_ipv4_address_or_an_ipv6_64() {
        assert_eq!(source("2001:db8::1"), source("2001:db8::ffff:0:1"));
        assert_ne!(source("2001:db8::1"), source("2001:db8:0:1::1"));
        assert_ne!(source("203.0.113.7"), source("203.0.113.8"));
        for (text, v4) in [
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("::203.0.113.7", "203.0.113.7"),
            ("64:ff9b::203.0.113.7", "203.0.113.7"),
            ("64:ff9b:1::203.0.113.7", "203.0.113.7"),
            ("64:ff9b:1:a:b:c:203.0.113.7", "203.0.113.7"),
            ("2002:cb00:7107::1", "203.0.113.7"),
            ("2002:cb00:7107:1:2:3:4:5", "203.0.113.7"),
        ] {
            assert_eq!(source(text), source(v4), "{text}");
        }
        for text in [
            "::",
            "::1",
            "64:ff9b:2::1",
            "64:ff9b:1:cb00:71:700::",
            "2003::1",
        ] {
            assert!(matches!(source(text), Source::V6(_)), "{text}");
        }
        assert_eq!(
            source("2001:db8:1:2:3::"),
            Source::V6(0x2001_0db8_0001_0002)
        );
    }

    #[test]
    fn a_request_is_charged_once_and_taken_back_once() {
        let charged = Charged::default();
        let again = charged.clone();
        assert!(charged.charge(Deed::Send) && !again.charge(Deed::Send) && again.with(Deed::Send));
        assert!(!again.with(Deed::UnreadableToken) && again.charge(Deed::UnreadableToken));
        assert!(
            again.take_back(Deed::Send)
                && !charged.take_back(Deed::Send)
                && !charged.with(Deed::Send)
        );
    }
}
