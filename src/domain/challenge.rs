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
    delivery::{self, Dispatch},
    guard::{Admission, Guard, Spending, Terms, Visitor},
    id,
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
    /// Digits of a new code, as long as nobody guesses too much.
    pub code_length: usize,
    /// How long a challenge lives.
    pub ttl: Duration,
    /// Guesses that are evaluated for each.
    pub guesses: u32,
    /// How many of one phone may be alive at once.
    pub live_per_phone: usize,
}

/// A phone that somebody wants to prove.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The phone.
    pub phone: Phone,
    /// What for.
    pub purpose: Purpose,
    /// Its code, if it is a test number: it gets no message, and has no limits.
    pub fixed: Option<Fixed>,
    /// Its message, where a provider is to bring it.
    pub dispatch: Option<Dispatch>,
    /// The most digits that a code can have on its way there.
    pub longest: usize,
}

/// A challenge was begun.
#[derive(Debug, Clone)]
pub struct Opened {
    /// It. Its code is to be sent once this is committed.
    pub challenge: Challenge,
    /// How long until another may be begun.
    pub resend_in: Duration,
    /// The budget, when the operator should hear of it.
    pub spending: Option<Spending>,
    /// How many messages were found that nobody knows the end of.
    pub lost: usize,
}

/// A challenge was not begun.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A limit is reached.
    #[error("a limit is reached")]
    Limited(Reached),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
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

/// Begins a challenge. While another of the same phone, purpose and length is
/// alive, its code is sent again: messages arrive out of order.
pub fn open(
    tx: &mut dyn Tx,
    guard: &Guard,
    visitor: &Visitor,
    wanted: &Wanted,
    rng: &mut dyn CryptoRng,
) -> Result<Opened, OpenError> {
    let (policy, now) = (guard.policy.challenges, visitor.now);
    if let Some(fixed) = &wanted.fixed {
        let expires_at = fixed.until.min(now + policy.ttl);
        return Ok(Opened {
            challenge: begin(tx, wanted, fixed.code.clone(), now, expires_at, rng)?,
            resend_in: Duration::ZERO,
            spending: None,
            lost: 0,
        });
    }
    let asker = guard.identify(tx, visitor, wanted.phone)?;
    let Terms { digits, guesses } = guard.terms(tx, visitor, asker, wanted.longest)?;
    let live = tx.live_challenges(wanted.phone, guesses, now)?;
    // A code that is shorter than a new one would be is not evaluated any more:
    // nobody waits for its end, nor for as long as it would have been of use.
    let is_outdated = |one: &Challenge| is_of(one, asker) && one.code.digits() < digits;
    let (outdated, live): (Vec<_>, Vec<_>) = live.into_iter().partition(is_outdated);
    let mut own = own(&live, asker);
    let room = alive(&own, policy, now);
    let mut newest = guard.newest(tx, asker)?;
    let useful = if outdated.is_empty() {
        Duration::ZERO
    } else {
        policy.ttl
    };
    let waiting = guard.party_wait(&newest, visitor.at, useful);
    let price = wanted.dispatch.and_then(|dispatch| dispatch.price);
    let cost = price.unwrap_or_else(|| guard.price(wanted.phone));
    let Admission { reached, spending } =
        guard.may_send(tx, visitor, asker, wanted.phone, cost, waiting)?;
    if let Some(reached) = room.into_iter().chain(reached).max_by_key(|one| one.wait) {
        return Err(OpenError::Limited(reached));
    }
    let sibling = live.into_iter().rfind(|challenge| {
        challenge.purpose == wanted.purpose && challenge.code.digits() == digits
    });
    let code = sibling.map_or_else(|| OneTimeCode::draw(digits, rng), |sibling| sibling.code);
    let challenge = begin(tx, wanted, code, now, now + policy.ttl, rng)?;
    guard.note_send(tx, visitor, asker, wanted.phone, cost, challenge.id)?;
    let lost = match wanted.dispatch {
        Some(_) => delivery::begin(tx, challenge.id, now, id::sweeps(challenge.id.0))?,
        None => 0,
    };
    own.push(challenge.expires_at);
    newest.insert(0, visitor.at);
    let next = guard.party_wait(&newest, visitor.at, Duration::ZERO);
    let waits = alive(&own, policy, now).into_iter().chain(next);
    Ok(Opened {
        challenge,
        resend_in: waits.map(|one| one.wait).max().unwrap_or_default(),
        spending,
        lost,
    })
}

/// When those of the live challenges end that count as this asker's. Strangers
/// fill up the places of strangers only.
fn own(live: &[Challenge], asker: Asker) -> Vec<Timestamp> {
    let own = live.iter().filter(|challenge| is_of(challenge, asker));
    own.map(|challenge| challenge.expires_at).collect()
}

fn is_of(challenge: &Challenge, asker: Asker) -> bool {
    challenge.asker.is_some_and(|asker| asker.known) == asker.known
}

/// Whether as many challenges are alive as may be: until the first of them ends.
fn alive(ends: &[Timestamp], policy: Policy, now: Timestamp) -> Option<Reached> {
    let first = ends.iter().min()?;
    (ends.len() >= policy.live_per_phone).then(|| Reached {
        limit: "live_tokens_per_phone",
        wait: first.since(now),
    })
}

fn begin(
    tx: &mut dyn Tx,
    wanted: &Wanted,
    code: OneTimeCode,
    now: Timestamp,
    expires_at: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<Challenge, StoreError> {
    let mut challenge = Challenge {
        id: ChallengeId(0),
        phone: wanted.phone,
        purpose: wanted.purpose,
        code,
        created_at: now,
        expires_at,
        wrong_guesses: 0,
        spent: false,
        asker: None,
    };
    for _ in 0..id::DRAWS {
        challenge.id = ChallengeId(id::draw(now, rng));
        if tx.insert_challenge(&challenge)? {
            if id::sweeps(challenge.id.0) {
                tx.prune_challenges(now - KEPT)?;
            }
            return Ok(challenge);
        }
    }
    Err(StoreError::no_free_id("challenge"))
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
        guesses = match guard.guesses(tx, visitor, asker, digits, answer.longest)? {
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
