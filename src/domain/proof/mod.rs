//! The proof of a phone: a code is sent to it ([`open()`]) and comes back
//! ([`answer`]).
//!
//! Guesses are counted in the transaction that compares them, so parallel
//! guesses gain nothing, and a refusal that must be remembered is a value
//! ([`Verdict`]), because an error would roll the count back.

mod open;

pub use self::open::{Fixed, OpenError, Opened, Wanted, open};
use super::{
    challenge::Purpose,
    code::OneTimeCode,
    delivery::{self, Handover},
    error::StoreError,
    guard::Guard,
    id::ChallengeId,
    limit::Reached,
    money::Money,
    phone::Phone,
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
            guard.note_wrong(tx, visitor, asker, &challenge)?;
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
