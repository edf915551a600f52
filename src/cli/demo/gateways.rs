//! The gateways that a demo's messages went through: one that is cheap and was
//! out of order for an afternoon, and one that stood in for it.

use std::time::Duration;

use rand::{RngExt, rngs::StdRng};

use super::days::Month;
use crate::domain::{delivery::Reported, money::Money, time::Timestamp};

/// What a message costs at most, as a setting.
pub const PRICES: &str = "+79=3.40";

/// What may be spent on the messages of so many people, as a setting.
pub fn budget(people: u32) -> String {
    format!("{}/24h, {}/30d", 100 + people, 100 + people * 12)
}

/// A gateway that is not there.
pub struct Gateway {
    pub name: &'static str,
    cost: &'static str,
    /// Seconds until most messages arrive.
    pace: f64,
    /// Hundredths of messages that do.
    reach: u32,
}

const FIRST: Gateway = Gateway {
    name: "north-sms",
    cost: "2.10",
    pace: 4.0,
    reach: 96,
};
const SECOND: Gateway = Gateway {
    name: "south-sms",
    cost: "3.40",
    pace: 9.0,
    reach: 93,
};

/// The one that takes a message at that time, if any does.
pub fn on_duty(month: &Month, at: Timestamp, rng: &mut StdRng) -> Option<&'static Gateway> {
    if month.is_outage(at) {
        // So many came at once that the second one refused some.
        return rng.random_ratio(5, 6).then_some(&SECOND);
    }
    match rng.random_range(0..100) {
        0 => None,
        1..6 => Some(&SECOND),
        _ => Some(&FIRST),
    }
}

impl Gateway {
    pub fn cost(&self) -> Money {
        self.cost.parse().expect("an amount")
    }

    /// What it reports of a message, and how soon; `None` when it never does.
    pub fn report(&self, rng: &mut StdRng) -> Option<(Reported, Duration)> {
        // Many arrive soon, and a few after minutes.
        let wait = self.pace * (0.4 - rng.random_range(0.001_f64..1.0).ln());
        let wait = Duration::from_secs_f64(wait);
        match rng.random_range(0..100) {
            ticket if ticket < self.reach => Some((Reported::Delivered, wait)),
            99 => None,
            _ => Some((Reported::Undelivered, wait * 20)),
        }
    }
}
