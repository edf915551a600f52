//! The memory of one size of network, of which so many have room.
//!
//! When it is full, a newcomer takes the room of one whose deeds no longer
//! matter, or else of the one that did least. One that is at its limit keeps
//! its room until that is over: nobody can wash an address clean by having
//! others do things. A newcomer for whom there is no room is not remembered.

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use crate::domain::{limit::Limit, time::Timestamp};

/// Instants that are told apart in one record: all, where no more are allowed.
/// Of more, those that are close together for their age become one.
const RUNS: usize = 32;
/// How many of those who did least are looked at for one that is not at its limit.
const LOOKS: usize = 8;
/// How many whose deeds no longer matter are forgotten whenever one is remembered.
const FORGOTTEN: usize = 2;

/// A limit, some times as high.
#[derive(Clone, Copy)]
pub struct Allowance<'l> {
    pub limit: &'l Limit,
    pub times: u32,
}

/// What each of some networks did.
pub struct Table {
    room: usize,
    records: HashMap<u64, Record>,
    /// Whoever did least comes first, and of these who did it longest ago.
    by_count: BTreeSet<(u32, Timestamp, u64)>,
    /// By the time of the latest deed.
    by_age: BTreeSet<(Timestamp, u64)>,
}

/// What one network did, the latest last.
#[derive(Default)]
struct Record(Vec<Run>);

/// So many deeds, none of them later than that.
#[derive(Clone, Copy)]
struct Run {
    at: Timestamp,
    count: u32,
}

impl Table {
    pub fn with_room(room: usize) -> Self {
        Self {
            room,
            records: HashMap::new(),
            by_count: BTreeSet::new(),
            by_age: BTreeSet::new(),
        }
    }

    /// How long until the network may do one more; `None` when it may at once.
    pub fn wait(&self, network: u64, most: Allowance<'_>, now: Timestamp) -> Option<Duration> {
        self.records.get(&network)?.wait(most, now)
    }

    /// Writes down that the network did one, if there is room for that.
    pub fn count(&mut self, network: u64, most: Allowance<'_>, now: Timestamp) {
        let known = self.remove(network);
        if known.is_none() && !self.make_room(most, now) {
            return;
        }
        let mut record = known.unwrap_or_default();
        record.add(most, now);
        self.insert(network, record);
    }

    /// Takes back what was written down at `at`.
    pub fn take_back(&mut self, network: u64, at: Timestamp) {
        if let Some(mut record) = self.remove(network) {
            record.take_back(at);
            self.insert(network, record);
        }
    }

    fn make_room(&mut self, most: Allowance<'_>, now: Timestamp) -> bool {
        for _ in 0..FORGOTTEN {
            let oldest = self.by_age.first().copied();
            let Some((_, network)) = oldest.filter(|(at, _)| *at + most.limit.longest() <= now)
            else {
                break;
            };
            self.remove(network);
        }
        if self.records.len() >= self.room {
            let mut least = self
                .by_count
                .iter()
                .take(LOOKS)
                .map(|(_, _, network)| *network);
            if let Some(harmless) = least.find(|least| self.wait(*least, most, now).is_none()) {
                self.remove(harmless);
            }
        }
        self.records.len() < self.room
    }

    fn insert(&mut self, network: u64, record: Record) {
        if let Some(latest) = record.latest() {
            self.by_count.insert((record.count(), latest, network));
            self.by_age.insert((latest, network));
            self.records.insert(network, record);
        }
    }

    fn remove(&mut self, network: u64) -> Option<Record> {
        let record = self.records.remove(&network)?;
        if let Some(latest) = record.latest() {
            self.by_count.remove(&(record.count(), latest, network));
            self.by_age.remove(&(latest, network));
        }
        Some(record)
    }
}

impl Record {
    fn latest(&self) -> Option<Timestamp> {
        self.0.last().map(|run| run.at)
    }

    fn count(&self) -> u32 {
        self.0.iter().map(|run| run.count).sum()
    }

    fn wait(&self, most: Allowance<'_>, now: Timestamp) -> Option<Duration> {
        let newest = |nth: usize| {
            let mut left = u32::try_from(nth).ok()?;
            let run = self.0.iter().rev().find(|run| {
                let holds = run.count > left;
                left = left.saturating_sub(run.count);
                holds
            });
            run.map(|run| run.at)
        };
        most.limit.wait_for(most.times, newest, now)
    }

