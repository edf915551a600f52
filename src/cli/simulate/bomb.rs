//! Flooding a phone with messages, to annoy its owner and keep them out.

use std::{convert::Infallible, time::Duration};

use super::{
    attack::{Attack, Strategy, limit_off},
    service::{DAY, Result},
    world::World,
};

pub const ATTACK: Attack = Attack {
    name: "bomb",
    about: "\
Somebody has messages sent to one phone, whenever that is possible, at most twice a minute. The
phone's owner wants in once a day from a known device, and once a day from a new one.",
    pace: Duration::from_secs(30),
    strategies: &[Strategy {
        name: None,
        ablations: &[
            |policy| limit_off(&mut policy.limits.sends_per_phone),
            |policy| limit_off(&mut policy.limits.sends_per_prefix),
        ],
        play,
    }],
    columns: &[
        ("messages\non the worst day", |r| r.worst(|d| d.messages)),
        ("messages\nin {days}", |r| r.total(|d| d.messages)),
        ("let in from\na known device", |r| {
            r.bystanders.owners.to_string()
        }),
        ("let in from\na new one", |r| {
            r.bystanders.newcomers.to_string()
        }),
    ],
};

const VICTIM: u64 = 0;

/// Has a message sent whenever that is possible.
fn play(world: &mut World<'_>) -> Result<Infallible> {
    let phone = world.service.phone(VICTIM);
    let device = world.service.known_device(phone)?;
    let bystanders = &mut world.result.bystanders;
    bystanders.daily(DAY / 4, phone, None);
    bystanders.daily(DAY / 2, phone, Some(device));
    loop {
        if let Err(reached) = world.ask(phone, None)? {
            world.wait(world.now() + reached.wait)?;
        }
    }
}
