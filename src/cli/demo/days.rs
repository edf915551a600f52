//! When things happen in a demo: a month that ends now, in which people come
//! more often every week, by day rather than at night, and all at once when
//! somebody with many readers writes of it.

use std::time::Duration;

use rand::{RngExt, rngs::StdRng};

use crate::domain::time::Timestamp;

pub const DAYS: u32 = 30;
pub const HOUR: Duration = Duration::from_hours(1);
pub const DAY: Duration = Duration::from_hours(24);

/// How much goes on in each hour of a day in Moscow.
const HOURS: [u32; 24] = [
    4, 2, 1, 1, 1, 2, 4, 9, 14, 18, 20, 21, 23, 22, 20, 19, 20, 22, 25, 27, 26, 22, 15, 8,
];
/// How many hours Moscow is ahead of UTC.
const MOSCOW: i64 = 3;
/// The day of which somebody wrote, and how many times as many came.
const CAMPAIGN: (u32, u32) = (17, 3);
/// The day and the hours, in Moscow, of the outage.
const OUTAGE: (u32, std::ops::Range<i64>) = (23, 11..17);

/// The month.
#[derive(Debug, Clone, Copy)]
pub struct Month {
    pub begin: Timestamp,
    pub end: Timestamp,
}

impl Month {
    pub fn until(end: Timestamp) -> Self {
        let begin = end - DAY * DAYS;
        Self { begin, end }
    }

    /// An hour of one of its days.
    pub fn at(&self, day: u32, hour: u32) -> Timestamp {
        let since_midnight =
            Duration::from_secs(local(self.begin).rem_euclid(86_400).unsigned_abs());
        self.begin - since_midnight + DAY * day + HOUR * hour
    }

    /// An instant of it, as likely as something goes on then.
    pub fn draw(&self, rng: &mut StdRng) -> Timestamp {
        loop {
            let day = rng.random_range(0..DAYS);
            let at =
                self.begin + DAY * day + Duration::from_millis(rng.random_range(0..86_400_000));
            let weekend = (local(at).div_euclid(86_400) + 3) % 7 >= 5;
            let campaign = if day == CAMPAIGN.0 { CAMPAIGN.1 } else { 1 };
            let growth = (20 + 2 * day) * campaign * if weekend { 3 } else { 4 };
            let rhythm = HOURS[usize::try_from(hour(at)).unwrap_or_default()];
            // The most that these can be.
            if rng.random_range(0..80 * 3 * 4 * 27) < growth * rhythm {
                return at;
            }
        }
    }

    /// Whether the first gateway was out of order.
    pub fn is_outage(&self, at: Timestamp) -> bool {
        let begin = self.at(OUTAGE.0, 0);
        (begin..begin + DAY).contains(&at) && OUTAGE.1.contains(&hour(at))
    }
}

/// Seconds since 1970 as clocks in Moscow count them.
fn local(at: Timestamp) -> i64 {
    at.seconds() + MOSCOW * 3600
}

fn hour(at: Timestamp) -> i64 {
    local(at).rem_euclid(86_400) / 3600
}
