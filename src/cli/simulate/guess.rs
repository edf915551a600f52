//! Guessing the codes of one phone, to take its account over.

use std::{collections::VecDeque, time::Duration};

use super::{
    Ablation, Attack, DAY, Player, Run,
    score::Outcome,
    service::{BEGINNING, Token},
    table::chance,
    world::{Attacker, Guess, World},
};
use crate::domain::{
    code::OneTimeCode,
    device::DeviceSecret,
    guard::LONG,
    limit::Reached,
    time::Timestamp,
    tx::{StoreError, Tx},
};

/// The attack, and what stands against it.
pub const ATTACK: Attack = Attack {
    name: "guess",
    about: "Somebody who wants one account has codes sent to its phone and guesses at them: from any number of \
            addresses, whenever that is possible, at most ten times a second. The phone's owner logs in once a \
            day from a known device.",
    pace: Duration::from_millis(100),
    players: &[
        Player {
            name: "as strangers",
            ablations: SHIELDS,
            attacker: |_| Box::new(Guesser::with(0)),
        },
        Player {
            name: "as strangers, and with five known devices of the phone that were stolen",
            ablations: SHIELDS,
            attacker: |_| Box::new(Guesser::with(5)),
        },
    ],
    figures,
};

const SHIELDS: &[Ablation] = &[
    Ablation::WRONG_GUESSES_PER_PHONE,
    Ablation::WRONG_LONG_GUESSES_PER_PHONE,
    Ablation::SENDS_PER_PHONE,
];

/// The number of the phone that is attacked.
const VICTIM: u64 = 0;

/// Asks for a code whenever that is possible, and guesses as often as that is
/// evaluated: as a stranger, and with each device that was stolen.
struct Guesser {
    stolen: usize,
    /// When to go on, as whom.
    ready: VecDeque<(Timestamp, Option<DeviceSecret>)>,
    /// The code that was guessed at last, and how often. One that is sent
    /// again is guessed at further.
    last: Option<(OneTimeCode, u64)>,
}

impl Guesser {
    fn with(stolen: usize) -> Self {
        Self {
            stolen,
            ready: VecDeque::from([(BEGINNING, None)]),
            last: None,
        }
    }

    /// Guesses at one token until that is of no use; what stands in the way.
    fn guess(
        &mut self,
        world: &mut World,
        tx: &mut dyn Tx,
        token: &Token,
    ) -> Result<Option<Reached>, StoreError> {
        let last = self.last.take().filter(|(code, _)| *code == token.code);
        let mut tried = last.map_or(0, |(_, tried)| tried);
        let limited = loop {
            match world.guess(tx, token, tried)? {
                Guess::Wrong => tried += 1,
                Guess::Limited(reached) => break Some(reached),
                Guess::Over => break None,
            }
        };
        self.last = Some((token.code.clone(), tried));
        Ok(limited)
    }
}

impl Attacker for Guesser {
    fn prepare(&mut self, world: &mut World, tx: &mut dyn Tx) -> Result<(), StoreError> {
        let phone = world.service.phone(VICTIM);
        world
            .bystanders
            .owner(tx, &mut world.service, phone, DAY / 2)?;
        for _ in 0..self.stolen {
            let device = world.service.settle(tx, phone)?;
            self.ready.push_back((BEGINNING, Some(device)));
        }
        Ok(())
    }

    fn act(&mut self, world: &mut World, tx: &mut dyn Tx) -> Result<(), StoreError> {
        let Some((at, device)) = self.ready.pop_front() else {
            return Ok(());
        };
        world.wait(tx, at)?;
        let wait = match world.ask(tx, world.service.phone(VICTIM), device.as_ref())? {
            Ok(token) => {
                let limited = self.guess(world, tx, &token)?;
                // After the short codes come the long ones, and nothing after those.
                limited.filter(|_| token.code.digits() >= LONG)
            }
            Err(reached) => Some(reached),
        };
        let wait = wait.map_or(Duration::ZERO, |reached| reached.wait);
        self.ready.push_back((world.now() + wait, device));
        self.ready.make_contiguous().sort_by_key(|(at, _)| *at);
        Ok(())
    }
}

fn figures(outcome: &Outcome, play: &Run) -> Vec<(String, String)> {
    let count = |deeds| outcome.number(outcome.in_all(deeds));
    vec![
        ("messages".to_owned(), count(|day| day.messages.into())),
        (
            "guesses at\nshort codes".to_owned(),
            count(|day| day.short.into()),
        ),
        (
            "guesses at\nlong codes".to_owned(),
            count(|day| day.long.into()),
        ),
        (
            "takeover on\nthe worst day".to_owned(),
            chance(outcome.worst_day(|day| day.hits)),
        ),
        play.in_all("takeover", chance(outcome.chance())),
        (
            "owner\nlet in".to_owned(),
            outcome.bystanders.owners.to_string(),
        ),
    ]
}
