//! How a phone stands with its limits, for whoever helps its user.

use std::time::Duration;

use super::Guard;
use crate::domain::{
    delivery::Record,
    error::StoreError,
    id::UserId,
    ledger::{Miss, Party},
    limit::{Named, Window},
    phone::Phone,
    time::Timestamp,
    tx::Tx,
};

/// How much of a limit is used up.
#[derive(Debug, Clone)]
pub struct Standing {
    /// Its name.
    pub limit: &'static str,
    /// Whose it is: strangers' who name the phone, its known devices', or the user's.
    pub party: &'static str,
    /// How many count in each window, up to as many as it lets.
    pub windows: Vec<(Window, usize)>,
    /// How long until there is room again, if there is none.
    pub wait: Option<Duration>,
}

impl Guard {
    /// How the phone stands with the limits that count for it alone.
    pub fn standings(
        &self,
        tx: &mut dyn Tx,
        phone: Phone,
        user: Option<UserId>,
        at: Timestamp,
    ) -> Result<Vec<Standing>, StoreError> {
        let limits = &self.policy.limits;
        let mut standings = Vec::new();
        for (name, who) in [("strangers", "phone"), ("known devices", "devices")] {
            let party = self.alias(who, phone);
            let sends = &limits.sends_per_phone;
            let sent = tx.sends_to(party, sends.most())?;
            standings.push(standing(sends, name, &sent, at));
            for (limit, miss) in [
                (&limits.wrong_guesses_per_phone, Miss::ShortCode),
                (&limits.wrong_long_guesses_per_phone, Miss::LongCode),
            ] {
                let missed = tx.misses(miss, party, limit.most())?;
                standings.push(standing(limit, name, &missed, at));
            }
        }
        if let Some(user) = user {
            let limit = &limits.wrong_invitation_codes_per_user;
            let missed = tx.misses(Miss::InvitationCode, Party(user.0), limit.most())?;
            standings.push(standing(limit, "the user", &missed, at));
        }
        Ok(standings)
    }

    /// The latest messages to the phone, whoever asked for them, the latest first.
    /// What an operator unlocks is charged to nobody, and none of them any more.
    pub fn deliveries(
        &self,
        tx: &mut dyn Tx,
        phone: Phone,
        most: usize,
    ) -> Result<Vec<Record>, StoreError> {
        let parties = ["phone", "devices"].map(|who| self.alias(who, phone));
        tx.deliveries_to(parties, most)
    }

    /// Charges to nobody what was charged to those who name the phone, and to its user.
    pub fn forgive(
        &self,
        tx: &mut dyn Tx,
        phone: Phone,
        user: Option<UserId>,
    ) -> Result<(), StoreError> {
        let parties = ["phone", "devices"].map(|who| self.alias(who, phone));
        for party in parties.into_iter().chain(user.map(|user| Party(user.0))) {
            tx.forgive(party)?;
        }
        Ok(())
    }
}

fn standing(limit: &Named, party: &'static str, newest: &[Timestamp], at: Timestamp) -> Standing {
    let counted = |window: &Window| {
        let counts = newest.iter().filter(|one| **one + window.span > at);
        (*window, counts.count().min(window.count as usize))
    };
    Standing {
        limit: limit.name,
        party,
        windows: limit.windows().iter().map(counted).collect(),
        wait: limit.reached(newest, at).map(|reached| reached.wait),
    }
}
