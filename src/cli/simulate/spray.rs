//! Guessing a few codes of each of many phones, to take any account over.

use std::time::Duration;

use super::{
    Ablation, Attack, DAY, HOUR, Player, Run,
    score::Outcome,
    service::{BEGINNING, Token},
    world::{Attacker, Guess, World},
};
use crate::domain::{
    guard::BUDGET,
    limit::Reached,
    time::Timestamp,
    tx::{StoreError, Tx},
};

/// The attack, and what stands against it.
pub const ATTACK: Attack = Attack {
    name: "spray",
    about: "Somebody who wants any accounts has codes sent to 100 000 phones, each in turn, and guesses a few \
            times at each: from any number of addresses, whenever that is possible, at most a hundred times a \
            second. Besides, 1000 newcomers log in each day, one in twenty of them after a mistake.",
    pace: Duration::from_millis(10),
    players: &[
        Player {
            name: "first all codes are sent, then all are guessed at",
            ablations: &[Ablation::SENDS_IN_ALL],
            attacker: |_| Box::new(Hoarder::default()),
        },
        Player {
            name: "guesses are hidden among logins with a thousand phones of the attacker's own",
            ablations: &[Ablation::SENDS_IN_ALL],
            attacker: |_| Box::new(Hider::default()),
        },
    ],
    figures,
};

/// Phones that are attacked.
const TARGETS: u64 = 100_000;
/// Guesses at each token, even where more are evaluated.
const FEW: u32 = 10;
/// Phones that may refuse in a row before it is no use to go on.
const PATIENCE: u32 = 100;
/// How long to be quiet when codes get long, since guessing was noticed.
const QUIET: Duration = Duration::from_mins(5);
/// Phones of the attacker.
const OWN: u32 = 1000;
/// Where their numbers begin.
const FIRST: u64 = 700_000_000;

/// Collects tokens first and guesses then, all within the life of a token: so
/// guessing is noticed when no more codes are to be sent. Then waits for an
/// hour, until the wrong guesses are forgotten.
#[derive(Default)]
struct Hoarder {
    next: u64,
    /// As many tokens as were of use the last time, or a few more.
    useful: Option<u32>,
}

impl Attacker for Hoarder {
    fn prepare(&mut self, world: &mut World, _: &mut dyn Tx) -> Result<(), StoreError> {
        world.bystanders.newcomers(&world.service, 1000);
        Ok(())
    }

    fn act(&mut self, world: &mut World, tx: &mut dyn Tx) -> Result<(), StoreError> {
        let (tokens, wait) = self.collect(world, tx)?;
        let again = world.now() + wait;
        if tokens.is_empty() {
            return world.wait(tx, again);
        }
        let mut used = 0;
        for token in &tokens {
            used += u32::from(guess(world, tx, token)?);
        }
        let all_used = used == count(&tokens);
        self.useful = Some(if all_used { used * 2 } else { used.max(1) });
        let forgotten = world.now() + HOUR;
        world.wait(tx, again.max(forgotten))
    }
}

impl Hoarder {
    /// As many tokens as are useful and can be had in time, and what there is
    /// to wait if there are no more.
    fn collect(
        &mut self,
        world: &mut World,
        tx: &mut dyn Tx,
    ) -> Result<(Vec<Token>, Duration), StoreError> {
        let over = world.now() + world.service.policy().challenges.ttl;
        let mut tokens = Vec::new();
        let mut refusals = 0;
        while self.useful.is_none_or(|useful| count(&tokens) < useful) {
            let requests = 2 + count(&tokens).saturating_add(1) * few(world);
            if world.now() + world.pace * requests > over {
                break;
            }
            self.next += 1;
            match world.ask(tx, world.service.scattered(self.next % TARGETS), None)? {
                Ok(token) if is_long(world, &token) => return Ok((tokens, QUIET)),
                Ok(token) => tokens.push(token),
                Err(reached) => {
                    refusals += 1;
                    if is_everybodys(reached) || refusals > PATIENCE {
                        return Ok((tokens, reached.wait));
                    }
                }
            }
        }
        Ok((tokens, Duration::ZERO))
    }
}

