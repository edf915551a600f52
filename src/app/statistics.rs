//! What happens, added up: since the start for whoever watches the process,
//! and by hour for the store, to which it is written now and then. A process
//! that is killed loses the last seconds of it.

use std::{
    collections::BTreeMap,
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{
    domain::{
        error::StoreError,
        money::Money,
        statistic::{HOURS_KEPT, Hour, Measure, Statistic},
        time::Timestamp,
    },
    store::Store,
};

/// What, of which gateway or limit, of which destination.
type Key = (Measure, String, String);

/// How often, and at what cost.
#[derive(Debug, Clone, Copy, Default)]
struct Count {
    count: i64,
    cost: Money,
}

impl Count {
    fn add(&mut self, other: Self) {
        self.count += other.count;
        self.cost = self.cost + other.cost;
    }
}

#[derive(Default)]
struct Counts {
    since_start: BTreeMap<Key, Count>,
    unsaved: BTreeMap<(Hour, Key), Count>,
}

/// What happened.
#[derive(Default)]
pub struct Statistics(Mutex<Counts>);

impl Statistics {
    /// Counts something of a gateway or a limit, and of a destination.
    pub fn count_of(
        &self,
        (measure, label, prefix): (Measure, &str, &str),
        cost: Money,
        at: Timestamp,
    ) {
        let key = (measure, label.to_owned(), prefix.to_owned());
        let count = Count { count: 1, cost };
        let mut counts = self.counts();
        counts
            .since_start
            .entry(key.clone())
            .or_default()
            .add(count);
        let unsaved = counts.unsaved.entry((Hour::of(at), key));
        unsaved.or_default().add(count);
    }

    /// All that happened since the start.
    pub fn since_start(&self) -> Vec<Statistic> {
        let counts = self.counts();
        let all = counts.since_start.iter();
        all.map(|(key, count)| statistic(key, *count)).collect()
    }

    /// Writes down what happened since that was done last.
    ///
    /// # Errors
    /// When the store fails; then it is written the next time.
    pub async fn save(&self, store: &Store) -> Result<(), StoreError> {
        let unsaved = mem::take(&mut self.counts().unsaved);
        let Some(((latest, _), _)) = unsaved.last_key_value() else {
            return Ok(());
        };
        let kept = Hour(latest.0 - HOURS_KEPT);
        let rows: Vec<_> = unsaved
            .iter()
            .map(|((hour, key), count)| (*hour, statistic(key, *count)))
            .collect();
        let saving = store.write(move |tx| {
            rows.iter()
                .try_for_each(|(hour, row)| tx.add_statistic(*hour, row))?;
            tx.prune_hourly_statistics(kept)
        });
        let saved: Result<(), StoreError> = saving.await;
        if saved.is_err() {
            let mut counts = self.counts();
            for (key, count) in unsaved {
                counts.unsaved.entry(key).or_default().add(count);
            }
        }
        saved
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn statistic((measure, label, prefix): &Key, count: Count) -> Statistic {
    Statistic {
        measure: *measure,
        label: label.clone(),
        prefix: prefix.clone(),
        count: count.count,
        cost: count.cost,
    }
}
