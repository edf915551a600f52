//! Trying invitation codes, to learn whose they are.

use std::{collections::BTreeSet, convert::Infallible, net::IpAddr, time::Duration};

use super::{
    attack::{Attack, Strategy, limit_off},
    service::{BEGINNING, Result},
    table::grouped,
    world::World,
};
use crate::domain::limit::Subject;

pub const ATTACK: Attack = Attack {
    name: "harvest",
    about: "\
Somebody with up to 1000 accounts, each made by a confirmed login with a phone of their own, tries
invitation codes at random, to learn the phones behind them: whenever that is possible, at most ten
times a second.",
    pace: Duration::from_millis(100),
    strategies: &[
        Strategy {
            name: Some("from one address"),
            ablations: &[
                |policy| limit_off(&mut policy.limits.wrong_invitation_codes_per_user),
                |policy| limit_off(&mut policy.limits.wrong_invitation_codes_per_source),
            ],
            play: |world| {
                world.source = Some(IpAddr::from([203, 0, 113, 1]).into());
                play(world)
            },
        },
        Strategy {
            name: Some("from any number of addresses"),
            ablations: &[|policy| limit_off(&mut policy.limits.wrong_invitation_codes_per_user)],
            play,
        },
    ],
    columns: &[
        ("accounts\nthat it took", |r| {
            grouped(r.so_far(|d| d.messages))
        }),
        ("codes tried on\nthe worst day", |r| r.worst(|d| d.codes)),
        ("codes tried\nin {days}", |r| r.total(|d| d.codes)),
        ("hits to expect\nin {days}", |r| {
            let codes = r.in_all(|d| d.codes);
            r.decimal(codes * f64::from(r.options.users) / POSSIBLE)
        }),
    ],
};

/// Accounts that are made at most.
const ACCOUNTS: u64 = 1000;
/// Invitation codes that can be drawn: 32^6.
const POSSIBLE: f64 = 1_073_741_824.0;
/// Where the attacker's numbers begin.
const OWN: u64 = 700_000_000;

/// Tries codes with every account, and makes another when all must wait.
fn play(world: &mut World<'_>) -> Result<Infallible> {
    // When which account may try another code, and when another may be made.
    let (mut accounts, mut next_account) = (BTreeSet::new(), BEGINNING);
    let mut numbers = 0;
    loop {
        let next_code = accounts.first().copied();
        if let Some((at, account)) = next_code
            && at <= world.now()
        {
            accounts.pop_first();
            let refused = world.redeem(account)?;
            let again = world.now() + refused.map_or(Duration::ZERO, |reached| reached.wait);
            accounts.insert((again, account));
            if refused.is_some_and(|reached| reached.subject == Subject::Source) {
                world.wait(again)?;
            }
        } else if next_account <= world.now() {
            numbers += 1;
            match world.ask(world.service.scattered(OWN + numbers), None)? {
                Ok(token) => {
                    let entered = world.enter(&token)?;
                    accounts.extend(entered.map(|welcome| (world.now(), welcome.session.user)));
                }
                Err(reached) if matches!(reached.subject, Subject::Everybody | Subject::Source) => {
                    next_account = world.now() + reached.wait;
                }
                Err(_) => {}
            }
            if numbers == ACCOUNTS {
                next_account = world.end;
            }
        } else {
            world.wait(next_code.map_or(next_account, |(at, _)| at.min(next_account)))?;
        }
    }
}
