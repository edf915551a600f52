//! The table `counters`.

use std::time::Duration;

use rusqlite::params;

use super::transaction::Transaction;
use crate::domain::{
    counter::{Counter, Counters, Sum, WIDTHS},
    error::StoreError,
    money::Money,
    time::Timestamp,
};

impl Counters for Transaction<'_> {
    fn count(
        &mut self,
        counter: Counter,
        at: Timestamp,
        count: i64,
        amount: Money,
    ) -> Result<(), StoreError> {
        let [a, b, c, d] = WIDTHS.map(millis);
        self.change(
            "INSERT INTO counters (counter, width, start, last, count, amount)
             VALUES (?1, ?5, ?2 / ?5 * ?5, ?2, ?3, ?4), (?1, ?6, ?2 / ?6 * ?6, ?2, ?3, ?4),
                    (?1, ?7, ?2 / ?7 * ?7, ?2, ?3, ?4), (?1, ?8, ?2 / ?8 * ?8, ?2, ?3, ?4)
             ON CONFLICT (counter, width, start) DO UPDATE
             SET last = max(last, excluded.last), count = count + excluded.count, amount = amount + excluded.amount",
            params![
                number(counter),
                at.millis(),
                count,
                amount.units(),
                a,
                b,
                c,
                d
            ],
        )?;
        Ok(())
    }

    fn sum(
        &mut self,
        counter: Counter,
        width: Duration,
        after: Timestamp,
    ) -> Result<Sum, StoreError> {
        let sum = self.one(
            "SELECT coalesce(sum(count), 0), coalesce(sum(amount), 0), min(CASE WHEN count > 0 THEN last END)
             FROM counters WHERE counter = ?1 AND width = ?2 AND start > ?3 - ?2 AND last > ?3",
            params![number(counter), millis(width), after.millis()],
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

    fn prune_counter(
        &mut self,
        counter: Counter,
        width: Duration,
        before: Timestamp,
    ) -> Result<(), StoreError> {
        self.change(
            "DELETE FROM counters WHERE counter = ?1 AND width = ?2 AND start < ?3 - ?2",
            params![number(counter), millis(width), before.millis()],
        )?;
        Ok(())
    }
}

fn millis(width: Duration) -> i64 {
    i64::try_from(width.as_millis()).unwrap_or(i64::MAX)
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
