//! Who made-up people are.

use rand::{RngExt, rngs::StdRng};

use super::names::{FAMILIES, MAILS, MEN, WOMEN};

/// What somebody says of themself.
pub struct Named {
    pub first_name: String,
    pub last_name: String,
    /// Some have none.
    pub email: String,
}

impl Named {
    /// Makes up the person of that number, who shares an address with nobody.
    pub fn draw(number: u64, rng: &mut StdRng) -> Self {
        let woman = rng.random_bool(0.5);
        let first_name = one(rng, if woman { &WOMEN } else { &MEN }).to_owned();
        let last_name = one(rng, &FAMILIES).to_owned() + if woman { "а" } else { "" };
        let email = if rng.random_bool(0.6) {
            format!("user{number}@{}", one(rng, &MAILS))
        } else {
            String::new()
        };
        Self {
            first_name,
            last_name,
            email,
        }
    }
}

/// One of them, each as likely as any other.
pub fn one(rng: &mut StdRng, of: &[&'static str]) -> &'static str {
    of[rng.random_range(0..of.len())]
}
