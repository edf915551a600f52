//! Trying invitation codes, to learn whose they are.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use super::{
    Ablation, Attack, Result, Run, RunResult, Strategy,
    service::BEGINNING,
    table::grouped,
    world::{World, is_everybodys},
};
use crate::domain::{time::Timestamp, user::UserId};

/// The attack, and what stands against it.
pub const ATTACK: Attack = Attack {
    name: "harvest",
    about: "\
Somebody with up to 1000 accounts, each made by a confirmed login with a phone of their own, tries
invitation codes at random, to learn the phones behind them: whenever that is possible, at most ten
times a second.",
    pace: Duration::from_millis(100),
    strategies: &[
        Strategy {
            name: "from one address",
            ablations: &[
                Ablation::WRONG_INVITATION_CODES_PER_USER,
                Ablation::WRONG_INVITATION_CODES_PER_SOURCE,
            ],
            play: |world, _| {
                let address = Ipv4Addr::new(203, 0, 113, 1);
                world.source = Some(IpAddr::V4(address).into());
                Harvester::default().play(world)
            },
        },
        Strategy {
            name: "from any number of addresses",
            ablations: &[Ablation::WRONG_INVITATION_CODES_PER_USER],
            play: |world, _| Harvester::default().play(world),
        },
    ],
    heads: &[
        "accounts\nthat it took",
        "codes tried on\nthe worst day",
        "codes tried\nin {days}",
        "hits to expect\nin {days}",
    ],
    figures,
};

/// Accounts that are made at most.
const ACCOUNTS: u64 = 1000;
/// Invitation codes that can be drawn: 32^6.
const POSSIBLE: f64 = 1_073_741_824.0;
/// Where the attacker's numbers begin.
const OWN: u64 = 700_000_000;

/// Tries codes with every account, and makes another when all must wait.
struct Harvester {
    /// When which account may try another code.
    accounts: BinaryHeap<Reverse<(Timestamp, UserId)>>,
    numbers: u64,
    /// When another account may be made.
    next_account: Timestamp,
}

impl Default for Harvester {
    fn default() -> Self {
        Self {
            accounts: BinaryHeap::new(),
            numbers: 0,
            next_account: BEGINNING,
        }
    }
}

impl Harvester {
    fn play(mut self, world: &mut World<'_>) -> Result<()> {
        while !world.is_over() {
            let next_code = self.accounts.peek().map(|Reverse((at, _))| *at);
            let next_account = Some(self.next_account).filter(|_| self.numbers < ACCOUNTS);
            if next_code.is_some_and(|at| at <= world.now()) {
                self.redeem(world)?;
            } else if next_account.is_some_and(|at| at <= world.now()) {
                self.register(world)?;
            } else {
                let next = next_account.into_iter().chain(next_code).min();
                world.wait(next.unwrap_or(world.end))?;
            }
        }
        Ok(())
    }

    /// Tries a code.
    fn redeem(&mut self, world: &mut World<'_>) -> Result<()> {
        let Some(Reverse((_, account))) = self.accounts.pop() else {
            return Ok(());
        };
        let refused = world.redeem(account)?;
        let again = refused.map_or(world.now(), |reached| world.now() + reached.wait);
        self.accounts.push(Reverse((again, account)));
        match refused.filter(|reached| reached.limit.ends_with("_per_source")) {
            Some(_) => world.wait(again),
            None => Ok(()),
        }
    }

    /// Makes an account.
    fn register(&mut self, world: &mut World<'_>) -> Result<()> {
        self.numbers += 1;
        match world.ask(world.service.scattered(OWN + self.numbers), None)? {
            Ok(token) => {
                if let Some((account, _)) = world.enter(&token)? {
                    self.accounts.push(Reverse((world.now(), account)));
                }
            }
            Err(reached) if is_everybodys(reached) || reached.limit.ends_with("_per_source") => {
                self.next_account = world.now() + reached.wait;
            }
            Err(_) => {}
        }
        Ok(())
    }
}

fn figures(result: &RunResult, run: &Run) -> Vec<String> {
    let codes = result.in_all(|day| day.invitation_codes);
    vec![
        grouped(result.so_far(|day| day.messages)),
        result.number(result.worst_day(|day| day.invitation_codes)),
        result.number(codes),
        result.decimal(codes * f64::from(run.users) / POSSIBLE),
    ]
}
