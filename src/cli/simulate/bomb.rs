//! Flooding a phone with messages, to annoy its owner and keep them out.

use std::time::Duration;

use super::{Ablation, Attack, DAY, Result, Run, RunResult, Strategy, world::World};

/// The attack, and what stands against it.
pub const ATTACK: Attack = Attack {
    name: "bomb",
    about: "\
Somebody has messages sent to one phone, whenever that is possible, at most twice a minute. The
phone's owner wants in once a day from a known device, and once a day from a new one.",
    pace: Duration::from_secs(30),
    strategies: &[Strategy {
        name: "",
        ablations: &[Ablation::SENDS_PER_PHONE, Ablation::SENDS_PER_PREFIX],
        play,
    }],
    heads: &[
        "messages\non the worst day",
        "messages\nin {days}",
        "let in from\na known device",
        "let in from\na new one",
    ],
    figures,
};

const VICTIM: u64 = 0;

/// Has a message sent whenever that is possible.
fn play(world: &mut World<'_>, _: &Run) -> Result<()> {
    let phone = world.service.phone(VICTIM);
    world
        .result
        .bystanders
        .newcomer(&world.service, phone, DAY / 4);
    world
        .result
        .bystanders
        .owner(&mut world.service, phone, DAY / 2)?;
    while !world.is_over() {
        if let Err(reached) = world.ask(phone, None)? {
            world.wait(world.now() + reached.wait)?;
        }
    }
    Ok(())
}

fn figures(result: &RunResult, _: &Run) -> Vec<String> {
    vec![
        result.number(result.worst_day(|day| day.messages)),
        result.number(result.in_all(|day| day.messages)),
        result.bystanders.owners.to_string(),
        result.bystanders.newcomers.to_string(),
    ]
}
