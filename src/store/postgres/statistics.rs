//! The tables `statistics` and `hourly_statistics`.

use super::{
    row::{Read, Row, Unreadable},
    transaction::Transaction,
    value::params,
};
use crate::domain::{
    error::StoreError,
    money::Money,
    statistic::{Day, Hour, Measure, Statistic, Statistics},
};

impl Statistics for Transaction<'_> {
    fn add_statistic(&mut self, hour: Hour, statistic: &Statistic) -> Result<(), StoreError> {
        for (sql, period) in [
            (
                "INSERT INTO statistics (day, measure, label, prefix, count, cost) VALUES ($1, $2, $3, $4, $5, $6)
                 ON CONFLICT (day, measure, label, prefix)
                 DO UPDATE SET count = statistics.count + excluded.count, cost = statistics.cost + excluded.cost",
                hour.day().0,
            ),
            (
                "INSERT INTO hourly_statistics (hour, measure, label, prefix, count, cost)
                 VALUES ($1, $2, $3, $4, $5, $6)
                 ON CONFLICT (hour, measure, label, prefix)
                 DO UPDATE SET count = hourly_statistics.count + excluded.count,
                               cost = hourly_statistics.cost + excluded.cost",
                hour.0,
            ),
        ] {
            self.queue(
                sql,
                params![
                    period,
                    statistic.measure.name(),
                    statistic.label.as_str(),
                    statistic.prefix.as_str(),
                    statistic.count,
                    statistic.cost.units(),
                ],
            )?;
        }
        Ok(())
    }

    fn statistics(&mut self, from: Day) -> Result<Vec<(Day, Statistic)>, StoreError> {
        self.all(
            "SELECT day, measure, label, prefix, count, cost FROM statistics WHERE day >= $1
             ORDER BY day, measure, label, prefix",
            params![from.0],
            |row| Ok((Day(row.get(0)?), statistic(row)?)),
        )
    }

    fn hourly_statistics(&mut self, from: Hour) -> Result<Vec<(Hour, Statistic)>, StoreError> {
        self.all(
            "SELECT hour, measure, label, prefix, count, cost FROM hourly_statistics WHERE hour >= $1
             ORDER BY hour, measure, label, prefix",
            params![from.0],
            |row| Ok((Hour(row.get(0)?), statistic(row)?)),
        )
    }

    fn prune_hourly_statistics(&mut self, before: Hour) -> Result<(), StoreError> {
        self.queue(
            "DELETE FROM hourly_statistics WHERE (hour, measure, label, prefix) IN (
                 SELECT hour, measure, label, prefix FROM hourly_statistics WHERE hour < $1 FOR UPDATE SKIP LOCKED)",
            params![before.0],
        )
    }
}

/// What stands behind the first column.
fn statistic(row: &Row<'_>) -> Read<Statistic> {
    Ok(Statistic {
        measure: Measure::named(row.text(1)?).ok_or(Unreadable(1))?,
        label: row.get(2)?,
        prefix: row.get(3)?,
        count: row.get(4)?,
        cost: Money::from_units(row.get(5)?),
    })
}
