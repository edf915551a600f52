//! Flooding a phone with messages, to annoy its owner and keep them out.

use std::time::Duration;

use super::{
    Ablation, Attack, DAY, Player, Run,
    score::Outcome,
    world::{Attacker, World},
};
use crate::domain::tx::{StoreError, Tx};

/// The attack, and what stands against it.
pub const ATTACK: Attack = Attack {
    name: "bomb",
    about: "Somebody has messages sent to one phone, whenever that is possible, at most twice a minute. The \
            phone's owner wants in once a day from a known device, and once a day from a new one.",
    pace: Duration::from_secs(30),
    players: &[Player {
        name: "",
        ablations: &[Ablation::SENDS_PER_PHONE, Ablation::SENDS_PER_PREFIX],
        attacker: |_| Box::new(Bomber),
    }],
    figures,
};

/// The number of the phone that is flooded.
const VICTIM: u64 = 0;

/// Has a message sent whenever that is possible.
struct Bomber;

impl Attacker for Bomber {
    fn prepare(&mut self, world: &mut World, tx: &mut dyn Tx) -> Result<(), StoreError> {
        let phone = world.service.phone(VICTIM);
        world.bystanders.newcomer(&world.service, phone, DAY / 4);
        world
            .bystanders
            .owner(tx, &mut world.service, phone, DAY / 2)
    }

    fn act(&mut self, world: &mut World, tx: &mut dyn Tx) -> Result<(), StoreError> {
        match world.ask(tx, world.service.phone(VICTIM), None)? {
            Ok(_) => Ok(()),
            Err(reached) => world.wait(tx, world.now() + reached.wait),
        }
    }
}

fn figures(outcome: &Outcome, play: &Run) -> Vec<(String, String)> {
    let bystanders = &outcome.bystanders;
    vec![
        (
            "messages\non the worst day".to_owned(),
            outcome.number(outcome.worst_day(|day| day.messages.into())),
        ),
        play.in_all(
            "messages",
            outcome.number(outcome.in_all(|day| day.messages.into())),
        ),
        (
            "let in from\na known device".to_owned(),
            bystanders.owners.to_string(),
        ),
        (
            "let in from\na new one".to_owned(),
            bystanders.newcomers.to_string(),
        ),
    ]
}
