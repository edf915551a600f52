//! The proof of a phone: a code is sent to it ([`open()`]) and comes back
//! ([`answer`]).
//!
//! Guesses are counted in the transaction that compares them, so parallel
//! guesses gain nothing, and a refusal that must be remembered is a value
//! ([`Rejection`]), because an error would roll the count back.

mod open;
mod wanted;

pub use self::{
    open::open,
    wanted::{Fixed, OpenError, Opened, Wanted},
};
use super::{
    challenge::{Challenge, Purpose},
    code::OneTimeCode,
    delivery::{self, Handover},
    error::StoreError,
    guard::Guard,
    id::ChallengeId,
    limit::Reached,
    lock::Subject,
    money::Money,
    phone::Phone,
    time::Timestamp,
    tx::Tx,
    visitor::Visitor,
};

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

/// Why a guess does not prove the phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
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
    /// So many codes of the phone were guessed wrong before that this was not evaluated.
    Limited(Reached),
    /// So much was guessed wrong from its source.
    SourceLimited(Reached),
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

/// Writes down what came of sending the code, and what it cost if that is known.
pub fn settle(
    tx: &mut dyn Tx,
    guard: &Guard,
    visitor: &Visitor,
    id: ChallengeId,
    handover: &Handover,
    cost: Option<Money>,
) -> Result<(), StoreError> {
    delivery::note(tx, id, handover, visitor.now)?;
    if let Handover::Refused { is_blameless } = handover {
        return withdraw(tx, guard, visitor, id, *is_blameless);
    }
    match cost {
        Some(cost) => guard.correct_cost(tx, id, cost),
        None => Ok(()),
    }
}

/// Evaluates a guess. One that is right proves the phone, and every challenge of
/// it is spent.
pub fn answer(
    tx: &mut dyn Tx,
    guard: &Guard,
    visitor: &Visitor,
    answer: &Answer,
) -> Result<Result<(), Rejection>, StoreError> {
    tx.lock(&[Subject::Phone(answer.phone)])?;
    tx.ahead(&mut |tx| {
        tx.challenge(answer.challenge)?;
        guard.ask_before_guess(tx, visitor, answer.phone)?;
        guard.has_confirmed(tx, visitor, answer.phone).map(drop)
    })?;
    let mut guesses = guard.policy.challenges.guesses;
    let found = tx.challenge(answer.challenge)?;
    let challenge = match open_to(found, answer, guesses, visitor.now) {
        Ok(challenge) => challenge,
        Err(rejection) => return Ok(Err(rejection)),
    };
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
            Err(reached) => return Ok(Err(Rejection::Limited(reached))),
        };
        if challenge.wrong_guesses >= guesses {
            return Ok(Err(Rejection::Exhausted));
        }
    }
    if let Some(reached) = guard.may_confirm(visitor, asker) {
        return Ok(Err(Rejection::SourceLimited(reached)));
    }
    if !challenge.code.matches(&answer.guess) {
        tx.count_wrong_guess(challenge.id)?;
        guard.blame_guess(visitor, asker);
        if !is_test {
            guard.note_wrong(tx, visitor, asker, &challenge)?;
        }
        return Ok(Err(Rejection::Wrong {
            attempts_left: guesses - challenge.wrong_guesses - 1,
        }));
    }
    // First of all: once its message counts as confirmed, so does the phone.
    if !is_test {
        guard.note_right(tx, visitor, challenge.phone, challenge.id)?;
    }
    tx.confirm_challenge(challenge.phone, challenge.id)?;
    Ok(Ok(()))
}

/// The challenge, if a guess at it can be evaluated.
fn open_to(
    challenge: Option<Challenge>,
    answer: &Answer,
    guesses: u32,
    now: Timestamp,
) -> Result<Challenge, Rejection> {
    let is_meant = |one: &Challenge| one.phone == answer.phone && one.purpose == answer.purpose;
    let challenge = challenge.filter(is_meant).ok_or(Rejection::Unknown)?;
    if challenge.expires_at <= now {
        Err(Rejection::Expired)
    } else if challenge.spent {
        Err(Rejection::Spent)
    } else if challenge.wrong_guesses >= guesses {
        Err(Rejection::Exhausted)
    } else if challenge.code.digits() != answer.guess.digits() {
        Err(Rejection::OtherLength)
    } else {
        Ok(challenge)
    }
}
