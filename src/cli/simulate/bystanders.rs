//! Everybody else: people who log in while an attack goes on, and whether
//! they are let in.

use std::{fmt, time::Duration};

use super::service::{BEGINNING, DAY, Result, Service};
use crate::domain::{code::OneTimeCode, device::DeviceSecret, phone::Phone, time::Timestamp};

/// Where newcomers' numbers begin, far from those of anybody else.
const NEWCOMERS: u64 = 500_000_000;
/// One newcomer of so many mistypes the code once.
const MISTYPES: u32 = 20;

#[derive(Default)]
pub struct Bystanders {
    people: Vec<Person>,
    /// People with a known device.
    pub owners: Logins,
    /// People without one.
    pub newcomers: Logins,
}

#[derive(Clone)]
struct Person {
    next: Timestamp,
    every: Duration,
    /// Whose phone it is always; without it, another one every time.
    phone: Option<Phone>,
    device: Option<DeviceSecret>,
}

/// How often people wanted in, and got in.
#[derive(Debug, Clone, Copy, Default)]
pub struct Logins {
    tried: u32,
    succeeded: u32,
}

impl fmt::Display for Logins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.succeeded, self.tried)
    }
}

impl Bystanders {
    /// Somebody who reads the phone's messages, perhaps its owner with a known
    /// device, and wants in once a day, first after `delay`.
    pub fn daily(&mut self, delay: Duration, phone: Phone, device: Option<DeviceSecret>) {
        self.people.push(Person {
            next: BEGINNING + delay,
            every: DAY,
            phone: Some(phone),
            device,
        });
    }

    /// So many new people a day.
    pub fn newcomers(&mut self, a_day: u32) {
        let every = DAY / a_day;
        self.people.push(Person {
            next: BEGINNING + every / 2,
            every,
            phone: None,
            device: None,
        });
    }

    /// Lets time pass until `then`, and people do what they do meanwhile.
    pub fn live(&mut self, service: &mut Service<'_>, then: Timestamp) -> Result<()> {
        while let Some(person) = self.people.iter_mut().min_by_key(|person| person.next)
            && person.next <= then
        {
            service.now = person.next;
            person.next = person.next + person.every;
            let person = person.clone();
            self.log_in(service, &person)?;
        }
        service.now = then;
        Ok(())
    }

    fn log_in(&mut self, service: &mut Service<'_>, person: &Person) -> Result<()> {
        let device = person.device.as_ref();
        let another = service.scattered(NEWCOMERS + u64::from(self.newcomers.tried));
        let logins = match device {
            Some(_) => &mut self.owners,
            None => &mut self.newcomers,
        };
        logins.tried += 1;
        let mistypes = device.is_none() && logins.tried.is_multiple_of(MISTYPES);
        let Ok(token) = service.ask(None, person.phone.unwrap_or(another), device)? else {
            return Ok(());
        };
        if mistypes {
            let _refused = service.confirm(None, &token, mistyped(&token.code, 0))?;
        }
        let entered = service.confirm(None, &token, token.code.clone())?;
        logins.succeeded += u32::from(entered.is_ok());
        Ok(())
    }
}

/// The `nth` of the codes of that length that are not `code`, counted from 0.
pub fn mistyped(code: &OneTimeCode, nth: u32) -> OneTimeCode {
    let digits = code.digits();
    let number: u64 = code.reveal().parse().expect("a code is digits");
    let other = format!("{:0digits$}", number + 1 + u64::from(nth));
    OneTimeCode::parse(&other[other.len() - digits..]).expect("as many digits are a code too")
}
