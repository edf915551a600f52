//! Trying invitation codes, to learn whose they are.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use super::{
    Ablation, Attack, Player, Run,
    score::Outcome,
    spray::is_everybodys,
    table::grouped,
    world::{Attacker, World},
};
use crate::domain::{
    time::Timestamp,
    tx::{StoreError, Tx},
    user::UserId,
};

/// The attack, and what stands against it.
pub const ATTACK: Attack = Attack {
    name: "harvest",
    about: "Somebody with up to 1000 accounts, each made by a confirmed login with a phone of their own, tries \
            invitation codes at random, to learn the phones behind them: whenever that is possible, at most ten \
            times a second.",
    pace: Duration::from_millis(100),
    players: &[
        Player {
            name: "from one address",
            ablations: &[
                Ablation::WRONG_INVITATION_CODES_PER_USER,
                Ablation::WRONG_INVITATION_CODES_PER_SOURCE,
            ],
            attacker: |_| Box::new(Harvester::from(true)),
        },
        Player {
            name: "from any number of addresses",
            ablations: &[Ablation::WRONG_INVITATION_CODES_PER_USER],
            attacker: |_| Box::new(Harvester::from(false)),
        },
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
    from_one_address: bool,
    /// When which account may try another code.
    accounts: BinaryHeap<Reverse<(Timestamp, UserId)>>,
    numbers: u64,
    /// When another account may be made.
    next_account: Timestamp,
}

impl Harvester {
    fn from(from_one_address: bool) -> Self {
        Self {
            from_one_address,
            accounts: BinaryHeap::new(),
            numbers: 0,
            next_account: super::service::BEGINNING,
        }
    }

    /// Tries a code.
    fn redeem(
        &mut self,
        world: &mut World,
        tx: &mut dyn Tx,
        account: UserId,
    ) -> Result<(), StoreError> {
        let refused = world.redeem(tx, account)?;
        let again = refused.map_or(world.now(), |reached| world.now() + reached.wait);
        self.accounts.push(Reverse((again, account)));
        match refused.filter(|reached| reached.limit.ends_with("_per_source")) {
            Some(_) => world.wait(tx, again),
            None => Ok(()),
        }
    }

    /// Makes an account.
    fn join(&mut self, world: &mut World, tx: &mut dyn Tx) -> Result<(), StoreError> {
        self.numbers += 1;
        match world.ask(tx, world.service.scattered(OWN + self.numbers), None)? {
            Ok(token) => {
                if let Some((account, _)) = world.enter(tx, &token)? {
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

impl Attacker for Harvester {
    fn prepare(&mut self, world: &mut World, _: &mut dyn Tx) -> Result<(), StoreError> {
        let address = Ipv4Addr::new(203, 0, 113, 1);
        world.source = self.from_one_address.then(|| IpAddr::V4(address).into());
        Ok(())
    }

    fn act(&mut self, world: &mut World, tx: &mut dyn Tx) -> Result<(), StoreError> {
        let now = world.now();
        let next_code = self.accounts.peek().copied();
        if let Some(Reverse((at, account))) = next_code
            && at <= now
        {
            self.accounts.pop();
            return self.redeem(world, tx, account);
        }
        let next_account = Some(self.next_account).filter(|_| self.numbers < ACCOUNTS);
        if next_account.is_some_and(|at| at <= now) {
            return self.join(world, tx);
        }
        let next_code = next_code.map(|Reverse((at, _))| at);
        let next = next_account.into_iter().chain(next_code).min();
        world.wait(tx, next.unwrap_or(world.end))
    }
}

fn figures(outcome: &Outcome, play: &Run) -> Vec<(String, String)> {
    let codes = outcome.in_all(|day| day.invitation_codes.into());
    let hits = codes * f64::from(play.users) / POSSIBLE;
    vec![
        (
            "accounts\nthat it took".to_owned(),
            grouped(outcome.so_far(|day| day.messages.into())),
        ),
        (
            "codes tried on\nthe worst day".to_owned(),
            outcome.number(outcome.worst_day(|day| day.invitation_codes.into())),
        ),
        play.in_all("codes tried", outcome.number(codes)),
        play.in_all("hits to expect", outcome.decimal(hits)),
    ]
}
