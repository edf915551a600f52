//! What limits are counted from: who was sent what, and who guessed wrong.
//! What is counted in all is in [`super::counter`]. Ledgers outlive accounts, so
//! they name nobody: a phone is a keyed hash in them.

use super::{
    error::StoreError,
    id::{ChallengeId, UserId},
    money::Money,
    time::Timestamp,
};

/// Who an event is charged to: strangers who ask for a phone are one party,
/// the devices that are known to its user are another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Party(pub i64);

/// Ten thousand numbers that differ in the last four digits: a keyed hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix(pub i64);

/// A network that sources belong to: a keyed hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network(pub i64);

/// Who asks for a code of a phone, or guesses one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asker {
    /// Whom it is charged to.
    pub party: Party,
    /// Whether that is a known device of the phone's user.
    pub known: bool,
}

/// A message that was sent, or is about to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// The challenge whose code it carries.
    pub challenge: ChallengeId,
    /// When.
    pub at: Timestamp,
    /// Who asked for it.
    pub asker: Asker,
    /// The numbers around the phone.
    pub prefix: Prefix,
    /// What it costs.
    pub cost: Money,
    /// The network that asked, if it was let through where others are not.
    pub network: Option<Network>,
}

/// A message to one of the numbers of a prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Around {
    /// When.
    pub at: Timestamp,
    /// Whether its code came back.
    pub is_confirmed: bool,
    /// The network that asked, if it was let through where others are not.
    pub network: Option<Network>,
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

/// What limits are counted from. Every list is of the newest events, the
/// latest first; every pruning forgets some of the oldest.
pub trait Ledgers {
    /// When messages were sent to a party.
    fn sends_to(&mut self, party: Party, most: usize) -> Result<Vec<Timestamp>, StoreError>;
    /// Messages to the numbers of a prefix, for known devices or for strangers.
    fn sends_around(
        &mut self,
        prefix: Prefix,
        known: bool,
        most: usize,
    ) -> Result<Vec<Around>, StoreError>;
    /// The message of a challenge, if it had one.
    fn sent(&mut self, challenge: ChallengeId) -> Result<Option<Sent>, StoreError>;
    /// Adds a message.
    fn insert_send(&mut self, sent: &Sent) -> Result<(), StoreError>;
    /// Whether a code came back of the messages to these parties after `after`.
    fn any_confirmed(&mut self, parties: [Party; 2], after: Timestamp) -> Result<bool, StoreError>;
    /// Corrects what a message cost.
    fn set_send_cost(&mut self, challenge: ChallengeId, cost: Money) -> Result<(), StoreError>;
    /// Forgets a message that was not sent after all, and returns it.
    fn delete_send(&mut self, challenge: ChallengeId) -> Result<Option<Sent>, StoreError>;
    /// Forgets messages from before `before`.
    fn prune_sends(&mut self, before: Timestamp) -> Result<(), StoreError>;

    /// When a party entered something wrongly.
    fn misses(
        &mut self,
        miss: Miss,
        party: Party,
        most: usize,
    ) -> Result<Vec<Timestamp>, StoreError>;
    /// Adds a miss.
    fn insert_miss(&mut self, miss: Miss, party: Party, at: Timestamp) -> Result<(), StoreError>;
    /// Charges to `to` what earlier versions charged to each device of a user by itself.
    fn recharge_devices(&mut self, of: UserId, to: Party) -> Result<(), StoreError>;
    /// Charges to nobody what was charged to a party.
    fn forgive(&mut self, party: Party) -> Result<(), StoreError>;
    /// Forgets misses from before `before`.
    fn prune_misses(&mut self, before: Timestamp) -> Result<(), StoreError>;

    /// Since when the alarm is on, as far as anybody was told.
    fn alarm(&mut self) -> Result<Option<Timestamp>, StoreError>;
    /// Writes down since when it is on.
    fn set_alarm(&mut self, since: Option<Timestamp>) -> Result<(), StoreError>;

    /// Lets short codes be dead for good that were sent to strangers before then.
    fn set_dead_until(&mut self, at: Timestamp) -> Result<(), StoreError>;

    /// Writes down that it is `at` by now.
    fn mark_time(&mut self, at: Timestamp) -> Result<(), StoreError>;
    /// The latest instant that was ever written down in a ledger.
    fn latest_time(&mut self) -> Result<Timestamp, StoreError>;
}
