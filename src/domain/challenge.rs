//! A challenge: the pending proof that somebody reads a phone's messages.
//!
//! One challenge stands behind one challenge token. Its guesses are counted
//! in the transaction that compares them, so parallel guesses gain nothing,
//! and a refusal that must be remembered is a value ([`Verdict`]), because an
//! error would roll the count back.

use std::time::Duration;

use rand::CryptoRng;

use super::{
    code::OneTimeCode,
    id,
    phone::Phone,
    time::Timestamp,
    tx::{StoreError, Tx},
    user::UserId,
};

/// Identifies a challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChallengeId(pub i64);

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
}

/// What a test number has in place of a drawn code: one that is known.
#[derive(Debug, Clone)]
pub struct Fixed {
    /// The code.
    pub code: OneTimeCode,
    /// When it stops being one.
    pub until: Timestamp,
}

/// The numbers that bound challenges.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// Digits of a new code.
    pub code_length: usize,
    /// How long a challenge lives.
    pub ttl: Duration,
    /// Guesses that are evaluated for each.
    pub guesses: u32,
    /// How many of one phone may be alive at once.
    pub live_per_phone: usize,
}

/// A challenge was not begun.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// As many are alive as may be; one ends after this long.
    #[error("too many challenges of this phone are alive")]
    TooManyLive(Duration),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
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
}

/// Begins a challenge. While another of the same phone and purpose is alive,
/// its code is sent again: messages arrive out of order. A test number has a
/// `fixed` code and as many challenges as it likes.
pub fn open(
    tx: &mut dyn Tx,
    phone: Phone,
    purpose: Purpose,
    fixed: Option<&Fixed>,
    policy: Policy,
    now: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<Challenge, OpenError> {
    tx.prune_challenges(now - Duration::from_hours(1))?;
    let live = match fixed {
        Some(_) => Vec::new(),
        None => tx.live_challenges(phone, policy.guesses, now)?,
    };
    if live.len() >= policy.live_per_phone {
        let first_to_end = live
            .iter()
            .map(|challenge| challenge.expires_at)
            .min()
            .unwrap_or(now);
        return Err(OpenError::TooManyLive(first_to_end.since(now)));
    }
    let sibling = live
        .into_iter()
        .rfind(|challenge| challenge.purpose == purpose);
    let code = match (fixed, sibling) {
        (Some(fixed), _) => fixed.code.clone(),
        (None, Some(sibling)) => sibling.code,
        (None, None) => OneTimeCode::draw(policy.code_length, rng),
    };
    let mut challenge = Challenge {
        id: ChallengeId(0),
        phone,
        purpose,
        code,
        created_at: now,
        expires_at: fixed.map_or(now + policy.ttl, |fixed| fixed.until.min(now + policy.ttl)),
        wrong_guesses: 0,
        spent: false,
    };
    for _ in 0..id::DRAWS {
        challenge.id = ChallengeId(id::draw(now, rng));
        if tx.insert_challenge(&challenge)? {
            return Ok(challenge);
        }
    }
    Err(StoreError::no_free_id("challenge").into())
}

/// Evaluates a guess at the challenge `id`, which was begun for `phone` and `purpose`.
pub fn answer(
    tx: &mut dyn Tx,
    id: ChallengeId,
    phone: Phone,
    purpose: Purpose,
    guess: &OneTimeCode,
    policy: Policy,
    now: Timestamp,
) -> Result<Verdict, StoreError> {
    let Some(challenge) = tx.challenge(id)? else {
        return Ok(Verdict::Unknown);
    };
    if challenge.phone != phone || challenge.purpose != purpose {
        return Ok(Verdict::Unknown);
    }
    if challenge.expires_at <= now {
        return Ok(Verdict::Expired);
    }
    if challenge.spent {
        return Ok(Verdict::Spent);
    }
    if challenge.wrong_guesses >= policy.guesses {
        return Ok(Verdict::Exhausted);
    }
    if challenge.code.digits() != guess.digits() {
        return Ok(Verdict::OtherLength);
    }
    if !challenge.code.matches(guess) {
        tx.count_wrong_guess(id)?;
        return Ok(Verdict::Wrong {
            attempts_left: policy.guesses - challenge.wrong_guesses - 1,
        });
    }
    tx.spend_challenges(phone)?;
    Ok(Verdict::Right)
}