/// Logs in once a day with each phone of their own, since no more than that is
/// counted of a phone, and guesses whenever that raises no alarm.
struct Hider {
    next: u64,
    own: u32,
    /// When the next phone of their own is due.
    login: Timestamp,
    /// When it may be of use to guess again.
    target: Timestamp,
}

impl Default for Hider {
    fn default() -> Self {
        Self {
            next: 0,
            own: 0,
            login: BEGINNING,
            target: BEGINNING,
        }
    }
}

impl Hider {
    fn log_in(&mut self, world: &mut World, tx: &mut dyn Tx) -> Result<(), StoreError> {
        self.own += 1;
        self.login = self.login + DAY / OWN;
        let phone = world.service.scattered(FIRST + u64::from(self.own % OWN));
        if let Ok(token) = world.ask(tx, phone, None)? {
            world.enter(tx, &token)?;
        }
        Ok(())
    }

    fn attack(&mut self, world: &mut World, tx: &mut dyn Tx) -> Result<(), StoreError> {
        self.next += 1;
        let phone = world.service.scattered(self.next % TARGETS);
        let wait = match world.ask(tx, phone, None)? {
            Ok(token) if is_long(world, &token) => QUIET,
            Ok(token) => {
                guess(world, tx, &token)?;
                Duration::ZERO
            }
            Err(reached) => reached.wait,
        };
        self.target = world.now() + wait;
        Ok(())
    }
}

impl Attacker for Hider {
    fn prepare(&mut self, world: &mut World, _: &mut dyn Tx) -> Result<(), StoreError> {
        world.bystanders.newcomers(&world.service, 1000);
        Ok(())
    }

    fn act(&mut self, world: &mut World, tx: &mut dyn Tx) -> Result<(), StoreError> {
        world.wait(tx, self.login.min(self.target))?;
        if self.login <= world.now() {
            self.log_in(world, tx)
        } else {
            self.attack(world, tx)
        }
    }
}

fn is_long(world: &World, token: &Token) -> bool {
    token.code.digits() > world.service.policy().challenges.code_length
}

fn few(world: &World) -> u32 {
    world.service.policy().challenges.guesses.min(FEW)
}

/// Guesses at a token; whether that was of use.
fn guess(world: &mut World, tx: &mut dyn Tx, token: &Token) -> Result<bool, StoreError> {
    for tried in 0..few(world) {
        if !matches!(world.guess(tx, token, tried.into())?, Guess::Wrong) {
            return Ok(tried > 0);
        }
    }
    Ok(true)
}

/// Whether it is a limit that any other phone would meet as well.
pub fn is_everybodys(reached: Reached) -> bool {
    [BUDGET, "sends_in_all"].contains(&reached.limit)
}

fn count(tokens: &[Token]) -> u32 {
    u32::try_from(tokens.len()).unwrap_or(u32::MAX)
}

fn figures(outcome: &Outcome, play: &Run) -> Vec<(String, String)> {
    let count = |deeds| outcome.number(outcome.a_day(deeds));
    let takeovers = |count: f64| outcome.decimal(count);
    vec![
        (
            "messages\na day".to_owned(),
            count(|day| day.messages.into()),
        ),
        (
            "guesses at short\ncodes a day".to_owned(),
            count(|day| day.short.into()),
        ),
        ("at long\ncodes".to_owned(), count(|day| day.long.into())),
        (
            "takeovers\na day".to_owned(),
            takeovers(outcome.a_day(|day| day.hits)),
        ),
        play.in_all("takeovers", takeovers(outcome.in_all(|day| day.hits))),
        (
            "newcomers\nlet in".to_owned(),
            outcome.bystanders.newcomers.to_string(),
        ),
    ]
}
