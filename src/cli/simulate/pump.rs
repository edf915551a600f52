//! Having messages sent to numbers that earn from them.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use super::{
    Ablation, Attack, HOUR, Result, Run, RunResult, Strategy,
    service::{BEGINNING, Token},
    world::{World, is_everybodys},
};
use crate::domain::{device::DeviceSecret, limit::Reached, phone::Phone, time::Timestamp};

/// The attack, and what stands against it.
pub const ATTACK: Attack = Attack {
    name: "pump",
    about: "\
Somebody who holds prefixes of 10 000 numbers each, and earns from every message to them, has
messages sent: from any number of addresses, whenever that is possible, at most ten times a second.
Who reads the codes confirms one in five, and uses the devices that are known from then on as well.
Besides, 24 owners of known devices and 24 newcomers want in once a day.",
    pace: Duration::from_millis(100),
    strategies: &[
        Strategy {
            name: "no code is read",
            ablations: ABLATIONS,
            play: |world, run| Pumper::new(run, None).play(world),
        },
        Strategy {
            name: "the codes are read",
            ablations: ABLATIONS,
            play: |world, run| Pumper::new(run, Some(5)).play(world),
        },
    ],
    heads: &[
        "messages in\nthe first hour",
        "messages on\nthe worst day",
        "messages\nin {days}",
        "spent\nin {days}",
        "known devices\nlet in",
        "newcomers\nlet in",
    ],
    figures,
};

const ABLATIONS: &[Ablation] = &[
    Ablation::SENDS_PER_PREFIX,
    Ablation::SENDS_IN_ALL,
    Ablation::Budget,
];

/// Known devices in each prefix that are made use of.
const DEVICES: usize = 6;
/// Where the numbers of honest people begin.
const HONEST: u64 = 600_000_000;

/// Keeps every prefix busy, as strangers and with known devices.
struct Pumper {
    /// One message of so many is confirmed.
    confirms: Option<u32>,
    /// Networks that messages were asked for from so far.
    networks: u32,
    prefixes: Vec<Prefix>,
    askers: Vec<Asker>,
    /// When which asker may go on.
    ready: BinaryHeap<Reverse<(Timestamp, usize)>>,
    /// When anything is sent again to strangers, and to known devices.
    open: [Timestamp; 2],
}

/// Who asks for messages in a prefix: strangers, or a known device.
#[derive(Clone)]
struct Asker {
    prefix: usize,
    device: Option<(Phone, DeviceSecret)>,
}

impl Asker {
    /// Where in pairs for strangers and for known devices its figure stands.
    fn kind(&self) -> usize {
        usize::from(self.device.is_some())
    }
}

struct Prefix {
    next: u64,
    devices: usize,
    sent: [u32; 2],
    /// When anything is sent here again.
    open: [Timestamp; 2],
}

impl Prefix {
    fn new(number: u32) -> Self {
        Self {
            next: u64::from(number) * 10_000,
            devices: 0,
            sent: [0; 2],
            open: [BEGINNING; 2],
        }
    }

    /// One number of the prefix after the other, and again from the first.
    fn another(&mut self) -> u64 {
        self.next = self.next / 10_000 * 10_000 + (self.next + 1) % 10_000;
        self.next
    }
}

impl Pumper {
    fn new(run: &Run, confirms: Option<u32>) -> Self {
        let mut pumper = Self {
            confirms,
            networks: 0,
            prefixes: (0..run.options.prefixes).map(Prefix::new).collect(),
            askers: Vec::new(),
            ready: BinaryHeap::new(),
            open: [BEGINNING; 2],
        };
        for prefix in 0..pumper.prefixes.len() {
            let device = None;
            pumper.add(BEGINNING, Asker { prefix, device });
        }
        pumper
    }

    fn add(&mut self, at: Timestamp, asker: Asker) {
        self.ready.push(Reverse((at, self.askers.len())));
        self.askers.push(asker);
    }

    /// The next asker that may go on, and when.
    fn next(&mut self) -> Option<(Timestamp, usize)> {
        while let Some(Reverse((at, number))) = self.ready.pop() {
            let asker = &self.askers[number];
            let kind = asker.kind();
            let open = self.open[kind].max(self.prefixes[asker.prefix].open[kind]);
            if open <= at {
                return Some((at, number));
            }
            self.ready.push(Reverse((open, number)));
        }
        None
    }

    fn play(mut self, world: &mut World<'_>) -> Result<()> {
        world.result.bystanders.newcomers(&world.service, 24);
        for hour in 0..24 {
            let phone = world.service.scattered(HONEST + u64::from(hour));
            let first = HOUR * hour + HOUR / 2;
            world
                .result
                .bystanders
                .owner(&mut world.service, phone, first)?;
        }
        while !world.is_over()
            && let Some((at, number)) = self.next()
        {
            world.wait(at.max(world.now()))?;
            let again = self.ask(world, number)?;
            self.ready.push(Reverse((again, number)));
        }
        Ok(())
    }

    /// Asks for a message; when to ask again.
    fn ask(&mut self, world: &mut World<'_>, number: usize) -> Result<Timestamp> {
        let asker = self.askers[number].clone();
        let phone = match &asker.device {
            Some((phone, _)) => *phone,
            None => world.service.phone(self.prefixes[asker.prefix].another()),
        };
        let secret = asker.device.as_ref().map(|(_, secret)| secret);
        // Another network each time: addresses limit nothing.
        self.networks += 1;
        let address = Ipv4Addr::from_bits(self.networks << 8 | 1);
        world.source = Some(IpAddr::V4(address).into());
        match world.ask(phone, secret)? {
            Err(reached) => Ok(self.refused(&asker, reached, world.now())),
            Ok(token) => {
                self.sent(world, &asker, &token)?;
                Ok(world.now())
            }
        }
    }

    /// Confirms some of the messages; the devices that are known then ask too.
    fn sent(&mut self, world: &mut World<'_>, asker: &Asker, token: &Token) -> Result<()> {
        let here = &mut self.prefixes[asker.prefix];
        let sent = &mut here.sent[asker.kind()];
        *sent += 1;
        if self.confirms.is_none_or(|every| *sent % every != 1) {
            return Ok(());
        }
        let entered = world.enter(token)?;
        let is_wanted = asker.device.is_none() && here.devices < DEVICES;
        if let Some((_, secret)) = entered.filter(|_| is_wanted) {
            here.devices += 1;
            let (prefix, device) = (asker.prefix, Some((token.phone, secret)));
            self.add(world.now(), Asker { prefix, device });
        }
        Ok(())
    }

    /// Takes note of when to come back; when this very asker may.
    fn refused(&mut self, asker: &Asker, reached: Reached, now: Timestamp) -> Timestamp {
        let then = now + reached.wait;
        if is_everybodys(reached) {
            self.open[asker.kind()] = then;
        } else if reached.limit.ends_with("_per_prefix") {
            self.prefixes[asker.prefix].open[asker.kind()] = then;
        } else if asker.device.is_some() {
            return then;
        }
        // The next number of the prefix may have more luck.
        now
    }
}

fn figures(result: &RunResult, run: &Run) -> Vec<String> {
    let has_prices = !run.config.budget.prices.is_empty();
    let spent = has_prices.then(|| result.number(result.in_all(|day| day.cost)));
    vec![
        result.number(result.first_hour),
        result.number(result.worst_day(|day| day.messages)),
        result.number(result.in_all(|day| day.messages)),
        spent.unwrap_or_default(),
        result.bystanders.owners.to_string(),
        result.bystanders.newcomers.to_string(),
    ]
}
