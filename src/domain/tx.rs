//! What the rules may ask of one transaction: small traits, one a table.
//!
//! A rule composes these inside a single transaction and never sees which
//! engine runs it. Whatever must hold under races is either decided here,
//! between the first read and the last write of one transaction, or refused
//! by a constraint of the engine; it is never left to two calls in a row.

use std::sync::Arc;

use super::{
    challenge::{Challenge, ChallengeId},
    code::{InvitationCode, OneTimeCode},
    delivery::{Reported, State, Trace},
    device::{Device, DeviceHash, Origin},
    invitation::{Family, FamilyId},
    ledger::{Around, Counter, Miss, Party, Prefix, Sent, Tally},
    money::Money,
    person::Change,
    phone::Phone,
    session::{Generation, Session, SessionId},
    time::Timestamp,
    user::{User, UserId},
};

/// One transaction of whatever engine stores the service's data.
pub trait Tx:
    Users + Families + Challenges + Sessions + Devices + Deliveries + Ledgers + Installations
{
}

impl<T> Tx for T where
    T: Users + Families + Challenges + Sessions + Devices + Deliveries + Ledgers + Installations
{
}

/// Users and who invited whom.
pub trait Users {
    /// The user with this identifier.
    fn user(&mut self, id: UserId) -> Result<Option<User>, StoreError>;
    /// The user who proved this phone last.
    fn user_by_phone(&mut self, phone: Phone) -> Result<Option<User>, StoreError>;
    /// The user with this invitation code.
    fn user_by_invitation_code(&mut self, code: InvitationCode)
    -> Result<Option<User>, StoreError>;
    /// Adds a user; `false` when the identifier or the code was ever taken.
    fn insert_user(&mut self, user: &User) -> Result<bool, StoreError>;
    /// Changes what `change` names and nothing else.
    fn change_profile(&mut self, id: UserId, change: &Change) -> Result<(), StoreError>;
    /// Gives the user another phone.
    fn change_phone(&mut self, id: UserId, phone: Phone) -> Result<(), StoreError>;
    /// Records who invited a user, as the referrer's next invitee, and of which
    /// family both are.
    fn set_referrer(
        &mut self,
        id: UserId,
        referrer: UserId,
        family: FamilyId,
        at: Timestamp,
    ) -> Result<(), StoreError>;
    /// The referrer's phone, if they still exist, and how many entered this
    /// user's code and still exist.
    fn relations(
        &mut self,
        id: UserId,
        referrer: Option<UserId>,
    ) -> Result<(Option<Phone>, u64), StoreError>;
    /// Those who entered this user's code after the `after`-th, oldest first.
    fn invitees(
        &mut self,
        id: UserId,
        after: i64,
        limit: usize,
    ) -> Result<Vec<Invitee>, StoreError>;
    /// Removes a user and all that belongs to it, and retires its identifier and code.
    fn delete_user(&mut self, user: &User) -> Result<(), StoreError>;
    /// Whether there is any user at all.
    fn any_user(&mut self) -> Result<bool, StoreError>;
}

/// Families: who is bound to whom by invitations.
pub trait Families {
    /// The family of a user, if an invitation ever bound them to anybody.
    fn family(&mut self, user: UserId) -> Result<Option<Family>, StoreError>;
    /// Begins a family of which this user is the first.
    fn begin_family(&mut self, first: UserId) -> Result<Family, StoreError>;
    /// Has `upper` stand for `lower` too, with the rank that it has then.
    fn unite_families(&mut self, lower: FamilyId, upper: Family) -> Result<(), StoreError>;
}

/// Somebody who entered a user's invitation code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invitee {
    /// The how-manieth invitee of that referrer, counted from 1. It has gaps
    /// where invitees were deleted, and is what pages are cut by.
    pub number: i64,
    /// The invitee's phone.
    pub phone: Phone,
    /// When the code was entered.
    pub at: Timestamp,
}

