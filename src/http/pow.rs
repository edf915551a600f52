//! Proof of work, for sources that are over their limit through no fault of
//! their own: many people behind one address. Off unless it is configured.
//!
//! The refusal carries a `challenge`; whoever finds a nonce so that the
//! SHA-256 of `challenge:nonce` begins with enough zero bits sends both back
//! in the header `pow`, and the request is not held against its source. All
//! other limits stay. A challenge is made for one source, lives two minutes,
//! works once, and costs the server no memory before it is solved.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use poem::Request;
use rand::Rng;
use sha2::{Digest, Sha256};

use super::problem::Problem;
use crate::{
    app::App,
    domain::{limit::Subject, source::Source, time::Timestamp},
};

/// How long a challenge may be worked on.
const LIFE: Duration = Duration::from_mins(2);
/// Solved challenges that are remembered. At the bound no more are accepted.
const MOST: usize = 50_000;

/// The challenges that were solved and must not be accepted again.
#[derive(Default)]
pub struct Solved(Mutex<HashMap<String, Timestamp>>);

impl Solved {
    /// Remembers a challenge; `false` when it was there, or there is no room.
    fn insert(&self, challenge: &str, at: Timestamp) -> bool {
        let mut solved = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if solved.len() >= MOST {
            solved.retain(|_, solved_at| *solved_at + LIFE > at);
        }
        solved.len() < MOST && solved.insert(challenge.to_owned(), at).is_none()
    }
}

/// Whether any work is asked for.
pub fn is_asked_for(app: &App) -> bool {
    *app.config.relief.proof_of_work > 0
}

/// Offers work to whoever is refused for what their source did.
pub fn offer(app: &App, source: Source, problem: Problem) -> Problem {
    if problem.subject() != Some(Subject::Source) {
        return problem;
    }
    let (at, chance) = (app.monotonic.now().millis(), app.dice().next_u64());
    let seal = seal(app, source, at, chance);
    problem.with_challenge(format!("{at:x}.{chance:x}.{seal:x}"))
}

/// Whether the request brings the work that was asked of its source.
pub fn is_done(app: &App, source: Source, request: &Request) -> bool {
    if !is_asked_for(app) {
        return false;
    }
    let mut headers = request.headers().get_all("pow").iter();
    let (Some(header), None) = (headers.next(), headers.next()) else {
        return false;
    };
    let work = header.to_str().unwrap_or_default();
    let Some((challenge, _nonce)) = work.split_once(':') else {
        return false;
    };
    let (now, solved) = (app.monotonic.now(), request.data::<Arc<Solved>>());
    let is_ours = posed(challenge).is_some_and(|(at, chance, seal_of)| {
        let posed_at = Timestamp::from_millis(at);
        posed_at <= now && now < posed_at + LIFE && seal(app, source, at, chance) == seal_of
    });
    let is_solved = zero_bits(work) >= *app.config.relief.proof_of_work;
    is_ours && is_solved && solved.is_some_and(|solved| solved.insert(challenge, now))
}

fn posed(challenge: &str) -> Option<(i64, u64, i64)> {
    let mut parts = challenge.split('.');
    let at = i64::from_str_radix(parts.next()?, 16).ok()?;
    let chance = u64::from_str_radix(parts.next()?, 16).ok()?;
    let seal = i64::from_str_radix(parts.next()?, 16).ok()?;
    // In its one spelling, or it could be solved once and shown many times.
    let whole = format!("{at:x}.{chance:x}.{seal:x}") == challenge;
    whole.then_some((at, chance, seal))
}

fn seal(app: &App, source: Source, at: i64, chance: u64) -> i64 {
    let text = format!("{source:?} {at:x} {chance:x}");
    app.keys().fingerprint("proof of work", &text)
}

/// How many bits the hash of a piece of work begins with that are zero.
fn zero_bits(work: &str) -> usize {
    let hash = Sha256::digest(work);
    let zeros = hash.iter().take_while(|byte| **byte == 0).count();
    let rest = hash.get(zeros).map_or(0, |byte| byte.leading_zeros());
    zeros * 8 + rest as usize
}
