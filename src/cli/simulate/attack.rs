//! An attack: how it is played, without which limits again, and what is told
//! of it.

use std::{convert::Infallible, time::Duration};

use super::{result::RunResult, service::Result, world::World};
use crate::domain::{
    guard::{Policy, budget::BUDGET, limits::Limits},
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
    /// What an attacker would be rid of, one at a time.
    pub ablations: &'static [Ablation],
    /// Plays until the world's time is over.
    pub play: fn(&mut World<'_>) -> Result<Infallible>,
}

/// Takes a limit out of the policy: its name in refusals, if there was one.
pub type Ablation = fn(&mut Policy) -> Option<&'static str>;

pub fn limit_off(limit: &mut Named) -> Option<&'static str> {
    let was_on = !limit.is_off();
    limit.limit = "off".parse().ok()?;
    was_on.then_some(limit.name)
}

pub fn budget_off(policy: &mut Policy) -> Option<&'static str> {
    let was_on = !policy.budget.allowances().is_empty();
    policy.budget = "off".parse().ok()?;
    was_on.then_some(BUDGET)
}

/// The policy without anything that bounds anybody, except that codes get
/// long while the whole instance is under attack.
pub fn unbounded(mut policy: Policy) -> Policy {
    policy.limits = Limits::read(|_, _| "off".parse()).expect("a limit can be off");
    budget_off(&mut policy);
    policy.challenges.guesses = u32::MAX;
    policy.challenges.live_per_phone = usize::MAX;
    policy
}
