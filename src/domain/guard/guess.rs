//! Who may guess: one-time codes of a phone, and invitation codes.
//!
//! Nobody is locked out for the guesses of others: once the budget of short
//! codes is used up, new codes are long, and have a budget of their own.

use std::time::Duration;

use super::{DAY, Guard, HOUR, LONG, Visitor};
use crate::domain::{
    challenge::ChallengeId,
    ledger::{Asker, Book, Miss, Party},
    limit::{Limit, Reached},
    money::Money,
    source::Deed,
    time::Timestamp,
    tx::{StoreError, Tx},
    user::User,
};

/// Over this many wrong codes of strangers within an hour ..
const ALARM: u64 = 50;
/// .. that are over so many hundredths of all, strangers get long codes.
const ALARM_PERCENT: u64 = 30;

/// How long a new code is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Length {
    /// Its digits.
    pub digits: usize,
    /// Whether that is because strangers guess all over the installation.
    pub alarm: bool,
}

impl Guard {
    /// How many digits a new code has: more, once guessing has gone too far.
    pub fn code_length(
        &self,
        tx: &mut dyn Tx,
        visitor: &Visitor,
        asker: Asker,
    ) -> Result<Length, StoreError> {
        let usual = self.policy.challenges.code_length;
        let mut length = Length {
            digits: usual,
            alarm: false,
        };
        if usual >= LONG {
            return Ok(length);
        }
        length.alarm = !asker.known && alarmed(tx, visitor.at)?;
        if length.alarm || self.guesses_used_up(tx, visitor, asker, usual)?.is_some() {
            length.digits = LONG;
        }
        Ok(length)
    }

    fn guesses_used_up(
        &self,
        tx: &mut dyn Tx,
        visitor: &Visitor,
        asker: Asker,
        digits: usize,
    ) -> Result<Option<Reached>, StoreError> {
        let policy = &self.policy;
        let (name, limit) = match guess_of(digits) {
            Miss::ShortCode => ("wrong_guesses_per_phone", &policy.wrong_guesses_per_phone),
            _ => (
                "wrong_long_guesses_per_phone",
                &policy.wrong_long_guesses_per_phone,
            ),
        };
        if limit.is_off() {
            return Ok(None);
        }
        let newest = tx.misses(guess_of(digits), asker.party, limit.most())?;
        Ok(limit.reached(name, &newest, visitor.at))
    }

    /// Whether a guess may be evaluated.
    pub fn may_guess(
        &self,
        tx: &mut dyn Tx,
        visitor: &Visitor,
        asker: Asker,
        digits: usize,
    ) -> Result<Option<Reached>, StoreError> {
        let reached = self.guesses_used_up(tx, visitor, asker, digits)?;
        Ok(reached.or_else(|| self.source_wait(visitor, asker, Deed::FailedConfirmation)))
    }

    /// Writes a wrong guess down. `is_test` is a test number's, which tells
    /// nothing about how the instance fares.
    pub fn note_wrong(
        &self,
        tx: &mut dyn Tx,
        visitor: &Visitor,
        asker: Asker,
        digits: usize,
        is_test: bool,
    ) -> Result<(), StoreError> {
        self.note_miss(tx, visitor, guess_of(digits), asker.party)?;
        if asker.known {
            return Ok(());
        }
        self.blame_source(visitor, Deed::FailedConfirmation);
        if is_test {
            return Ok(());
        }
        let (at, nothing) = (visitor.at, Money::default());
        tx.note(Book::Wrong, at, nothing, at - HOUR)
    }

    fn note_miss(
        &self,
        tx: &mut dyn Tx,
        visitor: &Visitor,
        miss: Miss,
        party: Party,
    ) -> Result<(), StoreError> {
        let policy = &self.policy;
        let spans = [
            &policy.wrong_guesses_per_phone,
            &policy.wrong_long_guesses_per_phone,
            &policy.wrong_invitation_codes_per_user,
        ]
        .map(Limit::longest);
        tx.prune_misses(visitor.at - spans.into_iter().fold(DAY, Duration::max))?;
        tx.insert_miss(miss, party, visitor.at)
    }

    /// Writes a right guess down.
    pub fn note_right(
        &self,
        tx: &mut dyn Tx,
        visitor: &Visitor,
        asker: Asker,
        challenge: ChallengeId,
    ) -> Result<(), StoreError> {
        tx.confirm_send(challenge)?;
        if asker.known {
            return Ok(());
        }
        let (at, nothing) = (visitor.at, Money::default());
        tx.note(Book::Right, at, nothing, at - HOUR)
    }

    /// Whether the user may try another invitation code.
    pub fn may_redeem(
        &self,
        tx: &mut dyn Tx,
        visitor: &Visitor,
        user: &User,
    ) -> Result<Option<Reached>, StoreError> {
        let limit = &self.policy.wrong_invitation_codes_per_user;
        let mut reached = self.source_reached(visitor, Deed::WrongInvitationCode);
        if limit.is_off() {
            return Ok(reached);
        }
        for party in self.parties(user) {
            let newest = tx.misses(Miss::InvitationCode, party, limit.most())?;
            let one = limit.reached("wrong_invitation_codes_per_user", &newest, visitor.at);
            reached = reached.into_iter().chain(one).max_by_key(|one| one.wait);
        }
        Ok(reached)
    }

    /// Writes down that the user entered a code that nobody has.
    pub fn note_unknown_code(
        &self,
        tx: &mut dyn Tx,
        visitor: &Visitor,
        user: &User,
    ) -> Result<(), StoreError> {
        self.blame_source(visitor, Deed::WrongInvitationCode);
        for party in self.parties(user) {
            self.note_miss(tx, visitor, Miss::InvitationCode, party)?;
        }
        Ok(())
    }

    /// A user is two parties, so that neither another phone nor another
    /// account is a fresh start.
    fn parties(&self, user: &User) -> [Party; 2] {
        [Party(user.id.0), self.alias("phone", user.phone)]
    }
}

fn guess_of(digits: usize) -> Miss {
    if digits < LONG {
        Miss::ShortCode
    } else {
        Miss::LongCode
    }
}

/// Whether so many strangers guess wrong that guessing must be going on.
fn alarmed(tx: &mut dyn Tx, at: Timestamp) -> Result<bool, StoreError> {
    let wrong = tx.tally(Book::Wrong, at - HOUR)?.count;
    if wrong <= ALARM {
        return Ok(false);
    }
    let right = tx.tally(Book::Right, at - HOUR)?.count;
    Ok(wrong * 100 > (wrong + right) * ALARM_PERCENT)
}
