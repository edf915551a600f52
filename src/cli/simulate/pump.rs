//! Having messages sent to numbers that earn from them.

use std::{collections::BTreeSet, convert::Infallible, time::Duration};

use super::{
    attack::{Ablation, Attack, Strategy, budget_off, limit_off},
    service::{BEGINNING, HOUR, Result},
    world::World,
};
use crate::domain::{
    device::DeviceSecret, limit::Subject, phone::Phone, source::Source, time::Timestamp,
};

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
            name: Some("no code is read"),
            ablations: ABLATIONS,
            play: |world| play(world, false),
        },
        Strategy {
            name: Some("the codes are read"),
            ablations: ABLATIONS,
            play: |world| play(world, true),
        },
    ],
    columns: &[
        ("messages in\nthe first hour", |r| r.number(r.first_hour)),
        ("messages on\nthe worst day", |r| r.worst(|d| d.messages)),
        ("messages\nin {days}", |r| r.total(|d| d.messages)),
        ("spent\nin {days}", |r| {
            let spent = r.total(|d| d.cost);
            if r.is_priced { spent } else { String::new() }
        }),
        ("known devices\nlet in", |r| r.bystanders.owners.to_string()),
        ("newcomers\nlet in", |r| r.bystanders.newcomers.to_string()),
    ],
};

const ABLATIONS: &[Ablation] = &[
    |policy| limit_off(&mut policy.limits.sends_per_prefix),
    |policy| limit_off(&mut policy.limits.sends_in_all),
    budget_off,
];

/// Known devices in each prefix that are made use of.
const DEVICES: usize = 6;
/// Where the numbers of honest people begin.
const HONEST: u64 = 600_000_000;

/// Keeps every prefix busy, as strangers and with known devices. What stands
/// in pairs is for strangers and for known devices.
#[derive(Default)]
struct Pumper {
    /// Networks that messages were asked for from so far.
    networks: u32,
    prefixes: Vec<Prefix>,
    askers: Vec<Asker>,
    /// When which asker may go on.
    ready: BTreeSet<(Timestamp, usize)>,
    /// When anything is sent again.
    open: [Timestamp; 2],
}

/// Who asks for messages in a prefix: strangers, or a known device.
#[derive(Clone)]
struct Asker {
    prefix: usize,
    device: Option<(Phone, DeviceSecret)>,
}

#[derive(Default)]
struct Prefix {
    /// The last number that was asked for, of 10 000.
    last: u64,
    devices: usize,
    sent: [u32; 2],
    /// When anything is sent here again.
    open: [Timestamp; 2],
}

/// Has messages sent, and confirms one in five if the codes are `read`.
fn play(world: &mut World<'_>, read: bool) -> Result<Infallible> {
    let bystanders = &mut world.result.bystanders;
    bystanders.newcomers(24);
    for hour in 0..24 {
        let phone = world.service.scattered(HONEST + u64::from(hour));
        let device = world.service.known_device(phone)?;
        bystanders.daily(HOUR * hour + HOUR / 2, phone, Some(device));
    }
    let mut pumper = Pumper::default();
    for prefix in 0..world.result.options.prefixes as usize {
        pumper.prefixes.push(Prefix::default());
        pumper.add(BEGINNING, prefix, None);
    }
    loop {
        let first = pumper.ready.pop_first();
        let (at, number) = first.expect("every prefix has an asker");
        let again = pumper.ask(world, at, number, read)?;
        pumper.ready.insert((again, number));
    }
}

impl Pumper {
    fn add(&mut self, at: Timestamp, prefix: usize, device: Option<(Phone, DeviceSecret)>) {
        self.ready.insert((at, self.askers.len()));
        self.askers.push(Asker { prefix, device });
    }

    /// Asks for a message, unless none is sent yet; when to ask again.
    fn ask(
        &mut self,
        world: &mut World<'_>,
        at: Timestamp,
        number: usize,
        read: bool,
    ) -> Result<Timestamp> {
        let Asker { prefix, device } = self.askers[number].clone();
        let kind = usize::from(device.is_some());
        let here = &mut self.prefixes[prefix];
        let open = self.open[kind].max(here.open[kind]);
        if open > at {
            return Ok(open);
        }
        world.wait(at)?;
        let (phone, secret) = device.unzip();
        let phone = phone.unwrap_or_else(|| {
            here.last = (here.last + 1) % 10_000;
            world.service.phone(prefix as u64 * 10_000 + here.last)
        });
        // Another network each time: addresses limit nothing.
        self.networks += 1;
        world.source = Some(Source::V4(self.networks << 8 | 1));
        match world.ask(phone, secret.as_ref())? {
            Ok(token) => {
                here.sent[kind] += 1;
                if read
                    && here.sent[kind] % 5 == 1
                    && let Some(welcome) = world.enter(&token)?
                    && secret.is_none()
                    && here.devices < DEVICES
                {
                    here.devices += 1;
                    self.add(world.now(), prefix, Some((phone, welcome.device)));
                }
            }
            Err(reached) => {
                let then = world.now() + reached.wait;
                match reached.subject {
                    Subject::Everybody => self.open[kind] = then,
                    Subject::Prefix => here.open[kind] = then,
                    _ if secret.is_some() => return Ok(then),
                    // The next number of the prefix may have more luck.
                    _ => {}
                }
            }
        }
        Ok(world.now())
    }
}
