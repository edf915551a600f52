//! The table `deliveries`.

use super::{
    row::{at, phone},
    transaction::Transaction,
    value::params,
};
use crate::domain::{
    challenge::ChallengeId,
    delivery::{Deliveries, News, Record, Reported, State, Trace},
    error::StoreError,
    ledger::Party,
    money::Money,
    time::Timestamp,
};

impl Deliveries for Transaction<'_> {
    fn insert_delivery(&mut self, id: ChallengeId, lease: Timestamp) -> Result<bool, StoreError> {
        let inserted = self.change(
            "INSERT INTO deliveries (id, state, lease_until) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING",
            params![id.0, number(State::UnderWay), lease.millis()],
        )?;
        Ok(inserted == 1)
    }

    fn settle_delivery(
        &mut self,
        id: ChallengeId,
        state: State,
        trace: Option<&Trace>,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.queue(
            "UPDATE deliveries SET state = $2, gateway = $3, message = $4, taken_at = $5 WHERE id = $1 AND state < $2",
            params![
                id.0,
                number(state),
                trace.map(|trace| trace.gateway.as_str()),
                trace.and_then(|trace| trace.message.as_deref()),
                at.millis()
            ],
        )
    }

    fn report_delivery(
        &mut self,
        trace: &Trace,
        reported: Reported,
    ) -> Result<Vec<News>, StoreError> {
        let state = number(State::Reported(reported));
        self.all(
            "UPDATE deliveries SET state = $3 WHERE gateway = $1 AND message = $2 AND state < $3
             RETURNING (SELECT phone FROM challenges WHERE challenges.id = deliveries.id), taken_at",
            params![trace.gateway.as_str(), trace.message.as_deref(), state],
            |row| {
                let is_known = row.get::<Option<i64>>(0)?.is_some();
                Ok(News {
                    phone: is_known.then(|| phone(row, 0)).transpose()?,
                    taken_at: row.get::<Option<i64>>(1)?.map(Timestamp::from_millis),
                })
            },
        )
    }

    fn deliveries_to(
        &mut self,
        parties: [Party; 2],
        most: usize,
    ) -> Result<Vec<Record>, StoreError> {
        self.all(
            "SELECT at, cost, gateway, state FROM sends LEFT JOIN deliveries USING (id)
             WHERE party IN ($1, $2) ORDER BY at DESC LIMIT $3",
            params![
                parties[0].0,
                parties[1].0,
                i64::try_from(most).unwrap_or(i64::MAX)
            ],
            |row| {
                Ok(Record {
                    at: at(row, 0)?,
                    cost: Money::from_units(row.get(1)?),
                    gateway: row.get(2)?,
                    state: row.get::<Option<i64>>(3)?.and_then(state),
                })
            },
        )
    }

    fn delete_delivery(&mut self, id: ChallengeId) -> Result<(), StoreError> {
        self.queue("DELETE FROM deliveries WHERE id = $1", params![id.0])
    }

    fn abandon_deliveries(&mut self, now: Timestamp) -> Result<usize, StoreError> {
        let abandoned = self.change(
            "UPDATE deliveries SET state = 1 WHERE id = ANY(ARRAY(
                 SELECT id FROM deliveries WHERE state = 0 AND lease_until < $1
                 ORDER BY lease_until LIMIT 256 FOR UPDATE SKIP LOCKED))",
            params![now.millis()],
        )?;
        Ok(usize::try_from(abandoned).unwrap_or(usize::MAX))
    }

    fn prune_deliveries(&mut self, before: Timestamp) -> Result<(), StoreError> {
        // Identifiers are drawn in the order of time, so the oldest need no index of
        // their own. Those that stay are not locked.
        self.queue(
            "DELETE FROM deliveries WHERE id = ANY(ARRAY(
                 SELECT id FROM deliveries WHERE id = ANY(ARRAY(SELECT id FROM deliveries WHERE id > 0 ORDER BY id LIMIT 256))
                     AND lease_until < $1 FOR UPDATE SKIP LOCKED))",
            params![before.millis()],
        )
    }
}

/// What there is behind a number.
fn state(stored: i64) -> Option<State> {
    let states = [
        State::UnderWay,
        State::Unknown,
        State::Taken,
        State::Reported(Reported::Undelivered),
        State::Reported(Reported::Delivered),
    ];
    states.into_iter().find(|state| number(*state) == stored)
}

/// What the column `state` says. Never to be changed.
fn number(state: State) -> i64 {
    match state {
        State::UnderWay => 0,
        State::Unknown => 1,
        State::Taken => 2,
        State::Reported(Reported::Undelivered) => 3,
        State::Reported(Reported::Delivered) => 4,
    }
}
