//! Who lives in a demo: numbers of several carriers, browsers, addresses.

use std::net::{IpAddr, Ipv4Addr};

use rand::{RngExt, rngs::StdRng};

use super::super::seed::person::one;
use crate::domain::{
    device::{DeviceSecret, Origin},
    phone::Phone,
    user::UserId,
};

/// How phones of theirs begin, and how many of ten do so.
const CODES: [(u64, u32); 5] = [(912, 3), (916, 3), (921, 2), (903, 1), (926, 1)];
/// The same as a setting, so that figures tell them apart.
pub const DESTINATIONS: &str = "+7912#######, +7916#######, +7921#######, +79#########, !+7940";

/// What their browsers and apps call themselves.
const AGENTS: [&str; 5] = [
    "Mozilla/5.0 (Linux; Android 14; K) AppleWebKit/537.36 Chrome/131.0 Mobile Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Mobile Safari/604.1",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/131.0 Safari/537.36",
    "ExampleApp/2.4 (Android 13)",
    "ExampleApp/2.4 (iOS 17.6)",
];

/// Somebody, as far as the service knows them by.
#[derive(Debug, Clone)]
pub struct Person {
    pub phone: Phone,
    pub origin: Origin,
    /// By which their device is known, since they logged in.
    pub device: Option<DeviceSecret>,
    /// Their account, while they have one.
    pub account: Option<UserId>,
}

impl Person {
    /// Draws somebody, whose number nobody has by chance alone.
    pub fn draw(rng: &mut StdRng) -> Self {
        let phone = 70_000_000_000 + code(rng) * 10_000_000 + rng.random_range(0..10_000_000);
        let phone = Phone::from_number(phone).expect("eleven digits from 7 are a phone");
        let ip = Ipv4Addr::new(
            100,
            rng.random_range(64..128),
            rng.random_range(0..=255),
            rng.random_range(1..255),
        );
        Self {
            phone,
            origin: Origin {
                user_agent: one(rng, &AGENTS).to_owned(),
                ip: Some(IpAddr::V4(ip)),
            },
            device: None,
            account: None,
        }
    }
}

fn code(rng: &mut StdRng) -> u64 {
    let mut ticket = rng.random_range(0..10);
    for (code, share) in CODES {
        if ticket < share {
            return code;
        }
        ticket -= share;
    }
    CODES[0].0
}
