//! Statistics: what happened in each hour and on each day, for whoever operates
//! the service. Nothing is decided by them, so they are added up in memory and
//! written down now and then; limits and bills have counters of their own.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{arrival::Arrival, error::StoreError, money::Money, time::Timestamp};

/// How long hours are kept: a week of them is shown. Days are kept for good.
pub const HOURS_KEPT: i64 = 8 * 24;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measure {
    /// Codes that were asked for and granted; most are sent.
    Asked,
    /// What was refused for the sake of a limit, by its name.
    Limited,
    /// Messages that a gateway took, by its name, and what they cost.
    Sent,
    /// Messages that no gateway took.
    Unsent,
    /// Messages that arrived, as reported, by gateway.
    Delivered,
    /// Messages that did not arrive, as reported, by gateway.
    Undelivered,
    /// Wrong codes.
    Wrong,
    /// Logins.
    Confirmed,
    /// Logins of phones that had no account.
    Accounts,
    /// Invitation codes that were entered.
    Invitations,
    /// Accounts that were deleted by their users.
    Deleted,
    /// Messages that arrived, by gateway, and how soon.
    Arrived(Arrival),
}

impl Measure {
    /// What becomes of phones, from the code to the invitation.
    pub const FUNNEL: [Self; 6] = [
        Self::Asked,
        Self::Sent,
        Self::Delivered,
        Self::Confirmed,
        Self::Accounts,
        Self::Invitations,
    ];

    /// What is told of a day, in the order of what happens.
    pub const ALL: [Self; 11] = [
        Self::Asked,
        Self::Limited,
        Self::Sent,
        Self::Unsent,
        Self::Delivered,
        Self::Undelivered,
        Self::Wrong,
        Self::Confirmed,
        Self::Accounts,
        Self::Invitations,
        Self::Deleted,
    ];

    /// As it is written. Never to be changed.
    pub fn name(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Limited => "limited",
            Self::Sent => "sent",
            Self::Unsent => "unsent",
            Self::Delivered => "delivered",
            Self::Undelivered => "undelivered",
            Self::Wrong => "wrong",
            Self::Confirmed => "confirmed",
            Self::Accounts => "accounts",
            Self::Invitations => "invitations",
            Self::Deleted => "deleted",
            Self::Arrived(arrival) => arrival.name(),
        }
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        let arrivals = Arrival::all().map(Self::Arrived);
        let mut all = Self::ALL.into_iter().chain(arrivals);
        all.find(|measure| measure.name() == name)
    }
}

/// An hour (UTC): how many begin between 1970-01-01 and it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hour(pub i64);

impl Hour {
    /// The hour of an instant.
    pub fn of(at: Timestamp) -> Self {
        Self(at.seconds().div_euclid(3600))
    }

    /// Its first instant.
    pub fn begin(self) -> Timestamp {
        Timestamp::from_seconds(self.0 * 3600)
    }

    /// The day that it is in.
    pub fn day(self) -> Day {
        Day::of(self.begin())
    }
}

/// A day (UTC): how many begin between 1970-01-01 and it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(pub i64);

impl Day {
    /// The day of an instant.
    pub fn of(at: Timestamp) -> Self {
        Self(at.seconds().div_euclid(86_400))
    }

    /// Its first instant.
    pub fn begin(self) -> Timestamp {
        Timestamp::from_seconds(self.0 * 86_400)
    }
}

/// How often something happened, and what it cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statistic {
    /// What.
    pub measure: Measure,
    /// Of which gateway or limit; empty where there is no such thing.
    pub label: String,
    /// Of phones of which destination; empty where there is no phone.
    pub prefix: String,
    /// How often.
    pub count: i64,
    /// What it cost.
    pub cost: Money,
}

/// What happened in each hour and on each day.
pub trait Statistics {
    /// Adds to what happened in an hour, and on its day.
    fn add_statistic(&mut self, hour: Hour, statistic: &Statistic) -> Result<(), StoreError>;
    /// What happened from a day on, the earliest first.
    fn statistics(&mut self, from: Day) -> Result<Vec<(Day, Statistic)>, StoreError>;
    /// What happened from an hour on, the earliest first.
    fn hourly_statistics(&mut self, from: Hour) -> Result<Vec<(Hour, Statistic)>, StoreError>;
    /// Forgets what happened in each hour before `before`; the days keep it.
    fn prune_hourly_statistics(&mut self, before: Hour) -> Result<(), StoreError>;
}

/// A span that ends now, as charts show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Span {
    /// The last 24 hours, this one among them.
    Day,
    /// The last 7 days, by hour.
    Week,
    /// The last 30 days, today among them.
    Month,
    /// The last 365 days.
    Year,
}

impl Span {
    /// What it is cut into, and into how many.
    const fn parts(self) -> (Unit, u32) {
        match self {
            Self::Day => (Unit::Hour, 24),
            Self::Week => (Unit::Hour, 7 * 24),
            Self::Month => (Unit::Day, 30),
            Self::Year => (Unit::Day, 365),
        }
    }

    /// What it is cut into.
    pub const fn unit(self) -> Unit {
        self.parts().0
    }

    /// When each of its hours or days begins, the earliest first; `now` is in the last.
    pub fn beginnings(self, now: Timestamp) -> impl Iterator<Item = Timestamp> {
        let (unit, count) = self.parts();
        let (last, length) = match unit {
            Unit::Hour => (Hour::of(now).begin(), Duration::from_hours(1)),
            Unit::Day => (Day::of(now).begin(), Duration::from_hours(24)),
        };
        (0..count).rev().map(move |before| last - length * before)
    }

    /// What happened in it.
    pub fn read(
        self,
        tx: &mut (impl Statistics + ?Sized),
        now: Timestamp,
    ) -> Result<Vec<(Timestamp, Statistic)>, StoreError> {
        let from = self.beginnings(now).next().unwrap_or(now);
        Ok(match self.unit() {
            Unit::Hour => {
                let rows = tx.hourly_statistics(Hour::of(from))?.into_iter();
                rows.map(|(hour, row)| (hour.begin(), row)).collect()
            }
            Unit::Day => {
                let rows = tx.statistics(Day::of(from))?.into_iter();
                rows.map(|(day, row)| (day.begin(), row)).collect()
            }
        })
    }
}

/// What a span is cut into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Hours.
    Hour,
    /// Days.
    Day,
}
