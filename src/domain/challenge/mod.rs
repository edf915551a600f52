//! A challenge: the pending proof that somebody reads a phone's messages.
//!
//! One challenge stands behind one challenge token. Its guesses are counted
//! in the transaction that compares them, so parallel guesses gain nothing,
//! and a refusal that must be remembered is a value ([`Verdict`]), because an
//! error would roll the count back.

mod open;

use std::time::Duration;

pub use self::open::{Fixed, OpenError, Opened, Wanted, open};
use super::{
    code::OneTimeCode,
    guard::{Guard, Visitor},
    ledger::Asker,
    limit::Reached,
    phone::Phone,
    time::Timestamp,
    tx::{StoreError, Tx},
    user::UserId,
};

/// How long a challenge is kept when it is over. Its token says by itself that
/// it has expired; this is for clocks that are set back a little.
const KEPT: Duration = Duration::from_mins(10);

/// Identifies a challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChallengeId(pub i64);

/// What a source is called where its address must not be: a keyed hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceHash(pub i64);

/// What the proof is for. A token of one purpose is worth nothing for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To log in with the phone.
    Login,
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
    /// When its message was, by the clock that is never set back; `None` when there was none.
    pub sent_at: Option<Timestamp>,
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

/// A guess, and what it is a guess at.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The challenge that the token names.
    pub challenge: ChallengeId,
    /// The phone that the token names.
    pub phone: Phone,
    /// What the proof is wanted for.
    pub purpose: Purpose,
    /// The code that was typed.
    pub guess: OneTimeCode,
    /// The most digits that a code to this phone can have.
    pub longest: usize,
}

/// What came of a guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The phone is proved, and every challenge of it is spent.
    Right,
    /// It was not the code; so many guesses remain.
    Wrong {
        /// Guesses that will still be evaluated.
        attempts_left: u32,
    },
    /// No guess is evaluated any more.
    Exhausted,
    /// The challenge was used before.
    Spent,
    /// The challenge is over.
    Expired,
    /// There is no such challenge of this phone for this purpose.
    Unknown,
    /// A code of this challenge has another length; nothing was counted.
    OtherLength,
    /// So much was guessed wrong before that this was not evaluated.
    Limited(Reached),
}

/// Takes back a challenge whose code certainly reached nobody.
pub fn withdraw(
    tx: &mut dyn Tx,
    guard: &Guard,
    visitor: &Visitor,
    id: ChallengeId,
    is_blameless: bool,
) -> Result<(), StoreError> {
    guard.unsend(tx, visitor, id, is_blameless)?;
    tx.delete_challenge(id)
}

/// Evaluates a guess.
pub fn answer(
    tx: &mut dyn Tx,
    guard: &Guard,
    visitor: &Visitor,
    answer: &Answer,
) -> Result<Verdict, StoreError> {
    let Some(challenge) = tx.challenge(answer.challenge)? else {
        return Ok(Verdict::Unknown);
    };
    if challenge.phone != answer.phone || challenge.purpose != answer.purpose {
        return Ok(Verdict::Unknown);
    }
    if challenge.expires_at <= visitor.now {
        return Ok(Verdict::Expired);
    }
    if challenge.spent {
        return Ok(Verdict::Spent);
    }
    let mut guesses = guard.policy.challenges.guesses;
    if challenge.wrong_guesses >= guesses {
        return Ok(Verdict::Exhausted);
    }
    let digits = challenge.code.digits();
    if digits != answer.guess.digits() {
        return Ok(Verdict::OtherLength);
    }
    let asker = match challenge.asker {
        // A device may be recognised only now.
        Some(asker) if asker.known || visitor.device.secret.is_none() => asker,
        _ => guard.identify(tx, visitor, challenge.phone)?,
    };
    // A test number's code is known to those whom it is for, so that guesses at
    // it tell nothing, and must not keep them out.
    let is_test = challenge.asker.is_none();
    if !is_test {
        guesses = match guard.guesses(tx, visitor, asker, &challenge, answer.longest)? {
            Ok(guesses) => guesses,
            Err(reached) => return Ok(Verdict::Limited(reached)),
        };
        if challenge.wrong_guesses >= guesses {
            return Ok(Verdict::Exhausted);
        }
    }
    if let Some(reached) = guard.may_confirm(visitor, asker) {
        return Ok(Verdict::Limited(reached));
    }
    if !challenge.code.matches(&answer.guess) {
        tx.count_wrong_guess(challenge.id)?;
        guard.blame_guess(visitor, asker);
        if !is_test {
            guard.note_wrong(tx, visitor, asker, digits)?;
        }
        return Ok(Verdict::Wrong {
            attempts_left: guesses - challenge.wrong_guesses - 1,
        });
    }
    tx.spend_challenges(challenge.phone)?;
    if !is_test {
        guard.note_right(tx, visitor, challenge.phone, challenge.id)?;
    }
    Ok(Verdict::Right)
}