    fn add(&mut self, most: Allowance<'_>, now: Timestamp) {
        self.0.retain(|run| run.at + most.limit.longest() > now);
        if self.0.len() == RUNS {
            self.merge(now);
        }
        // Others may have been later and still be written down first.
        let place = self.0.partition_point(|run| run.at < now);
        match self.0.get_mut(place) {
            Some(run) if run.at == now => run.count += 1,
            _ => self.0.insert(place, Run { at: now, count: 1 }),
        }
        // No limit asks for more than it allows.
        while self.count() as usize > most.limit.most().saturating_mul(most.times as usize) {
            self.drop_from(0);
        }
    }

    /// Makes one of the two that are closest together for their age. It counts
    /// as long as the later of them.
    fn merge(&mut self, now: Timestamp) {
        let closeness = |pair: &[Run]| {
            let (gap, age) = (pair[1].at.since(pair[0].at), now.since(pair[0].at));
            gap.as_millis() * 1_000_000 / age.as_millis().max(1)
        };
        let pairs = self.0.windows(2).enumerate();
        if let Some((earlier, _)) = pairs.min_by_key(|(_, pair)| closeness(pair)) {
            let run = self.0.remove(earlier);
            self.0[earlier].count += run.count;
        }
    }

    fn take_back(&mut self, at: Timestamp) {
        let place = self.0.partition_point(|run| run.at < at);
        // One that stands alone at another time is another.
        let holds = |run: &Run| run.at == at || run.count > 1;
        if self.0.get(place).is_some_and(holds) {
            self.drop_from(place);
        }
    }

    fn drop_from(&mut self, place: usize) {
        self.0[place].count -= 1;
        if self.0[place].count == 0 {
            self.0.remove(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_seconds(1_000_000) + Duration::from_secs(seconds)
    }

    #[test]
    fn who_is_at_its_limit_keeps_its_room_until_that_is_over() {
        let limit = "2/1h".parse::<Limit>().unwrap();
        let most = Allowance {
            limit: &limit,
            times: 1,
        };
        let mut table = Table::with_room(100);
        for network in [0, 0, 1] {
            table.count(network, most, at(0));
        }
        for network in 2..10_000 {
            table.count(network, most, at(1));
            assert!(table.records.len() <= 100);
        }
        assert!(table.wait(0, most, at(1)).is_some());
        assert!(!table.records.contains_key(&1), "it did least, longest ago");
        // Full of such as are at their limit, nothing more is remembered ..
        for network in 2..10_000 {
            table.count(network, most, at(2));
            table.count(network, most, at(2));
        }
        let hot = (0..10_000).filter(|network| table.wait(*network, most, at(2)).is_some());
        assert_eq!(hot.count(), 100);
        // .. and what is over makes room again.
        for network in 20_000..20_200 {
            table.count(network, most, at(3602));
        }
        let kept = table.records.keys().filter(|network| **network >= 20_000);
        assert_eq!(
            (kept.count(), table.by_count.len(), table.by_age.len()),
            (100, 100, 100)
        );
    }

    proptest! {
        #[test]
        fn in_few_bytes_no_more_is_allowed_and_little_less(
            pauses in vec(0_u64..200, 100..600),
            times in 1_u32..5,
        ) {
            let limit = "20/15m, 40/1h".parse::<Limit>().unwrap();
            let most = Allowance { limit: &limit, times };
            let (mut table, mut now, mut done) = (Table::with_room(1), 0, Vec::new());
            for pause in pauses {
                now += pause;
                let recent = |span: u64| done.iter().filter(|then| *then + span > now).count();
                let (quarter, hour) = (20 * times as usize, 40 * times as usize);
                if table.wait(0, most, at(now)).is_none() {
                    prop_assert!(recent(900) < quarter && recent(3600) < hour);
                    done.push(now);
                    table.count(0, most, at(now));
                } else {
                    // None counts more than twice as long as it should.
                    prop_assert!(recent(1800) >= quarter || recent(7200) >= hour);
                }
                prop_assert!(table.records[&0].0.capacity() <= RUNS);
            }
        }
    }
}
