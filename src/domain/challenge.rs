//! A challenge: the pending proof that somebody reads a phone's messages. One
//! stands behind one challenge token; the rules of it are in
//! [`proof`](super::proof).

use std::time::Duration;

pub use super::id::ChallengeId;
use super::{
    code::OneTimeCode, error::StoreError, id::UserId, ledger::Asker, phone::Phone, time::Timestamp,
};

/// What a source is called where its address must not be: a keyed hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceHash(pub i64);

/// What the proof is for. A token of one purpose is worth nothing for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To log in with the phone.
    Login,
    /// To log in as an operator.
    OperatorLogin,
    /// To make the phone this user's.
    PhoneChange(UserId),
}

/// A pending, answered or failed proof of a phone.
#[derive(Debug, Clone)]
pub struct Challenge {
    /// Which one.
    pub id: ChallengeId,
    /// The phone to be proved.
    pub phone: Phone,
    /// What for.
    pub purpose: Purpose,
    /// What was sent to the phone.
    pub code: OneTimeCode,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When it is over.
    pub expires_at: Timestamp,
    /// Wrong guesses so far.
    pub wrong_guesses: u32,
    /// Whether it can be used no more, because it or a sibling succeeded.
    pub spent: bool,
    /// Who asked for its message; `None` when there was none, as for test numbers.
    pub asker: Option<Asker>,
    /// From where it was asked for, if that is known.
    pub source: Option<SourceHash>,
    /// Whether its message was sent before short codes died that were sent to strangers.
    pub is_of_dead_codes: bool,
}

impl Challenge {
    /// One that has just begun, and has no identifier yet.
    pub fn of(
        phone: Phone,
        purpose: Purpose,
        code: OneTimeCode,
        source: Option<SourceHash>,
        created_at: Timestamp,
        expires_at: Timestamp,
    ) -> Self {
        Self {
            id: ChallengeId(0),
            phone,
            purpose,
            code,
            created_at,
            expires_at,
            wrong_guesses: 0,
            spent: false,
            asker: None,
            source,
            is_of_dead_codes: false,
        }
    }
}

/// The numbers that bound challenges.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// Digits of a new code, as long as nobody guesses too much.
    pub code_length: usize,
    /// How long a challenge lives.
    pub ttl: Duration,
    /// Guesses that are evaluated for each.
    pub guesses: u32,
    /// How many of one phone may be alive at once.
    pub live_per_phone: usize,
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
    /// The same, and writes down that the code of this one's message came back.
    fn confirm_challenge(&mut self, phone: Phone, id: ChallengeId) -> Result<(), StoreError>;
    /// Forgets a challenge whose code certainly reached nobody.
    fn delete_challenge(&mut self, id: ChallengeId) -> Result<(), StoreError>;
    /// Forgets some of the challenges that expired before `before`.
    fn prune_challenges(&mut self, before: Timestamp) -> Result<(), StoreError>;
}
