//! The table `statistics`.

use rusqlite::params;

use super::transaction::{Transaction, unreadable};
use crate::domain::{
    error::StoreError,
    money::Money,
    statistic::{Day, Measure, Statistic, Statistics},
};

impl Statistics for Transaction<'_> {
    fn add_statistic(&mut self, day: Day, statistic: &Statistic) -> Result<(), StoreError> {
        self.change(
            "INSERT INTO statistics (day, measure, label, prefix, count, cost) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (day, measure, label, prefix) DO UPDATE SET count = count + excluded.count, cost = cost + excluded.cost",
            params![
                day.0,
                statistic.measure.name(),
                statistic.label,
                statistic.prefix,
                statistic.count,
                statistic.cost.units(),
            ],
        )?;
        Ok(())
    }

    fn statistics(&mut self, from: Day) -> Result<Vec<(Day, Statistic)>, StoreError> {
        self.all(
            "SELECT day, measure, label, prefix, count, cost FROM statistics WHERE day >= ?1 ORDER BY day",
            [from.0],
            |row| {
                let name = row.get_ref(1)?.as_str()?;
                let measure = Measure::ALL
                    .into_iter()
                    .find(|measure| measure.name() == name);
                let statistic = Statistic {
                    measure: measure.ok_or_else(|| unreadable(1))?,
                    label: row.get(2)?,
                    prefix: row.get(3)?,
                    count: row.get(4)?,
                    cost: Money::from_units(row.get(5)?),
                };
                Ok((Day(row.get(0)?), statistic))
            },
        )
    }
}
