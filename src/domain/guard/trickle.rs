//! Messages to numbers around which codes do not come back.
//!
//! Whoever has twenty messages sent to ten thousand neighbouring numbers and
//! answers none of them would keep all their owners out for a day. So a few
//! are let through: one an hour, each to somebody in another network. A
//! neighbour gets in with one, and a few whose codes come back end the pause;
//! whoever pumps messages gets 24 a day.

use std::time::Duration;

use super::{DAY, HOUR};
use crate::domain::{
    ledger::{Around, Network},
    time::Timestamp,
};

/// When so many messages were sent around a number in a day ..
const PAUSED_FROM: usize = 20;
/// .. and less than one of so many codes came back, there is a pause.
const SHARE: usize = 10;
/// The latest of a day's messages around a number that are looked at.
pub(super) const SAMPLE: usize = 100;

/// How a message to a number is looked at for the sake of those around it.
pub(super) enum Pause {
    /// There is none.
    None,
    /// It may be sent as one of the few.
    LetsThrough,
    /// It has to wait.
    For(Duration),
}

/// Judges a message that `network` asks for, by the latest `around` its number.
pub(super) fn judge(around: &[Around], network: Network, at: Timestamp) -> Pause {
    let is_of_today = |one: &&Around| one.at + DAY > at;
    let today: Vec<_> = around.iter().take(SAMPLE).filter(is_of_today).collect();
    let confirmed = today.iter().filter(|one| one.is_confirmed).count();
    let Some(oldest) = today.get(PAUSED_FROM - 1) else {
        return Pause::None;
    };
    if confirmed * SHARE >= today.len() {
        return Pause::None;
    }
    let let_through = today.iter().filter(|one| one.network.is_some());
    let waits = let_through.map(|one| {
        let own = one.network == Some(network);
        (one.at + if own { DAY } else { HOUR }).since(at)
    });
    match waits.max().unwrap_or_default() {
        Duration::ZERO => Pause::LetsThrough,
        wait => Pause::For(wait.min((oldest.at + DAY).since(at))),
    }
}