/// Pending proofs of phones.
pub trait Challenges {
    /// The challenge with this identifier.
    fn challenge(&mut self, id: ChallengeId) -> Result<Option<Challenge>, StoreError>;
    /// Challenges of this phone that can still be answered, oldest first: not
    /// spent, with less than `guesses` wrong ones, not over at `now`.
    fn live_challenges(
        &mut self,
        phone: Phone,
        guesses: u32,
        now: Timestamp,
    ) -> Result<Vec<Challenge>, StoreError>;
    /// Adds a challenge; `false` when the identifier is taken, be it by a notice
    /// or the message of a challenge that was forgotten.
    fn insert_challenge(&mut self, challenge: &Challenge) -> Result<bool, StoreError>;
    /// Counts one more wrong guess.
    fn count_wrong_guess(&mut self, id: ChallengeId) -> Result<(), StoreError>;
    /// Replaces the code by the one that the gateway chose.
    fn set_challenge_code(&mut self, id: ChallengeId, code: &OneTimeCode)
    -> Result<(), StoreError>;
    /// Spends every challenge of this phone.
    fn spend_challenges(&mut self, phone: Phone) -> Result<(), StoreError>;
    /// Forgets a challenge whose code certainly reached nobody.
    fn delete_challenge(&mut self, id: ChallengeId) -> Result<(), StoreError>;
    /// Forgets some of the challenges that expired before `before`.
    fn prune_challenges(&mut self, before: Timestamp) -> Result<(), StoreError>;
}

/// Sessions: the families of refresh tokens.
pub trait Sessions {
    /// The session with this identifier, and its user.
    fn session_and_user(&mut self, id: SessionId) -> Result<Option<(Session, User)>, StoreError>;
    /// Adds a session; `false` when the identifier is taken.
    fn insert_session(&mut self, session: &Session) -> Result<bool, StoreError>;
    /// Writes down a rotation.
    fn update_session(&mut self, session: &Session) -> Result<(), StoreError>;
    /// Writes down that the current generation was used, if it is this one.
    fn note_session_use(&mut self, id: SessionId, generation: Generation)
    -> Result<(), StoreError>;
    /// The user's sessions that expire after `now`, newest first.
    fn sessions_of(&mut self, user: UserId, now: Timestamp) -> Result<Vec<Session>, StoreError>;
    /// Ends a user's sessions but for the `kept` that drew tokens last.
    fn delete_surplus_sessions(&mut self, user: UserId, kept: usize) -> Result<(), StoreError>;
    /// Ends a session of a user; `false` when they have none such.
    fn delete_session(&mut self, user: UserId, id: SessionId) -> Result<bool, StoreError>;
    /// Ends every session of a user.
    fn delete_sessions_of(&mut self, user: UserId) -> Result<(), StoreError>;
    /// Ends every session of a user but `kept`.
    fn delete_other_sessions(&mut self, user: UserId, kept: SessionId) -> Result<(), StoreError>;
    /// Forgets some of the sessions that expired before `before`.
    fn prune_sessions(&mut self, before: Timestamp) -> Result<(), StoreError>;
}

/// Devices that have logged a user in before.
pub trait Devices {
    /// The device with this secret.
    fn device(&mut self, hash: &DeviceHash) -> Result<Option<Device>, StoreError>;
    /// Adds a device, in place of the user's longest unused one when there are `most`.
    fn insert_device(&mut self, device: &Device, most: usize) -> Result<(), StoreError>;
    /// Writes down that a device was used.
    fn touch_device(
        &mut self,
        hash: &DeviceHash,
        origin: &Origin,
        at: Timestamp,
    ) -> Result<(), StoreError>;
    /// The user's devices, the one that was used last first.
    fn devices_of(&mut self, user: UserId) -> Result<Vec<Device>, StoreError>;
    /// Forgets some of the devices that were not used since `before`.
    fn prune_devices(&mut self, before: Timestamp) -> Result<(), StoreError>;
    /// Forgets every device of a user but `kept`.
    fn delete_other_devices(
        &mut self,
        user: UserId,
        kept: Option<&DeviceHash>,
    ) -> Result<(), StoreError>;
}

