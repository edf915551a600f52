//! Everybody else: people who log in while an attack goes on, and whether
//! they are let in.

use std::{fmt, time::Duration};

use super::{DAY, service::Service};
use crate::domain::{
    code::OneTimeCode,
    device::DeviceSecret,
    login::Confirmation,
    phone::Phone,
    time::Timestamp,
    tx::{StoreError, Tx},
};

/// Where newcomers' numbers begin, far from those of anybody else.
const NEWCOMERS: u64 = 500_000_000;
/// One newcomer of so many mistypes the code once.
const CLUMSY: u32 = 20;

/// Honest people.
#[derive(Default)]
pub struct Bystanders {
    people: Vec<Person>,
    /// People with a known device.
    pub owners: Entries,
    /// People without one.
    pub newcomers: Entries,
}

struct Person {
    next: Timestamp,
    every: Duration,
    who: Who,
}

#[derive(Clone)]
enum Who {
    Owner(Phone, DeviceSecret),
    /// Always the same phone.
    Newcomer(Phone),
    /// Another phone every time.
    Newcomers,
}

/// How often people wanted in, and got in.
#[derive(Debug, Clone, Copy, Default)]
pub struct Entries {
    /// Logins that were begun.
    pub tried: u32,
    /// Logins that succeeded.
    pub succeeded: u32,
}

impl fmt::Display for Entries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.succeeded, self.tried)
    }
}

impl Bystanders {
    fn add(&mut self, service: &Service, every: Duration, delay: Duration, who: Who) {
        self.people.push(Person {
            next: service.now + delay,
            every,
            who,
        });
    }

    /// The phone's owner, who logs in once a day from a known device, first
    /// after `delay`.
    pub fn owner(
        &mut self,
        tx: &mut dyn Tx,
        service: &mut Service,
        phone: Phone,
        delay: Duration,
    ) -> Result<(), StoreError> {
        let device = service.settle(tx, phone)?;
        self.add(service, DAY, delay, Who::Owner(phone, device));
        Ok(())
    }

    /// Somebody who reads the phone's messages, but shows no known device,
    /// and wants in once a day, first after `delay`.
    pub fn newcomer(&mut self, service: &Service, phone: Phone, delay: Duration) {
        self.add(service, DAY, delay, Who::Newcomer(phone));
    }

    /// So many new people a day.
    pub fn newcomers(&mut self, service: &Service, a_day: u32) {
        let every = DAY / a_day;
        self.add(service, every, every / 2, Who::Newcomers);
    }

    /// Lets time pass until `then`, and people do what they do meanwhile.
    pub fn live(
        &mut self,
        tx: &mut dyn Tx,
        service: &mut Service,
        then: Timestamp,
    ) -> Result<(), StoreError> {
        while let Some(person) = self.people.iter_mut().min_by_key(|person| person.next)
            && person.next <= then
        {
            service.now = person.next;
            person.next = person.next + person.every;
            let who = person.who.clone();
            self.come(tx, service, &who)?;
        }
        service.now = then;
        Ok(())
    }

    fn come(
        &mut self,
        tx: &mut dyn Tx,
        service: &mut Service,
        who: &Who,
    ) -> Result<(), StoreError> {
        let number = NEWCOMERS + u64::from(self.newcomers.tried);
        let (phone, device, entries) = match who {
            Who::Owner(phone, device) => (*phone, Some(device), &mut self.owners),
            Who::Newcomer(phone) => (*phone, None, &mut self.newcomers),
            Who::Newcomers => (service.scattered(number), None, &mut self.newcomers),
        };
        entries.tried += 1;
        let is_clumsy = device.is_none() && entries.tried % CLUMSY == 0;
        let Ok(token) = service.ask(tx, None, phone, device)? else {
            return Ok(());
        };
        if is_clumsy {
            service.confirm(tx, None, &token, mistyped(&token.code, 0))?;
        }
        let code = token.code.clone();
        if let Confirmation::Welcome(_) = service.confirm(tx, None, &token, code)? {
            entries.succeeded += 1;
        }
        Ok(())
    }
}

/// The `nth` of the codes of that length that are not `code`, counted from 0.
pub fn mistyped(code: &OneTimeCode, nth: u64) -> OneTimeCode {
    let digits = code.digits();
    let all = 10_u64.pow(u32::try_from(digits).expect("a code has ten digits at most"));
    let number: u64 = code.reveal().parse().expect("a code is digits");
    let other = (number + 1 + nth) % all;
    OneTimeCode::parse(&format!("{other:0digits$}")).expect("as many digits are a code too")
}
