//! Who may guess: one-time codes of a phone, and invitation codes.
//!
//! Nobody is locked out for the guesses of others: once the budget of short
//! codes is used up, or the alarm is on, new codes are long and have a budget
//! of their own, and short ones that were sent before are not looked at any
//! more. Where no gateway brings long codes, new ones stay short and one guess
//! at each is evaluated.

use std::time::Duration;

use super::{DAY, Guard, LONG, alarm};
use crate::domain::{
    challenge::Challenge,
    counter::Counter,
    error::StoreError,
    id::{self, ChallengeId},
    ledger::{Asker, Miss, Party},
    limit::{Limit, Reached},
    money::Money,
    phone::Phone,
    source::Deed,
    time::Timestamp,
    tx::Tx,
    user::User,
    visitor::Visitor,
};

/// What a new code is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Its digits.
    pub digits: usize,
    /// How many guesses at it are evaluated.
    pub guesses: u32,
}

impl Guard {
    /// What a new code is like, where the gateways bring at most `longest`
    /// digits: better than usual, once guessing has gone too far.
    pub fn terms(
        &self,
        tx: &mut dyn Tx,
        visitor: &Visitor,
        asker: Asker,
        longest: usize,
    ) -> Result<Terms, StoreError> {
        let policy = &self.policy.challenges;
        let mut terms = Terms {
            digits: policy.code_length,
            guesses: policy.guesses,
        };
        if terms.digits < LONG && self.too_short(tx, visitor, asker)?.is_some() {
            if longest >= LONG {
                terms.digits = LONG;
            } else {
                terms.guesses = 1;
            }
        }
        Ok(terms)
    }

    /// Asks for what [`Self::terms`] and [`Self::guesses`] need.
    pub(super) fn ask_guesses(
        &self,
        tx: &mut dyn Tx,
        visitor: &Visitor,
        asker: Asker,
    ) -> Result<(), StoreError> {
        let policy = &self.policy;
        if policy.challenges.code_length < LONG {
            self.too_short(tx, visitor, asker)?;
        } else {
            let limit = &policy.limits.wrong_long_guesses_per_phone;
            missed(tx, Miss::LongCode, asker.party, limit)?;
        }
        Ok(())
    }

    /// Why a short code is not good enough any more, if so.
    fn too_short(
        &self,
        tx: &mut dyn Tx,
        visitor: &Visitor,
        asker: Asker,
    ) -> Result<Option<Reached>, StoreError> {
        if !asker.known && alarm::is_on(tx, visitor.at)? {
            return Ok(Some(alarm::REACHED));
        }
        let limit = &self.policy.limits.wrong_guesses_per_phone;
        let missed = missed(tx, Miss::ShortCode, asker.party, limit)?;
        Ok(limit.reached(&missed, visitor.at))
    }

    /// How many guesses at the challenge are evaluated now, or what stands in
    /// the way of any, where its code could have had `longest` digits.
    pub fn guesses(
        &self,
        tx: &mut dyn Tx,
        visitor: &Visitor,
        asker: Asker,
        challenge: &Challenge,
        longest: usize,
    ) -> Result<Result<u32, Reached>, StoreError> {
        let miss = guess_of(challenge.code.digits());
        let mut guesses = self.policy.challenges.guesses;
        if miss == Miss::ShortCode {
            let mut reached = self.too_short(tx, visitor, asker)?;
            if reached.is_none() && is_dead(challenge, asker) {
                reached = Some(alarm::REACHED);
            }
            match reached {
                None => return Ok(Ok(guesses)),
                Some(reached) if longest >= LONG => return Ok(Err(reached)),
                Some(_) => guesses = 1,
            }
        }
        // Where there are no long codes, their budget is what short ones have.
        let limit = &self.policy.limits.wrong_long_guesses_per_phone;
        let missed = missed(tx, miss, asker.party, limit)?;
        let reached = limit.reached(&missed, visitor.at);
        Ok(reached.map_or(Ok(guesses), Err))
    }

