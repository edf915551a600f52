//! The table `counters`.

use std::time::Duration;

use rusqlite::params;

use super::transaction::Transaction;
use crate::domain::{
    counter::{Counter, Counters, Sum, width},
    error::StoreError,
    money::Money,
    time::Timestamp,
};

impl Counters for Transaction<'_> {
    fn count(
        &mut self,
        counter: Counter,
        span: Duration,
        at: Timestamp,
        count: i64,
        amount: Money,
    ) -> Result<(), StoreError> {
        self.change(
            "INSERT INTO counters (counter, span, start, last, count, amount)
             VALUES (?1, ?2, ?4 / ?3 * ?3, ?4, ?5, ?6)
             ON CONFLICT (counter, span, start) DO UPDATE
             SET last = max(last, excluded.last), count = count + excluded.count, amount = amount + excluded.amount",
            params![
                number(counter),
                millis(span),
                millis(width(span)),
                at.millis(),
                count,
                amount.units()
            ],
        )?;
        Ok(())
    }

    fn sum(
        &mut self,
        counter: Counter,
        span: Duration,
        after: Timestamp,
    ) -> Result<Sum, StoreError> {
        let sum = self.one(
            "SELECT coalesce(sum(count), 0), coalesce(sum(amount), 0), min(CASE WHEN count > 0 THEN last END)
             FROM counters WHERE counter = ?1 AND span = ?2 AND start > ?3 AND last > ?4",
            params![
                number(counter),
                millis(span),
                (after - width(span)).millis(),
                after.millis()
            ],
            |row| {
                Ok(Sum {
                    count: u64::try_from(row.get::<_, i64>(0)?).unwrap_or(0),
                    amount: Money::from_units(row.get(1)?),
                    first: row.get::<_, Option<i64>>(2)?.map(Timestamp::from_millis),
                })
            },
        )?;
        Ok(sum.unwrap_or_default())
    }

    fn adopt_span(&mut self, counter: Counter, span: Duration) -> Result<(), StoreError> {
        // Of those that were counted for last the longest: it knows most. Its buckets
        // may be longer, so each goes where its last is.
        self.change(
            "INSERT INTO counters (counter, span, start, last, count, amount)
             SELECT counter, ?2, last / ?3 * ?3, max(last), sum(count), sum(amount) FROM counters
             WHERE counter = ?1
               AND span = (SELECT span FROM counters WHERE counter = ?1 AND span <> ?2
                           GROUP BY span ORDER BY max(last) DESC, span DESC LIMIT 1)
               AND last > coalesce((SELECT max(last) FROM counters WHERE counter = ?1 AND span = ?2), 0)
             GROUP BY last / ?3
             ON CONFLICT (counter, span, start) DO UPDATE
             SET last = excluded.last, count = count + excluded.count, amount = amount + excluded.amount",
            params![number(counter), millis(span), millis(width(span))],
        )?;
        Ok(())
    }

    fn prune_counter(&mut self, counter: Counter, at: Timestamp) -> Result<(), StoreError> {
        self.change(
            "DELETE FROM counters WHERE counter = ?1 AND last < ?2 - span",
            params![number(counter), at.millis()],
        )?;
        Ok(())
    }
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

/// What the column `counter` says. Never to be changed.
fn number(counter: Counter) -> i64 {
    match counter {
        Counter::SendsToStrangers => 0,
        Counter::SendsToKnown => 1,
        Counter::Right => 4,
        Counter::Wrong => 5,
    }
}
