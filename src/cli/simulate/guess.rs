//! Guessing the codes of one phone, to take its account over.

use std::time::Duration;

use super::{
    attack::{Ablation, Attack, Strategy},
    service::{BEGINNING, DAY, Result, Token},
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
            name: Some("as strangers"),
            ablations: ABLATIONS,
            play: |world| play(world, 0),
        },
        Strategy {
            name: Some("as strangers, and with five known devices of the phone that were stolen"),
            ablations: ABLATIONS,
            play: |world| play(world, 5),
        },
    ],
    columns: &[
        ("\nmessages", |r| r.total(|d| d.messages)),
        ("guesses at\nshort codes", |r| r.total(|d| d.short)),
        ("guesses at\nlong codes", |r| r.total(|d| d.long)),
        ("takeover on\nthe worst day", |r| {
            chance(r.worst_day(|d| d.hits))
        }),
        ("takeover\nin {days}", |r| chance(r.chance())),
        ("owner\nlet in", |r| r.bystanders.owners.to_string()),
    ],
};

const ABLATIONS: &[Ablation] = &[
    Ablation::Limit(|limits| &mut limits.wrong_guesses_per_phone),
    Ablation::Limit(|limits| &mut limits.wrong_long_guesses_per_phone),
    Ablation::Limit(|limits| &mut limits.sends_per_phone),
];

const VICTIM: u64 = 0;

/// The code that was guessed at last, and how often. One that is sent again
/// is guessed at further.
type Last = Option<(OneTimeCode, u64)>;

/// Asks for a code whenever that is possible, and guesses as often as that is
/// evaluated: as a stranger, and with each device that was stolen.
fn play(world: &mut World<'_>, stolen: usize) -> Result<()> {
    let phone = world.service.phone(VICTIM);
    let device = world.service.known_device(phone)?;
    let bystanders = &mut world.result.bystanders;
    bystanders.daily(DAY / 2, phone, Some(device));
    // When to go on, as whom.
    let mut ready = vec![(BEGINNING, None)];
    for _ in 0..stolen {
        ready.push((BEGINNING, Some(world.service.known_device(phone)?)));
    }
    let mut last = None;
    while !world.is_over() {
        ready.sort_by_key(|(at, _)| *at);
        let (at, device) = ready.remove(0);
        world.wait(at)?;
        let limited = match world.ask(phone, device.as_ref())? {
            // After the short codes come the long ones, and nothing after those.
            Ok(token) => guess(world, &token, &mut last)?.filter(|_| token.code.digits() >= LONG),
            Err(reached) => Some(reached),
        };
        let wait = limited.map_or(Duration::ZERO, |reached| reached.wait);
        ready.push((world.now() + wait, device));
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
