//! Having messages sent to numbers that earn from them.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use super::{
    Ablation, Attack, HOUR, Player, Run,
    score::Outcome,
    service::{BEGINNING, Token},
    spray::is_everybodys,
    world::{Attacker, World},
};
use crate::domain::{
    device::DeviceSecret,
    limit::Reached,
    phone::Phone,
    time::Timestamp,
    tx::{StoreError, Tx},
};

/// The attack, and what stands against it.
pub const ATTACK: Attack = Attack {
    name: "pump",
    about: "Somebody who holds prefixes of 10 000 numbers each, and earns from every message to them, has \
            messages sent: from any number of addresses, whenever that is possible, at most ten times a second. \
            Who reads the codes confirms one in five, and uses the devices that are known from then on as well. \
            Besides, 24 owners of known devices and 24 newcomers want in once a day.",
    pace: Duration::from_millis(100),
    players: &[
        Player {
            name: "no code is read",
            ablations: SHIELDS,
            attacker: |play| Box::new(Pumper::new(play, None)),
        },
        Player {
            name: "the codes are read",
            ablations: SHIELDS,
            attacker: |play| Box::new(Pumper::new(play, Some(5))),
        },
    ],
    figures,
};

const SHIELDS: &[Ablation] = &[
    Ablation::SENDS_PER_PREFIX,
    Ablation::SENDS_IN_ALL,
    Ablation::Budget,
];

/// Known devices in each that are made use of.
const DEVICES: usize = 6;
/// Where the numbers of honest people begin.
const HONEST: u64 = 600_000_000;

/// Keeps every prefix busy, with strangers and with known devices.
struct Pumper {
    /// One message of so many is confirmed.
    confirms: Option<u32>,
    /// Networks that messages were asked for from so far.
    networks: u32,
    prefixes: Vec<Prefix>,
    lines: Vec<Line>,
    /// When which line may go on.
    ready: BinaryHeap<Reverse<(Timestamp, usize)>>,
    /// When anything is sent again to strangers, and to known devices.
    open: [Timestamp; 2],
}

/// Something that asks for messages: strangers, or a known device.
#[derive(Clone)]
struct Line {
    prefix: usize,
    device: Option<(Phone, DeviceSecret)>,
}

struct Prefix {
    next: u64,
    devices: usize,
    sent: [u32; 2],
    /// When anything is sent here again.
    open: [Timestamp; 2],
}

impl Prefix {
    /// One number of the prefix after the other, and again from the first.
    fn another(&mut self) -> u64 {
        self.next = self.next / 10_000 * 10_000 + (self.next + 1) % 10_000;
        self.next
    }
}

impl Pumper {
    fn new(play: &Run, confirms: Option<u32>) -> Self {
        let prefix = |number| Prefix {
            next: u64::from(number) * 10_000,
            devices: 0,
            sent: [0; 2],
            open: [BEGINNING; 2],
        };
        let mut pumper = Self {
            confirms,
            networks: 0,
            prefixes: (0..play.prefixes).map(prefix).collect(),
            lines: Vec::new(),
            ready: BinaryHeap::new(),
            open: [BEGINNING; 2],
        };
        for prefix in 0..pumper.prefixes.len() {
            pumper.add(
                BEGINNING,
                Line {
                    prefix,
                    device: None,
                },
            );
        }
        pumper
    }

    fn add(&mut self, at: Timestamp, line: Line) {
        self.ready.push(Reverse((at, self.lines.len())));
        self.lines.push(line);
    }

    /// The next line that may go on, and when.
    fn next(&mut self) -> Option<(Timestamp, usize)> {
        while let Some(Reverse((at, number))) = self.ready.pop() {
            let line = &self.lines[number];
            let known = usize::from(line.device.is_some());
            let open = self.open[known].max(self.prefixes[line.prefix].open[known]);
            if open <= at {
                return Some((at, number));
            }
            self.ready.push(Reverse((open, number)));
        }
        None
    }

    /// Confirms some of the messages; the devices that are known then ask too.
    fn sent(
        &mut self,
        world: &mut World,
        tx: &mut dyn Tx,
        prefix: usize,
        token: &Token,
        known: bool,
    ) -> Result<(), StoreError> {
        let here = &mut self.prefixes[prefix];
        let sent = &mut here.sent[usize::from(known)];
        *sent += 1;
        if self.confirms.is_none_or(|every| *sent % every != 1) {
            return Ok(());
        }
        let entered = world.enter(tx, token)?;
        if let Some((_, secret)) = entered.filter(|_| !known && here.devices < DEVICES) {
            here.devices += 1;
            let device = Some((token.phone, secret));
            self.add(world.now(), Line { prefix, device });
        }
        Ok(())
    }

    /// Takes note of when to come back; when this very line may.
    fn refused(&mut self, number: usize, reached: Reached, now: Timestamp) -> Timestamp {
        let line = &self.lines[number];
        let known = usize::from(line.device.is_some());
        let then = now + reached.wait;
        if is_everybodys(reached) {
            self.open[known] = then;
        } else if reached.limit.ends_with("_per_prefix") {
            self.prefixes[line.prefix].open[known] = then;
        } else if known == 1 {
            return then;
        }
        // The next number of the prefix may have more luck.
        now
    }
}

impl Attacker for Pumper {
    fn prepare(&mut self, world: &mut World, tx: &mut dyn Tx) -> Result<(), StoreError> {
        world.bystanders.newcomers(&world.service, 24);
        for hour in 0..24 {
            let phone = world.service.scattered(HONEST + u64::from(hour));
            world
                .bystanders
                .owner(tx, &mut world.service, phone, HOUR * hour + HOUR / 2)?;
        }
        Ok(())
    }

    fn act(&mut self, world: &mut World, tx: &mut dyn Tx) -> Result<(), StoreError> {
        let Some((at, number)) = self.next() else {
            return Ok(());
        };
        world.wait(tx, at.max(world.now()))?;
        let Line { prefix, device } = self.lines[number].clone();
        let phone = match &device {
            Some((phone, _)) => *phone,
            None => world.service.phone(self.prefixes[prefix].another()),
        };
        let secret = device.as_ref().map(|(_, secret)| secret);
        // Another network each time: addresses are no limit.
        self.networks += 1;
        let address = Ipv4Addr::from_bits(self.networks << 8 | 1);
        world.source = Some(IpAddr::V4(address).into());
        let again = match world.ask(tx, phone, secret)? {
            Err(reached) => self.refused(number, reached, world.now()),
            Ok(token) => {
                self.sent(world, tx, prefix, &token, secret.is_some())?;
                world.now()
            }
        };
        self.ready.push(Reverse((again, number)));
        Ok(())
    }
}

fn figures(outcome: &Outcome, play: &Run) -> Vec<(String, String)> {
    let messages = |count| outcome.number(count);
    let mut figures = vec![
        (
            "messages in\nthe first hour".to_owned(),
            messages(outcome.first_hour()),
        ),
        (
            "messages on\nthe worst day".to_owned(),
            messages(outcome.worst_day(|day| day.messages.into())),
        ),
        play.in_all(
            "messages",
            messages(outcome.in_all(|day| day.messages.into())),
        ),
    ];
    if play.has_prices {
        figures.push(play.in_all("spent", messages(outcome.in_all(|day| day.cost))));
    }
    figures.extend([
        (
            "known devices\nlet in".to_owned(),
            outcome.bystanders.owners.to_string(),
        ),
        (
            "newcomers\nlet in".to_owned(),
            outcome.bystanders.newcomers.to_string(),
        ),
    ]);
    figures
}
