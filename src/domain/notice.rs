//! A notice: a message without a code, which tells a phone what happened to
//! its account.
//!
//! It is counted like any other message, and no limit holds it back: there is
//! at most one for each code that was confirmed, and whoever has used up a
//! limit must not have silenced it.

use rand::CryptoRng;

use super::{
    delivery::{self, Dispatch, Handover, LEASE},
    error::StoreError,
    guard::Guard,
    id::{self, ChallengeId},
    money::Money,
    phone::Phone,
    time::Timestamp,
    tx::Tx,
    visitor::Visitor,
};

/// A notice that is on record.
#[derive(Debug, Clone, Copy)]
pub struct Notice {
    /// Names it among the deliveries.
    pub id: ChallengeId,
    /// Whom it is for.
    pub to: Phone,
    /// What it counts as until its cost is known.
    cost: Money,
    /// When it was counted.
    at: Timestamp,
}

/// Puts a notice on record, within the transaction that gives the reason for
/// it. It is to be sent once this is committed.
pub fn begin(
    tx: &mut dyn Tx,
    guard: &Guard,
    visitor: &Visitor,
    to: Phone,
    dispatch: Option<Dispatch>,
    rng: &mut dyn CryptoRng,
) -> Result<Notice, StoreError> {
    let price = dispatch.and_then(|dispatch| dispatch.price);
    let cost = price.unwrap_or_else(|| guard.price(to));
    let at = visitor.at;
    guard.count_send(tx, false, at, 1, cost)?;
    id::draw_free("notice", visitor.now, rng, |id, _| {
        let id = ChallengeId(id);
        let is_free = tx.insert_delivery(id, visitor.now + LEASE)?;
        Ok(is_free.then_some(Notice { id, to, cost, at }))
    })
}

/// Writes down what came of it, and what it cost if that is known.
pub fn settle(
    tx: &mut dyn Tx,
    guard: &Guard,
    visitor: &Visitor,
    notice: Notice,
    handover: &Handover,
    cost: Option<Money>,
) -> Result<(), StoreError> {
    delivery::note(tx, notice.id, handover, visitor.now)?;
    let Notice {
        cost: thought, at, ..
    } = notice;
    match (handover, cost) {
        (Handover::Refused { .. }, _) => guard.count_send(tx, false, at, -1, -thought),
        (_, Some(cost)) if cost != thought => guard.count_send(tx, false, at, 0, cost - thought),
        _ => Ok(()),
    }
}
