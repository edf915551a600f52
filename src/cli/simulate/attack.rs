//! An attack: how it is played, without which limits again, and what is told
//! of it.

use std::time::Duration;

use super::{result::RunResult, service::Result, world::World};
use crate::domain::{
    guard::{Policy, limits::Limits, send::BUDGET},
    limit::Named,
};

pub struct Attack {
    pub name: &'static str,
    pub about: &'static str,
    /// The least time between two requests.
    pub pace: Duration,
    pub strategies: &'static [Strategy],
    pub columns: &'static [Column],
}

/// Two lines of a head, in which `{days}` is how long the attack lasts, and
/// the figure below it. A column without any figure is left out.
pub type Column = (&'static str, fn(&RunResult) -> String);

/// A way to play an attack.
pub struct Strategy {
    /// What is special of it, if there is another way.
    pub name: Option<&'static str>,
    /// What is taken away, one at a time.
    pub ablations: &'static [Ablation],
    /// Plays until the world's time is over.
    pub play: fn(&mut World<'_>) -> Result<()>,
}

/// What an attacker would be rid of.
pub enum Ablation {
    Limit(fn(&mut Limits) -> &mut Named),
    Budget,
}

impl Ablation {
    /// Its name in refusals, and the policy without it; `None` if it has none such anyway.
    pub fn removed_from(&self, mut policy: Policy) -> Option<(&'static str, Policy)> {
        let (name, was_off) = match self {
            Self::Limit(limit) => {
                let limit = limit(&mut policy.limits);
                let was_off = limit.is_off();
                limit.limit = "off".parse().ok()?;
                (limit.name, was_off)
            }
            Self::Budget => {
                let was_off = policy.budget.allowances().is_empty();
                policy.budget = "off".parse().ok()?;
                (BUDGET, was_off)
            }
        };
        (!was_off).then_some((name, policy))
    }
}

/// The policy without anything that bounds anybody, except that codes get
/// long while the whole instance is under attack.
pub fn unbounded(mut policy: Policy) -> Policy {
    policy.limits = Limits::read(|_, _| "off".parse()).expect("a limit can be off");
    policy.budget = "off".parse().expect("a budget can be off");
    policy.challenges.guesses = u32::MAX;
    policy.challenges.live_per_phone = usize::MAX;
    policy
}
