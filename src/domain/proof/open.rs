//! Asking for a code: a challenge is begun and its code sent, or the one that
//! was begun a short while ago is had again as it is, since an app may have
//! been killed while its user read the message.

use std::time::Duration;

use rand::CryptoRng;

use super::wanted::{Fixed, OpenError, Opened, Wanted};
use crate::domain::{
    challenge::{Challenge, Policy, SourceHash},
    code::OneTimeCode,
    delivery,
    error::StoreError,
    guard::{
        Guard,
        guess::{self, Terms},
    },
    id::{self, ChallengeId},
    ledger::Asker,
    limit::{self, Reached},
    source::Deed,
    time::Timestamp,
    tx::Tx,
    visitor::Visitor,
};

/// How long a challenge is kept when it is over. Its token says by itself that
/// it has expired; this is for clocks that are set back a little.
const KEPT: Duration = Duration::from_mins(10);

/// Begins a challenge. While another of the same phone, purpose and length is
/// alive, its code is sent again: messages arrive out of order. As long as that
/// may not be done yet, whoever began the latest one has it again.
pub fn open(
    tx: &mut dyn Tx,
    guard: &Guard,
    visitor: &Visitor,
    wanted: &Wanted,
    rng: &mut dyn CryptoRng,
) -> Result<Opened, OpenError> {
    tx.lock(&guard.subjects_of_send(wanted.phone))?;
    let source = wanted.source.map(|source| guard.source_hash(source));
    if let Some(fixed) = &wanted.fixed {
        return open_test(tx, guard, visitor, wanted, fixed, source, rng);
    }
    let (policy, now) = (guard.policy.challenges, visitor.now);
    tx.ahead(&mut |tx| {
        guard.ask_before_send(tx, visitor, wanted.phone)?;
        tx.live_challenges(wanted.phone, policy.guesses, now)?;
        Ok(())
    })?;
    let asker = guard.identify(tx, visitor, wanted.phone)?;
    let terms = guard.terms(tx, visitor, asker, wanted.longest)?;
    let mut had = Had::read(tx, guard, visitor, wanted, asker, terms)?;
    if let Some(again) = had.again(wanted, asker, source, now) {
        return Ok(again);
    }
    let price = wanted.dispatch.and_then(|dispatch| dispatch.price);
    let cost = price.unwrap_or_else(|| guard.price(wanted.phone));
    let admission = guard.may_send(tx, visitor, asker, wanted.phone, cost, had.waiting)?;
    let reached = had.room.into_iter().chain(admission.reached);
    if let Some(reached) = reached.max_by_key(|one| one.wait) {
        return Err(OpenError::Limited(reached));
    }
    let code = had.code(wanted, terms.digits);
    let code = code.unwrap_or_else(|| OneTimeCode::draw(terms.digits, rng));
    let challenge = begin(tx, wanted, source, code, now, now + policy.ttl, rng)?;
    guard.note_send(tx, visitor, asker, wanted.phone, &admission, challenge.id)?;
    let lost = match wanted.dispatch {
        Some(_) => delivery::begin(tx, challenge.id, now, id::sweeps(challenge.id.0))?,
        None => 0,
    };
    had.ends.push(challenge.expires_at);
    had.newest.insert(0, visitor.at);
    let next = guard.party_wait(&had.newest, visitor.at, Duration::ZERO);
    let waits = alive(&had.ends, policy, now).into_iter().chain(next);
    Ok(Opened {
        challenge,
        sends: true,
        resend_in: waits.map(|one| one.wait).max().unwrap_or_default(),
        spending: admission.spending,
        lost,
    })
}

/// What there is of a phone already when somebody asks for a code of it.
struct Had {
    /// The challenges that can still be answered, the oldest first.
    live: Vec<Challenge>,
    /// When those of them end that count as this asker's. Strangers fill up the
    /// places of strangers only.
    ends: Vec<Timestamp>,
    /// When the asker was sent messages, the latest first.
    newest: Vec<Timestamp>,
    /// What there is to wait for until another may be begun, all else aside.
    room: Option<Reached>,
    waiting: Option<Reached>,
}

impl Had {
    fn read(
        tx: &mut dyn Tx,
        guard: &Guard,
        visitor: &Visitor,
        wanted: &Wanted,
        asker: Asker,
        terms: Terms,
    ) -> Result<Self, StoreError> {
        let (policy, now) = (guard.policy.challenges, visitor.now);
        let live = tx.live_challenges(wanted.phone, terms.guesses, now)?;
        // A code that is shorter than a new one would be is not evaluated any more:
        // nobody waits for its end, nor for as long as it would have been of use.
        // Neither is one that was sent before too much was guessed all over.
        let is_outdated = |one: &Challenge| {
            is_of(one, asker) && (one.code.digits() < terms.digits || guess::is_dead(one, asker))
        };
        let (outdated, live): (Vec<_>, Vec<_>) = live.into_iter().partition(is_outdated);
        let own = live.iter().filter(|challenge| is_of(challenge, asker));
        let ends: Vec<_> = own.map(|challenge| challenge.expires_at).collect();
        let newest = guard.newest(tx, asker)?;
        let useful = outdated.first().map_or(Duration::ZERO, |_| policy.ttl);
        Ok(Self {
            room: alive(&ends, policy, now),
            waiting: guard.party_wait(&newest, visitor.at, useful),
            live,
            ends,
            newest,
        })
    }

