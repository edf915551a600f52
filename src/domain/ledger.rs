//! What limits are counted from: who was sent what, who guessed wrong, and
//! running totals. Ledgers outlive accounts, so they name nobody: a phone is
//! a keyed hash in them.

use super::{challenge::ChallengeId, money::Money, phone::Phone, time::Timestamp};

/// Who an event is charged to: strangers who ask for a phone are one party,
/// each device that is known to its user is another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Party(pub i64);

/// What a phone is called in the ledgers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alias {
    /// The phone.
    pub phone: Party,
    /// The ten thousand numbers that differ from it in the last four digits.
    pub prefix: i64,
}

impl Alias {
    /// The alias of a phone, by this installation's keyed `hash` of what
    /// something is, and of its text.
    pub fn of(phone: Phone, hash: impl Fn(&str, &str) -> i64) -> Self {
        Self {
            phone: Party(hash("phone", &phone.to_string())),
            prefix: hash("prefix", &(phone.number() / 10_000).to_string()),
        }
    }
}

/// A message that was sent, or is about to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// The challenge whose code it carries.
    pub challenge: ChallengeId,
    /// When.
    pub at: Timestamp,
    /// Who asked for it.
    pub party: Party,
    /// Whether that is a known device.
    pub known: bool,
    /// The numbers around the phone, as in [`Alias::prefix`].
    pub prefix: i64,
    /// What it costs.
    pub cost: Money,
}

/// What was entered wrongly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Miss {
    /// A one-time code of less than six digits.
    ShortCode,
    /// A longer one.
    LongCode,
    /// An invitation code.
    InvitationCode,
}

/// A book of running totals. The sum of any span is the difference of two of
/// its lines, however many there are between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Book {
    /// Messages to strangers.
    SendsToStrangers,
    /// Messages to known devices.
    SendsToKnown,
    /// Messages to strangers that were not sent after all.
    UnsentToStrangers,
    /// Messages to known devices that were not sent after all.
    UnsentToKnown,
    /// Right codes of strangers.
    Right,
    /// Wrong codes of strangers.
    Wrong,
}

impl Book {
    /// Every book there is.
    pub const ALL: [Self; 6] = [
        Self::SendsToStrangers,
        Self::SendsToKnown,
        Self::UnsentToStrangers,
        Self::UnsentToKnown,
        Self::Right,
        Self::Wrong,
    ];

    /// Where messages are written down.
    pub fn sends(known: bool) -> Self {
        if known {
            Self::SendsToKnown
        } else {
            Self::SendsToStrangers
        }
    }

    /// Where messages are written down that were not sent after all.
    pub fn unsent(known: bool) -> Self {
        if known {
            Self::UnsentToKnown
        } else {
            Self::UnsentToStrangers
        }
    }
}

/// The sum of a book's lines over a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// How many lines.
    pub count: u64,
    /// Their amounts.
    pub amount: Money,
}
