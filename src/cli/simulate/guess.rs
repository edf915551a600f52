//! Guessing the codes of one phone, to take its account over.

use std::{collections::VecDeque, time::Duration};

use super::{
    Ablation, Attack, DAY, Result, Run, RunResult, Strategy,
    service::{BEGINNING, Token},
    table::chance,
    world::{Guess, World},
};
use crate::domain::{code::OneTimeCode, guard::LONG, limit::Reached};

/// The attack, and what stands against it.
pub const ATTACK: Attack = Attack {
    name: "guess",
    about: "\
Somebody who wants one account has codes sent to its phone and guesses at them: from any number of
addresses, whenever that is possible, at most ten times a second. The phone's owner logs in once a
day from a known device.",
    pace: Duration::from_millis(100),
    strategies: &[
        Strategy {
            name: "as strangers",
            ablations: ABLATIONS,
            play: |world, _| play(world, 0),
        },
        Strategy {
            name: "as strangers, and with five known devices of the phone that were stolen",
            ablations: ABLATIONS,
            play: |world, _| play(world, 5),
        },
    ],
    heads: &[
        "messages",
        "guesses at\nshort codes",
        "guesses at\nlong codes",
        "takeover on\nthe worst day",
        "takeover\nin {days}",
        "owner\nlet in",
    ],
    figures,
};

const ABLATIONS: &[Ablation] = &[
    Ablation::WRONG_GUESSES_PER_PHONE,
    Ablation::WRONG_LONG_GUESSES_PER_PHONE,
    Ablation::SENDS_PER_PHONE,
];

const VICTIM: u64 = 0;

/// The code that was guessed at last, and how often. One that is sent again
/// is guessed at further.
type Last = Option<(OneTimeCode, u64)>;

/// Asks for a code whenever that is possible, and guesses as often as that is
/// evaluated: as a stranger, and with each device that was stolen.
fn play(world: &mut World<'_>, stolen: usize) -> Result<()> {
    let phone = world.service.phone(VICTIM);
    world
        .result
        .bystanders
        .owner(&mut world.service, phone, DAY / 2)?;
    // When to go on, as whom.
    let mut ready = VecDeque::from([(BEGINNING, None)]);
    for _ in 0..stolen {
        ready.push_back((BEGINNING, Some(world.service.known_device(phone)?)));
    }
    let mut last = None;
    while !world.is_over()
        && let Some((at, device)) = ready.pop_front()
    {
        world.wait(at)?;
        let limited = match world.ask(phone, device.as_ref())? {
            // After the short codes come the long ones, and nothing after those.
            Ok(token) => guess(world, &token, &mut last)?.filter(|_| token.code.digits() >= LONG),
            Err(reached) => Some(reached),
        };
        let wait = limited.map_or(Duration::ZERO, |reached| reached.wait);
        ready.push_back((world.now() + wait, device));
        ready.make_contiguous().sort_by_key(|(at, _)| *at);
    }
    Ok(())
}

/// Guesses at one token until that is of no use; what stands in the way.
fn guess(world: &mut World<'_>, token: &Token, last: &mut Last) -> Result<Option<Reached>> {
    let again = last.take().filter(|(code, _)| *code == token.code);
    let mut tried = again.map_or(0, |(_, tried)| tried);
    let limited = loop {
        match world.guess(token, tried)? {
            Guess::Wrong => tried += 1,
            Guess::Limited(reached) => break Some(reached),
            Guess::Over => break None,
        }
    };
    *last = Some((token.code.clone(), tried));
    Ok(limited)
}

fn figures(result: &RunResult, _: &Run) -> Vec<String> {
    vec![
        result.number(result.in_all(|day| day.messages)),
        result.number(result.in_all(|day| day.short)),
        result.number(result.in_all(|day| day.long)),
        chance(result.worst_day(|day| day.hits)),
        chance(result.chance()),
        result.bystanders.owners.to_string(),
    ]
}