    /// The latest that this very client, or a device of the phone's user, began,
    /// as long as it may not begin another.
    fn again(
        &self,
        wanted: &Wanted,
        asker: Asker,
        source: Option<SourceHash>,
        now: Timestamp,
    ) -> Option<Opened> {
        let waits = [self.room, self.waiting].into_iter().flatten();
        let wait = waits.map(|one| one.wait).max()?;
        let came_from_there = |one: &Challenge| source.is_some() && one.source == source;
        let is_own = |one: &&Challenge| is_of(one, asker) && (asker.known || came_from_there(one));
        let latest = answerable(&self.live, wanted, now).rfind(is_own)?;
        Some(Opened::unsent(latest.clone(), wait))
    }

    /// The code that is sent again. One without an asker is that of a test
    /// number, which may be none any more.
    fn code(&self, wanted: &Wanted, digits: usize) -> Option<OneTimeCode> {
        let is_sibling = |one: &&Challenge| {
            one.purpose == wanted.purpose && one.code.digits() == digits && one.asker.is_some()
        };
        let sibling = self.live.iter().rfind(is_sibling);
        sibling.map(|sibling| sibling.code.clone())
    }
}

/// The same for a test number, which gets no messages. One source has one live
/// challenge of it: others cannot use up its guesses, and none can begin any
/// number of them.
fn open_test(
    tx: &mut dyn Tx,
    guard: &Guard,
    visitor: &Visitor,
    wanted: &Wanted,
    fixed: &Fixed,
    source: Option<SourceHash>,
    rng: &mut dyn CryptoRng,
) -> Result<Opened, OpenError> {
    let (policy, now) = (guard.policy.challenges, visitor.now);
    let live = tx.live_challenges(wanted.phone, policy.guesses, now)?;
    // The configuration may have been another when it was begun.
    let is_good = |one: &&Challenge| {
        one.asker.is_none() && one.code.matches(&fixed.code) && one.expires_at <= fixed.until
    };
    let is_own = |one: &&Challenge| one.source == source && is_good(one);
    if let Some(own) = answerable(&live, wanted, now).rfind(is_own) {
        return Ok(Opened::unsent(own.clone(), Duration::ZERO));
    }
    if let Some(reached) = guard.source_reached(visitor, Deed::Send) {
        return Err(OpenError::Limited(reached));
    }
    guard.blame_source(visitor, Deed::Send);
    let (code, until) = (fixed.code.clone(), fixed.until.min(now + policy.ttl));
    let challenge = begin(tx, wanted, source, code, now, until, rng)?;
    Ok(Opened::unsent(challenge, Duration::ZERO))
}

/// Those of the live challenges that are for the same, the oldest first. Tokens
/// of those that were begun before the clock was set back are not believed.
fn answerable<'a>(
    live: &'a [Challenge],
    wanted: &Wanted,
    now: Timestamp,
) -> impl DoubleEndedIterator<Item = &'a Challenge> {
    let purpose = wanted.purpose;
    live.iter()
        .filter(move |one| one.purpose == purpose && one.created_at <= now)
}

fn is_of(challenge: &Challenge, asker: Asker) -> bool {
    challenge.asker.is_some_and(|asker| asker.known) == asker.known
}

/// Whether as many challenges are alive as may be: until the first of them ends.
fn alive(ends: &[Timestamp], policy: Policy, now: Timestamp) -> Option<Reached> {
    let first = ends.iter().min()?;
    (ends.len() >= policy.live_per_phone).then(|| Reached {
        limit: "live_tokens_per_phone",
        subject: limit::Subject::Phone,
        wait: first.since(now),
    })
}

fn begin(
    tx: &mut dyn Tx,
    wanted: &Wanted,
    source: Option<SourceHash>,
    code: OneTimeCode,
    now: Timestamp,
    expires_at: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<Challenge, StoreError> {
    let mut challenge = Challenge::of(wanted.phone, wanted.purpose, code, source, now, expires_at);
    challenge.id = id::draw_free("challenge", now, rng, |id, _| {
        challenge.id = ChallengeId(id);
        Ok(tx.insert_challenge(&challenge)?.then_some(challenge.id))
    })?;
    if id::sweeps(challenge.id.0) {
        tx.prune_challenges(now - KEPT)?;
    }
    Ok(challenge)
}
