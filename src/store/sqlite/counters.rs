//! The table `counters`.

use std::{iter, time::Duration};

use rusqlite::{params, params_from_iter};

use super::transaction::{Transaction, unreadable};
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
        spans: &[Duration],
        at: Timestamp,
        count: i64,
        amount: Money,
    ) -> Result<(), StoreError> {
        if spans.is_empty() {
            return Ok(());
        }
        let at = at.millis();
        let rows = spans.iter().flat_map(|span| {
            let (span, width) = (millis(*span), millis(width(*span)));
            [
                number(counter),
                span,
                at / width * width,
                at,
                count,
                amount.units(),
            ]
        });
        let sql = format!(
            "INSERT INTO counters (counter, span, start, last, count, amount) VALUES {}
             ON CONFLICT (counter, span, start) DO UPDATE
             SET last = max(last, excluded.last), count = count + excluded.count, amount = amount + excluded.amount",
            vec!["(?, ?, ?, ?, ?, ?)"; spans.len()].join(", ")
        );
        self.change(&sql, params_from_iter(rows))?;
        Ok(())
    }

    fn sums(&mut self, counters: &[Counter], at: Timestamp) -> Result<Vec<Sum>, StoreError> {
        let numbers = counters.iter().copied().map(number);
        let sql = format!(
            "SELECT counter, span, sum(count), sum(amount), min(CASE WHEN count > 0 THEN last END),
                    sum(CASE WHEN start > ?1 - span THEN count ELSE 0 END) FROM counters
             WHERE last > ?1 - span AND counter IN ({}) GROUP BY counter, span",
            vec!["?"; counters.len()].join(", ")
        );
        self.all(
            &sql,
            params_from_iter(iter::once(at.millis()).chain(numbers)),
            |row| {
                Ok(Sum {
                    counter: counter(row.get(0)?)?,
                    span: Duration::from_millis(row.get::<_, i64>(1)?.unsigned_abs()),
                    count: u64::try_from(row.get::<_, i64>(2)?).unwrap_or(0),
                    least: u64::try_from(row.get::<_, i64>(5)?).unwrap_or(0),
                    amount: Money::from_units(row.get(3)?),
                    first: row.get::<_, Option<i64>>(4)?.map(Timestamp::from_millis),
                })
            },
        )
    }

    fn backfill_span(&mut self, counter: Counter, span: Duration) -> Result<(), StoreError> {
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

fn counter(read: i64) -> rusqlite::Result<Counter> {
    let mut all = Counter::ALL.into_iter();
    all.find(|counter| number(*counter) == read)
        .ok_or_else(|| unreadable(0))
}
