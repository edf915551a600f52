//! The alarm: so many codes are guessed wrong all over the installation that
//! somebody must be guessing at many phones at once.
//!
//! It is on or off by what was counted, within the very transaction that asks,
//! and needs no more than one look at its counters. Every wrong code
//! counts. Of the right ones a phone counts once in 24 hours: otherwise
//! whoever holds a few phones could log in with them all day, and hide as many
//! guesses among that as there are messages to be had.

use std::time::Duration;

use super::{DAY, HOUR};
use crate::domain::{
    counter::{Counter, Tallies},
    error::StoreError,
    limit::{Reached, Subject},
    time::Timestamp,
    tx::Tx,
};

/// What a code is refused for that is too short. A longer one may be asked for at once.
pub(super) const REACHED: Reached = Reached {
    limit: "wrong_guesses_in_all",
    subject: Subject::Everybody,
    wait: Duration::ZERO,
};
/// It is on while within a span more than so many codes are wrong, and those
/// are more than so many hundredths of all.
pub(super) const WINDOWS: [(Duration, u64, u64); 2] = [(HOUR, 50, 30), (DAY, 150, 15)];
/// How long codes are counted.
pub(super) const REMEMBERED: Duration = DAY;

/// What has become of it since that was asked last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It is on now.
    Began {
        /// Codes that were wrong within a day.
        wrong: u64,
        /// All that were entered.
        entered: u64,
    },
    /// It is off again.
    Ended {
        /// After so long.
        lasted: Duration,
    },
}

/// What was counted.
struct Guesses(Tallies);

impl Guesses {
    fn read(tx: &mut dyn Tx, at: Timestamp) -> Result<Self, StoreError> {
        let guesses = Self(Tallies::read(tx, &[Counter::Wrong], at)?);
        // While few are wrong, it does not matter how many are right.
        if WINDOWS
            .iter()
            .all(|(span, most, _)| guesses.wrong(*span) <= *most)
        {
            return Ok(guesses);
        }
        Tallies::read(tx, &[Counter::Right, Counter::Wrong], at).map(Self)
    }

    fn wrong(&self, span: Duration) -> u64 {
        self.0.of(Counter::Wrong, span).count
    }

    /// How many were wrong, and how many there were. Where that is not known to the
    /// one, it is taken for an attack rather than for none.
    fn within(&self, span: Duration) -> (u64, u64) {
        let wrong = self.wrong(span);
        (wrong, wrong + self.0.of(Counter::Right, span).least)
    }

    fn are_too_many(&self) -> bool {
        WINDOWS.iter().any(|(span, most, percent)| {
            let (wrong, entered) = self.within(*span);
            wrong > *most && wrong * 100 > entered * percent
        })
    }
}

/// Whether it is on.
pub fn is_on(tx: &mut dyn Tx, at: Timestamp) -> Result<bool, StoreError> {
    Ok(Guesses::read(tx, at)?.are_too_many())
}

/// What there is to say of it while it is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alarm {
    /// Since when, as far as anybody was told.
    pub since: Option<Timestamp>,
    /// Codes that were wrong within a day.
    pub wrong: u64,
    /// All that were entered.
    pub entered: u64,
}

/// How it stands, if it is on.
pub fn state(tx: &mut dyn Tx, at: Timestamp) -> Result<Option<Alarm>, StoreError> {
    let guesses = Guesses::read(tx, at)?;
    if !guesses.are_too_many() {
        return Ok(None);
    }
    let (wrong, entered) = guesses.within(DAY);
    let since = tx.alarm()?;
    Ok(Some(Alarm {
        since,
        wrong,
        entered,
    }))
}

/// Whether there is something that [`turn`] would tell.
pub fn has_turned(tx: &mut dyn Tx, at: Timestamp) -> Result<bool, StoreError> {
    Ok(is_on(tx, at)? != tx.alarm()?.is_some())
}

/// Tells once that the alarm has begun, and once that it has ended, whatever
/// restarts there were in between.
pub fn turn(tx: &mut dyn Tx, at: Timestamp) -> Result<Option<Turn>, StoreError> {
    let guesses = Guesses::read(tx, at)?;
    match (guesses.are_too_many(), tx.alarm()?) {
        (true, None) => {
            tx.set_alarm(Some(at))?;
            let (wrong, entered) = guesses.within(DAY);
            Ok(Some(Turn::Began { wrong, entered }))
        }
        (false, Some(since)) => {
            tx.set_alarm(None)?;
            let lasted = at.since(since);
            Ok(Some(Turn::Ended { lasted }))
        }
        _ => Ok(None),
    }
}
