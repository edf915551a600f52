//! Guessing the codes of one phone, to take its account over.

use std::{convert::Infallible, time::Duration};

use super::{
    attack::{Ablation, Attack, Strategy, limit_off},
    service::{BEGINNING, DAY, Result, Token},
    table::chance,
    world::World,
};
use crate::domain::{guard::LONG, limit::Reached, proof::Rejection};

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
    |policy| limit_off(&mut policy.limits.wrong_guesses_per_phone),
    |policy| limit_off(&mut policy.limits.wrong_long_guesses_per_phone),
    |policy| limit_off(&mut policy.limits.sends_per_phone),
];

const VICTIM: u64 = 0;

/// Asks for a code whenever that is possible, and guesses as often as that is
/// evaluated: as a stranger, and with each device that was stolen.
fn play(world: &mut World<'_>, stolen: usize) -> Result<Infallible> {
    let phone = world.service.phone(VICTIM);
    let device = world.service.known_device(phone)?;
    let bystanders = &mut world.result.bystanders;
    bystanders.daily(DAY / 2, phone, Some(device));
    // When to go on, as whom.
    let mut ready = vec![(BEGINNING, None)];
    for _ in 0..stolen {
        ready.push((BEGINNING, Some(world.service.known_device(phone)?)));
    }
    // What was guessed at last, and how often.
    let (mut last, mut tried) = (None, 0);
    loop {
        ready.sort_by_key(|(at, _)| *at);
        let (at, device) = ready.remove(0);
        world.wait(at)?;
        let limited = match world.ask(phone, device.as_ref())? {
            Ok(token) => {
                // A code that is sent again is guessed at further.
                let code = Some(token.code.clone());
                if code != last {
                    (last, tried) = (code, 0);
                }
                // After the short codes come the long ones, and nothing after those.
                guess(world, &token, &mut tried)?.filter(|_| token.code.digits() >= LONG)
            }
            Err(reached) => Some(reached),
        };
        let wait = limited.map_or(Duration::ZERO, |reached| reached.wait);
        ready.push((world.now() + wait, device));
    }
}

/// Guesses at one token until that is of no use; what stands in the way.
fn guess(world: &mut World<'_>, token: &Token, tried: &mut u32) -> Result<Option<Reached>> {
    loop {
        match world.guess(token, *tried)? {
            Some(Rejection::Wrong { .. }) => *tried += 1,
            Some(Rejection::Limited(reached) | Rejection::SourceLimited(reached)) => {
                return Ok(Some(reached));
            }
            _ => return Ok(None),
        }
    }
}
