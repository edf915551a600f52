//! The table `counters`. What a connection counts is in rows of its own shard,
//! so that it waits for no other; a bucket is the sum of its rows.
//!
//! What is divided here leaves no remainder: not every engine drops it.

use std::time::Duration;

use super::{
    row::{Read, Unreadable},
    transaction::Transaction,
    value::params,
};
use crate::domain::{
    counter::{BUCKETS, Counter, Counters, Sum, width},
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
        let at = at.millis();
        let start = |span: &Duration| {
            let width = millis(width(*span));
            at / width * width
        };
        self.queue(
            "INSERT INTO counters (counter, span, start, last, count, amount, shard)
             SELECT $1, span, start, $4, $5, $6, $7 FROM unnest($2::BIGINT[], $3::BIGINT[]) AS buckets (span, start)
             ON CONFLICT (counter, span, start, shard) DO UPDATE
             SET last = GREATEST(counters.last, excluded.last), count = counters.count + excluded.count,
                 amount = counters.amount + excluded.amount",
            params![
                number(counter),
                spans.iter().copied().map(millis).collect::<Vec<_>>(),
                spans.iter().map(start).collect::<Vec<_>>(),
                at,
                count,
                amount.units(),
                self.shard(),
            ],
        )
    }

    fn sums(&mut self, counters: &[Counter], at: Timestamp) -> Result<Vec<Sum>, StoreError> {
        let numbers: Vec<_> = counters.iter().copied().map(number).collect();
        self.all(
            "SELECT counter, span, sum(count)::BIGINT, sum(amount)::BIGINT, min(CASE WHEN count > 0 THEN last END),
                    sum(CASE WHEN start > $2 - span THEN count ELSE 0 END)::BIGINT
             FROM (SELECT counter, span, start, max(last) AS last, sum(count) AS count, sum(amount) AS amount
                   FROM counters WHERE counter = ANY($1)
                   GROUP BY counter, span, start HAVING max(counters.last) > $2 - span) AS buckets
             GROUP BY counter, span",
            params![numbers, at.millis()],
            |row| {
                Ok(Sum {
                    counter: counter(row.get(0)?)?,
                    span: Duration::from_millis(row.get::<i64>(1)?.unsigned_abs()),
                    count: u64::try_from(row.get::<i64>(2)?).unwrap_or(0),
                    least: u64::try_from(row.get::<i64>(5)?).unwrap_or(0),
                    amount: Money::from_units(row.get(3)?),
                    first: row.get::<Option<i64>>(4)?.map(Timestamp::from_millis),
                })
            },
        )
    }

    fn backfill_span(&mut self, counter: Counter, span: Duration) -> Result<(), StoreError> {
        // One node after the other, or what several of them see would be counted as often.
        self.queue("UPDATE locks SET id = id WHERE id = 0", params![])?;
        // Of those that were counted for last the longest: it knows most. Its buckets
        // may be longer, so each goes where its last is.
        self.queue(
            "INSERT INTO counters (counter, span, start, last, count, amount, shard)
             SELECT $1, $2, last - last % $3, max(last), sum(count), sum(amount), $4
             FROM (SELECT start, max(last) AS last, sum(count) AS count, sum(amount) AS amount FROM counters
                   WHERE counter = $1
                     AND span = (SELECT span FROM counters WHERE counter = $1 AND span <> $2
                                 GROUP BY span ORDER BY max(last) DESC, span DESC LIMIT 1)
                   GROUP BY start) AS buckets
             WHERE last > coalesce((SELECT max(last) FROM counters WHERE counter = $1 AND span = $2), 0)
             GROUP BY last - last % $3
             ON CONFLICT (counter, span, start, shard) DO UPDATE
             SET last = GREATEST(counters.last, excluded.last), count = counters.count + excluded.count,
                 amount = counters.amount + excluded.amount",
            params![
                number(counter),
                millis(span),
                millis(width(span)),
                self.shard()
            ],
        )
    }

    fn prune_counter(&mut self, counter: Counter, at: Timestamp) -> Result<(), StoreError> {
        // What is over is put into one row of each bucket. Rows that others hold are
        // left as they are: they count from where they lie.
        self.queue(
            "UPDATE counters SET last = merged.last,
                 count = CASE WHEN counters.shard = merged.kept THEN merged.count ELSE 0 END,
                 amount = CASE WHEN counters.shard = merged.kept THEN merged.amount ELSE 0 END
             FROM (SELECT span, start, shard, max(last) OVER bucket AS last, sum(count) OVER bucket AS count,
                          sum(amount) OVER bucket AS amount, min(shard) OVER bucket AS kept
                   FROM (SELECT span, start, shard, last, count, amount FROM counters
                         WHERE counter = $1 AND start <= $2 - GREATEST((span - span % $3) / $3, 1)
                           AND EXISTS (SELECT 1 FROM counters AS others
                                       WHERE others.counter = $1 AND others.span = counters.span
                                         AND others.start = counters.start AND others.shard <> counters.shard)
                         FOR UPDATE SKIP LOCKED) AS held
                   WINDOW bucket AS (PARTITION BY span, start)) AS merged
             WHERE counters.counter = $1 AND counters.span = merged.span AND counters.start = merged.start
               AND counters.shard = merged.shard",
            params![number(counter), at.millis(), BUCKETS],
        )?;
        self.queue(
            "DELETE FROM counters WHERE (counter, span, start, shard) IN (
                 SELECT counter, span, start, shard FROM counters
                 WHERE counter = $1 AND (last < $2 - span
                     OR count = 0 AND amount = 0 AND start <= $2 - GREATEST((span - span % $3) / $3, 1))
                 FOR UPDATE SKIP LOCKED)",
            params![number(counter), at.millis(), BUCKETS],
        )
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

fn counter(read: i64) -> Read<Counter> {
    let mut all = Counter::ALL.into_iter();
    all.find(|counter| number(*counter) == read)
        .ok_or(Unreadable(0))
}