    /// Whether the visitor's source may guess.
    pub fn may_confirm(&self, visitor: &Visitor, asker: Asker) -> Option<Reached> {
        self.source_wait(visitor, asker, Deed::FailedConfirmation)
    }

    /// Writes a wrong guess down.
    pub fn note_wrong(
        &self,
        tx: &mut dyn Tx,
        visitor: &Visitor,
        asker: Asker,
        challenge: &Challenge,
    ) -> Result<(), StoreError> {
        let miss = guess_of(challenge.code.digits());
        self.note_miss(tx, visitor, miss, asker.party)?;
        count(tx, Counter::Wrong, visitor, challenge.id)?;
        if alarm::is_on(tx, visitor.at)? {
            tx.set_dead_until(visitor.at)?;
        }
        Ok(())
    }

    /// Holds a wrong guess against the visitor's source.
    pub fn blame_guess(&self, visitor: &Visitor, asker: Asker) {
        if !asker.known {
            self.blame_source(visitor, Deed::FailedConfirmation);
        }
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
            &policy.limits.wrong_guesses_per_phone,
            &policy.limits.wrong_long_guesses_per_phone,
            &policy.limits.wrong_invitation_codes_per_user,
        ]
        .map(|limit| limit.longest());
        tx.prune_misses(visitor.at - spans.into_iter().fold(DAY, Duration::max))?;
        tx.insert_miss(miss, party, visitor.at)
    }

    /// Counts a right guess, unless one of the phone counts already.
    pub fn note_right(
        &self,
        tx: &mut dyn Tx,
        visitor: &Visitor,
        phone: Phone,
        challenge: ChallengeId,
    ) -> Result<(), StoreError> {
        if self.has_confirmed(tx, visitor, phone)? {
            return Ok(());
        }
        count(tx, Counter::Right, visitor, challenge)
    }

    /// Whether the phone's right guesses count already for as long as the alarm
    /// remembers them.
    pub fn has_confirmed(
        &self,
        tx: &mut dyn Tx,
        visitor: &Visitor,
        phone: Phone,
    ) -> Result<bool, StoreError> {
        let parties = ["phone", "devices"].map(|who| self.alias(who, phone));
        tx.any_confirmed(parties, visitor.at - alarm::REMEMBERED)
    }

    /// Whether the user may try another invitation code.
    pub fn may_redeem(
        &self,
        tx: &mut dyn Tx,
        visitor: &Visitor,
        user: &User,
    ) -> Result<Option<Reached>, StoreError> {
        let limit = &self.policy.limits.wrong_invitation_codes_per_user;
        let mut reached = self.source_reached(visitor, Deed::WrongInvitationCode);
        if limit.is_off() {
            return Ok(reached);
        }
        for party in self.parties(user) {
            let newest = tx.misses(Miss::InvitationCode, party, limit.most())?;
            let one = limit.reached(&newest, visitor.at);
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

/// Whether its code is dead for good to such an asker.
pub fn is_dead(challenge: &Challenge, asker: Asker) -> bool {
    challenge.is_of_dead_codes && challenge.code.digits() < LONG && !asker.known
}

fn guess_of(digits: usize) -> Miss {
    if digits < LONG {
        Miss::ShortCode
    } else {
        Miss::LongCode
    }
}

/// The latest wrong guesses that count for a limit.
fn missed(
    tx: &mut dyn Tx,
    miss: Miss,
    party: Party,
    limit: &Limit,
) -> Result<Vec<Timestamp>, StoreError> {
    if limit.is_off() {
        return Ok(Vec::new());
    }
    tx.misses(miss, party, limit.most())
}

/// Counts a guess for the alarm.
fn count(
    tx: &mut dyn Tx,
    counter: Counter,
    visitor: &Visitor,
    challenge: ChallengeId,
) -> Result<(), StoreError> {
    if id::sweeps(challenge.0) {
        tx.prune_counter(counter, visitor.at)?;
    }
    let spans = alarm::WINDOWS.map(|(span, ..)| span);
    tx.count(counter, &spans, visitor.at, 1, Money::default())
}
