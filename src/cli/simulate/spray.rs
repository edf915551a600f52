//! Guessing a few codes of each of many phones, to take any account over.

use std::{convert::Infallible, time::Duration};

use super::{
    attack::{Ablation, Attack, Strategy, limit_off},
    service::{BEGINNING, DAY, HOUR, Result, Token},
    world::World,
};
use crate::domain::{limit::Subject, proof::Rejection};

pub const ATTACK: Attack = Attack {
    name: "spray",
    about: "\
Somebody who wants any accounts has codes sent to 100 000 phones, each in turn, and guesses a few
times at each: from any number of addresses, whenever that is possible, at most a hundred times a
second. Besides, 1000 newcomers log in each day, one in twenty of them after a mistake.",
    pace: Duration::from_millis(10),
    strategies: &[
        Strategy {
            name: Some("first all codes are sent, then all are guessed at"),
            ablations: ABLATIONS,
            play: in_turns,
        },
        Strategy {
            name: Some(
                "guesses are hidden among logins with a thousand phones of the attacker's own",
            ),
            ablations: ABLATIONS,
            play: hidden,
        },
    ],
    columns: &[
        ("messages\na day", |r| r.daily(|d| d.messages)),
        ("guesses at short\ncodes a day", |r| r.daily(|d| d.short)),
        ("at long\ncodes", |r| r.daily(|d| d.long)),
        ("takeovers\na day", |r| r.decimal(r.a_day(|d| d.hits))),
        ("takeovers\nin {days}", |r| r.decimal(r.in_all(|d| d.hits))),
        ("newcomers\nlet in", |r| r.bystanders.newcomers.to_string()),
    ],
};

const ABLATIONS: &[Ablation] = &[|policy| limit_off(&mut policy.limits.sends_in_all)];

const NEWCOMERS: u32 = 1000;
const TARGETS: u64 = 100_000;
/// Guesses at each token, even where more are evaluated.
const FEW: u32 = 10;
/// Phones that may refuse in a row before going on is of no use.
const REFUSALS: u32 = 100;
/// How long to be quiet when codes get long, since guessing was noticed.
const QUIET: Duration = Duration::from_mins(5);
/// Phones of the attacker.
const OWN: u32 = 1000;
/// Where their numbers begin.
const FIRST: u64 = 700_000_000;

/// Collects tokens first and guesses then, all within the life of a token: so
/// guessing is noticed when no more codes are to be sent. Then waits for an
/// hour, until the wrong guesses are forgotten.
fn in_turns(world: &mut World<'_>) -> Result<Infallible> {
    world.result.bystanders.newcomers(NEWCOMERS);
    let mut target = 0;
    // As many tokens as were of use the last time, or a few more.
    let mut useful = usize::MAX;
    loop {
        let (tokens, wait) = collect(world, &mut target, useful)?;
        let again = world.now() + wait;
        if tokens.is_empty() {
            world.wait(again)?;
            continue;
        }
        let mut used = 0;
        for token in &tokens {
            used += usize::from(guess(world, token)?);
        }
        let all_used = used == tokens.len();
        useful = if all_used { used * 2 } else { used.max(1) };
        world.wait(again.max(world.now() + HOUR))?;
    }
}

/// As many tokens as are useful and can be had in time, and what there is to
/// wait if there are no more.
fn collect(
    world: &mut World<'_>,
    target: &mut u64,
    useful: usize,
) -> Result<(Vec<Token>, Duration)> {
    let over = world.now() + world.service.guard.policy.challenges.ttl;
    let guesses = world.pace * few(world);
    let mut needed = world.pace * 2 + guesses;
    let (mut tokens, mut refusals) = (Vec::new(), 0);
    while tokens.len() < useful && world.now() + needed <= over {
        *target += 1;
        match world.ask(world.service.scattered(*target % TARGETS), None)? {
            Ok(token) if is_long(world, &token) => return Ok((tokens, QUIET)),
            Ok(token) => {
                tokens.push(token);
                needed += guesses;
            }
            Err(reached) => {
                refusals += 1;
                if reached.subject == Subject::Everybody || refusals > REFUSALS {
                    return Ok((tokens, reached.wait));
                }
            }
        }
    }
    Ok((tokens, Duration::ZERO))
}

/// Logs in once a day with each phone of their own, since no more than that is
/// counted of a phone, and guesses whenever that raises no alarm.
fn hidden(world: &mut World<'_>) -> Result<Infallible> {
    world.result.bystanders.newcomers(NEWCOMERS);
    let (mut own, mut target) = (0, 0);
    let (mut next_login, mut next_guess) = (BEGINNING, BEGINNING);
    loop {
        world.wait(next_login.min(next_guess))?;
        if next_login <= world.now() {
            own += 1;
            next_login = next_login + DAY / OWN;
            let phone = world.service.scattered(FIRST + u64::from(own % OWN));
            if let Ok(token) = world.ask(phone, None)? {
                world.enter(&token)?;
            }
            continue;
        }
        target += 1;
        let wait = match world.ask(world.service.scattered(target % TARGETS), None)? {
            Ok(token) if is_long(world, &token) => QUIET,
            Ok(token) => guess(world, &token).map(|_| Duration::ZERO)?,
            Err(reached) => reached.wait,
        };
        next_guess = world.now() + wait;
    }
}

fn is_long(world: &World<'_>, token: &Token) -> bool {
    token.code.digits() > world.service.guard.policy.challenges.code_length
}

fn few(world: &World<'_>) -> u32 {
    world.service.guard.policy.challenges.guesses.min(FEW)
}

/// Guesses at a token; whether that was of use.
fn guess(world: &mut World<'_>, token: &Token) -> Result<bool> {
    for tried in 0..few(world) {
        let rejection = world.guess(token, tried)?;
        if !matches!(rejection, Some(Rejection::Wrong { .. })) {
            return Ok(tried > 0);
        }
    }
    Ok(true)
}
