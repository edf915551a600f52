//! Guessing the codes of one phone, to take its account over.

use std::time::Duration;

use super::{
    Attack, DAY, Play, Player, Shield,
    score::Outcome,
    table::chance,
    world::{Attacker, Guess, World},
};
use crate::domain::{
    code::OneTimeCode,
    guard::LONG,
    tx::{StoreError, Tx},
};

/// The attack, and what stands against it.
pub const ATTACK: Attack = Attack {
    name: "guess",
    about: "Somebody who wants one account has codes sent to its phone and guesses at them: from any number of \
            addresses, whenever that is possible, at most ten times a second. The phone's owner logs in once a \
            day from a known device.",
    pace: Duration::from_millis(100),
    players: &[Player {
        name: "",
        shields: &[
            Shield::WRONG_GUESSES_PER_PHONE,
            Shield::WRONG_LONG_GUESSES_PER_PHONE,
            Shield::SENDS_PER_PHONE,
        ],
        attacker: |_| Box::new(Guesser::default()),
    }],
    figures,
};

/// The number of the phone that is attacked.
const VICTIM: u64 = 0;

/// Asks for a code whenever that is possible, and guesses as often as that is
/// evaluated.
#[derive(Default)]
struct Guesser {
    /// The code that was guessed at last, and how often. One that is sent
    /// again is guessed at further.
    last: Option<(OneTimeCode, u64)>,
}

impl Attacker for Guesser {
    fn prepare(&mut self, world: &mut World, tx: &mut dyn Tx) -> Result<(), StoreError> {
        let phone = world.house.phone(VICTIM);
        world.crowd.owner(tx, &mut world.house, phone, DAY / 2)
    }

    fn act(&mut self, world: &mut World, tx: &mut dyn Tx) -> Result<(), StoreError> {
        let token = match world.ask(tx, world.house.phone(VICTIM), None)? {
            Ok(token) => token,
            Err(reached) => return world.wait(tx, world.now() + reached.wait),
        };
        let last = self.last.take().filter(|(code, _)| *code == token.code);
        let mut tried = last.map_or(0, |(_, tried)| tried);
        let limited = loop {
            match world.guess(tx, &token, tried)? {
                Guess::Wrong => tried += 1,
                Guess::Limited(reached) => break Some(reached),
                Guess::Over => break None,
            }
        };
        self.last = Some((token.code.clone(), tried));
        // After the short codes come the long ones, and nothing after those.
        match limited.filter(|_| token.code.digits() >= LONG) {
            Some(reached) => world.wait(tx, world.now() + reached.wait),
            None => Ok(()),
        }
    }
}

fn figures(outcome: &Outcome, play: &Play) -> Vec<(String, String)> {
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
        ("owner\nlet in".to_owned(), outcome.crowd.owners.to_string()),
    ]
}
