//! Statistics: what happened on each day, for whoever operates the service.
//! Nothing is decided by them, so they are added up in memory and written down
//! now and then; limits and bills have counters of their own.

use super::{error::StoreError, money::Money, time::Timestamp};

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

    /// Every measure there is, in the order of what happens.
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
        }
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

/// What happened on each day.
pub trait Statistics {
    /// Adds to what happened on a day.
    fn add_statistic(&mut self, day: Day, statistic: &Statistic) -> Result<(), StoreError>;
    /// What happened from a day on, the earliest first.
    fn statistics(&mut self, from: Day) -> Result<Vec<(Day, Statistic)>, StoreError>;
}