/// What became of messages that providers were given.
pub trait Deliveries {
    /// Adds one that is under way, seen to until `lease`; `false` when the
    /// identifier is taken.
    fn insert_delivery(&mut self, id: ChallengeId, lease: Timestamp) -> Result<bool, StoreError>;
    /// Moves one on to `state`, unless it is there already.
    fn settle_delivery(
        &mut self,
        id: ChallengeId,
        state: State,
        trace: Option<&Trace>,
        at: Timestamp,
    ) -> Result<(), StoreError>;
    /// Records what the provider reports of the one with this trace. Whether
    /// that is news: there is one, and it has not moved past that before.
    fn report_delivery(&mut self, trace: &Trace, reported: Reported) -> Result<bool, StoreError>;
    /// Forgets one that certainly was not sent.
    fn delete_delivery(&mut self, id: ChallengeId) -> Result<(), StoreError>;
    /// Of some that nobody sees to any more, says that nobody knows, and how many those are.
    fn abandon_deliveries(&mut self, now: Timestamp) -> Result<usize, StoreError>;
    /// Forgets some whose lease ended before `before`.
    fn prune_deliveries(&mut self, before: Timestamp) -> Result<(), StoreError>;
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
    /// Whether the code of any message to these parties after `after` came back.
    fn any_confirmed(&mut self, parties: [Party; 2], after: Timestamp) -> Result<bool, StoreError>;
    /// Writes down that the code of a message came back.
    fn confirm_send(&mut self, challenge: ChallengeId) -> Result<(), StoreError>;
    /// Corrects what a message cost.
    fn set_send_cost(&mut self, challenge: ChallengeId, cost: Money) -> Result<(), StoreError>;
    /// Forgets a message that was not sent after all.
    fn delete_send(&mut self, challenge: ChallengeId) -> Result<(), StoreError>;
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
    /// Charges to `to` what one-time codes were charged to `from`.
    fn recharge(&mut self, from: Party, to: Party) -> Result<(), StoreError>;
    /// Forgets misses from before `before`.
    fn prune_misses(&mut self, before: Timestamp) -> Result<(), StoreError>;

    /// Adds a line to a counter, and now and then forgets lines from before `before`.
    fn note(
        &mut self,
        counter: Counter,
        at: Timestamp,
        amount: Money,
        before: Timestamp,
    ) -> Result<(), StoreError>;
    /// The sum of a counter's lines after `after`.
    fn tally(&mut self, counter: Counter, after: Timestamp) -> Result<Tally, StoreError>;
    /// When the first line after `after` was written.
    fn first_note(
        &mut self,
        counter: Counter,
        after: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError>;

    /// Since when the alarm is on, as far as anybody was told.
    fn alarm(&mut self) -> Result<Option<Timestamp>, StoreError>;
    /// Writes down since when it is on.
    fn set_alarm(&mut self, since: Option<Timestamp>) -> Result<(), StoreError>;

    /// Short codes that were sent to strangers before then are dead for good.
    fn dead_until(&mut self) -> Result<Option<Timestamp>, StoreError>;
    /// Lets the short codes be dead that were sent to strangers before then.
    fn set_dead_until(&mut self, at: Timestamp) -> Result<(), StoreError>;

    /// Writes down that it is `at` by now.
    fn mark_time(&mut self, at: Timestamp) -> Result<(), StoreError>;
    /// The latest instant that was ever written down in a ledger.
    fn latest_time(&mut self) -> Result<Timestamp, StoreError>;
}

/// Which installation this is: one for each database.
pub trait Installations {
    /// Writes down the fingerprint of the keys that everything is kept under.
    fn set_installation_keys(&mut self, fingerprint: &str) -> Result<(), StoreError>;
}

/// What stays the same for as long as a user would be shown the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version(pub u64);

/// Why the store could not do what it was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// It cannot read or write now: disk full, input/output error, no connection.
    #[error("the store is unavailable")]
    Unavailable(#[source] Arc<dyn std::error::Error + Send + Sync>),
    /// More work is waiting for it than it will take on.
    #[error("the store has too much to do")]
    Overloaded,
    /// It holds something that cannot be, or a rule asked for nonsense.
    #[error("the store and the rules disagree: {0}")]
    Broken(String),
}

impl StoreError {
    /// No unused identifier was found in [`super::id::DRAWS`] draws.
    pub fn no_free_id(what: &str) -> Self {
        Self::Broken(format!("no free {what} identifier was drawn"))
    }
}
