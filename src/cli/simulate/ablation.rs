//! What an attacker would be rid of: limits that can be switched off.

use crate::domain::{guard::Policy, limit::Limit};

/// A limit, by the name that it has in refusals.
#[derive(Clone, Copy)]
pub enum Ablation {
    Limit(&'static str, fn(&mut Policy) -> &mut Limit),
    Budget,
}

macro_rules! limits {
    ($($ablation:ident $field:ident;)*) => {
        impl Ablation {
            $(
                #[doc = concat!("The limit `", stringify!($field), "`.")]
                pub const $ablation: Self = Self::Limit(stringify!($field), |policy| &mut policy.limits.$field.limit);
            )*

            const ALL: &'static [Self] = &[$(Self::$ablation,)* Self::Budget];
        }
    };
}

limits! {
    SENDS_PER_PHONE sends_per_phone;
    WRONG_GUESSES_PER_PHONE wrong_guesses_per_phone;
    WRONG_LONG_GUESSES_PER_PHONE wrong_long_guesses_per_phone;
    FAILED_CONFIRMATIONS_PER_SOURCE failed_confirmations_per_source;
    SENDS_PER_SOURCE sends_per_source;
    SENDS_PER_PREFIX sends_per_prefix;
    SENDS_IN_ALL sends_in_all;
    WRONG_INVITATION_CODES_PER_USER wrong_invitation_codes_per_user;
    WRONG_INVITATION_CODES_PER_SOURCE wrong_invitation_codes_per_source;
}

impl Ablation {
    pub fn name(self) -> &'static str {
        match self {
            Self::Limit(name, _) => name,
            Self::Budget => "budget",
        }
    }

    /// The policy without it; `None` if it has none such anyway.
    pub fn removed_from(self, policy: &Policy) -> Option<Policy> {
        let mut policy = policy.clone();
        let off = "off";
        match self {
            Self::Limit(_, limit) if limit(&mut policy).is_off() => return None,
            Self::Limit(_, limit) => *limit(&mut policy) = off.parse().ok()?,
            Self::Budget if policy.budget.allowances().is_empty() => return None,
            Self::Budget => policy.budget = off.parse().ok()?,
        }
        Some(policy)
    }

    /// The policy without anything that bounds anybody, except that codes get
    /// long while the whole instance is under attack.
    pub fn all_removed_from(policy: &Policy) -> Policy {
        let mut policy = policy.clone();
        for ablation in Self::ALL {
            policy = ablation.removed_from(&policy).unwrap_or(policy);
        }
        policy.challenges.guesses = u32::MAX;
        policy.challenges.live_per_phone = usize::MAX;
        policy
    }
}
