//! What each source has done lately.
//!
//! It is kept in memory, in a table of bounded size for each deed,
//! family of addresses and size of network. So what costs nothing to do takes
//! no room from other deeds, and IPv6, where addresses cost nothing, takes none
//! from IPv4. A source that finds no room is judged by its networks alone, and
//! nobody is refused for what was done outside of these.

use std::{
    array,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{
    Deed, Source,
    table::{Allowance, Table},
};
use crate::domain::{limit::Limit, time::Timestamp};

/// How many of each size have room in the memory of one deed.
const ROOM: [usize; 3] = [8192, 2048, 2048];

/// What every source has done lately: for each deed and family, a table for
/// each size of network.
pub struct Sources([[Mutex<[Table; 3]>; 2]; 4]);

impl Default for Sources {
    fn default() -> Self {
        Self::with_room(ROOM)
    }
}

impl Sources {
    /// Nobody has done anything; so many of each size can be remembered.
    pub fn with_room(room: [usize; 3]) -> Self {
        let tables = || Mutex::new(room.map(Table::with_room));
        Self(array::from_fn(|_| array::from_fn(|_| tables())))
    }

    /// How long until the source may do one more; `None` when it may at once.
    pub fn wait(
        &self,
        deed: Deed,
        source: Source,
        limit: &Limit,
        now: Timestamp,
    ) -> Option<Duration> {
        let tables = self.tables(deed, source);
        let networks = source.networks().zip(tables.iter());
        let waits = networks.filter_map(|((network, times), table)| {
            table.wait(network, Allowance { limit, times }, now)
        });
        waits.max()
    }

    /// Writes down that the source did one.
    pub fn count(&self, deed: Deed, source: Source, limit: &Limit, now: Timestamp) {
        if limit.is_off() {
            return;
        }
        let mut tables = self.tables(deed, source);
        for ((network, times), table) in source.networks().zip(tables.iter_mut()) {
            table.count(network, Allowance { limit, times }, now);
        }
    }

    /// Takes back the one that was written down at `at`, which came to nothing.
    pub fn take_back(&self, deed: Deed, source: Source, at: Timestamp) {
        let mut tables = self.tables(deed, source);
        for ((network, _), table) in source.networks().zip(tables.iter_mut()) {
            table.take_back(network, at);
        }
    }

    fn tables(&self, deed: Deed, source: Source) -> MutexGuard<'_, [Table; 3]> {
        let family = usize::from(matches!(source, Source::V6(_)));
        let tables = &self.0[deed as usize][family];
        tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use proptest::{collection::vec, option, prelude::*};

    use super::*;

    const DEED: Deed = Deed::Send;
    const START: Timestamp = Timestamp::from_seconds(1000);

    fn source(text: &str) -> Source {
        text.parse::<IpAddr>().unwrap().into()
    }

    fn limit(text: &str) -> Limit {
        text.parse().unwrap()
    }

    #[test]
    fn a_network_may_do_some_times_as_much_as_a_source() {
        let limit = limit("3/1h");
        let v6 = |number: u64| Source::V6(0x2001_0db8_0000_0000 + number);
        let v4 = |number: u64| Source::V4(0xcb00_7100 + u32::try_from(number).unwrap());
        for (of, apart, times, outside) in [
            (&v6 as &dyn Fn(u64) -> Source, 1, 4, 1 << 8),
            (&v6, 1 << 8, 16, 1 << 16),
            (&v4, 1, 16, 1 << 8),
        ] {
            let sources = Sources::default();
            for deed in 0..3 * times {
                let source = of(deed * apart);
                assert_eq!(sources.wait(DEED, source, &limit, START), None, "{deed}");
                sources.count(DEED, source, &limit, START);
            }
            let next = of(3 * times * apart);
            let hour = Duration::from_hours(1);
            assert_eq!(sources.wait(DEED, next, &limit, START), Some(hour));
            assert_eq!(sources.wait(DEED, of(outside), &limit, START), None);
            sources.take_back(DEED, of(0), START);
            assert_eq!(sources.wait(DEED, next, &limit, START), None);
        }
    }

    #[test]
    fn deeds_and_families_take_no_room_from_one_another() {
        let (sources, limit) = (Sources::with_room([1; 3]), limit("1/1h"));
        let (v4, v6) = (source("203.0.113.7"), source("2001:db8::1"));
        for deed in [DEED, Deed::UnreadableToken] {
            for source in [v4, v6] {
                assert_eq!(sources.wait(deed, source, &limit, START), None);
                sources.count(deed, source, &limit, START);
                assert!(sources.wait(deed, source, &limit, START).is_some());
            }
        }
    }

    #[test]
    fn whoever_did_nothing_is_let_in_however_many_networks_did_too_much() {
        let (sources, limit) = (Sources::default(), limit("10/1h, 20/24h"));
        for number in 0..20_000 {
            // The /64s of one /48, /64s of many, and IPv4 addresses.
            for source in [
                Source::V6(0x2001_0db8_0000_0000 + number % 65_536),
                Source::V6(0x2a00 << 48 | number << 16),
                Source::V4(u32::try_from(number * 7919).unwrap_or_default()),
            ] {
                if sources.wait(DEED, source, &limit, START).is_none() {
                    sources.count(DEED, source, &limit, START);
                }
            }
        }
        for number in 0..100 {
            for source in [
                Source::V6(0x2003 << 48 | number << 16),
                Source::V4(u32::try_from(number << 8).unwrap() + (250 << 24)),
            ] {
                assert_eq!(sources.wait(DEED, source, &limit, START), None);
            }
        }
        assert!(
            sources
                .wait(DEED, source("2001:db8::"), &limit, START)
                .is_some()
        );
    }

    /// Neighbours and others.
    fn numbered(number: u64) -> Source {
        Source::V6((number % 3) + ((number / 3 % 2) << 8) + ((number / 6) << 16))
    }

    fn deeds() -> impl Strategy<Value = Vec<(u64, u64, Option<usize>)>> {
        let taken_back = option::weighted(0.2, 0_usize..4);
        vec((0_u64..12, 1_u64..8, taken_back), 0..120)
    }

    /// Plays what sources do as long as they may, and take back. How long each
    /// waits after that, and how long it would if everything were remembered.
    fn waits(
        room: usize,
        deeds: &[(u64, u64, Option<usize>)],
    ) -> Vec<(Option<Duration>, Option<Duration>)> {
        let (sources, limit) = (Sources::with_room([room; 3]), limit("1/30s, 2/90s"));
        let (mut now, mut done) = (START, Vec::new());
        for (number, passed, taken_back) in deeds {
            now = now + Duration::from_secs(*passed);
            let source = numbered(*number);
            let own = |(_, by): &(usize, &(Timestamp, Source))| by.1 == source;
            let nth = taken_back.and_then(|nth| done.iter().enumerate().filter(own).nth(nth));
            if let Some((place, (at, _))) = nth.map(|(place, deed)| (place, *deed)) {
                done.remove(place);
                sources.take_back(DEED, source, at);
            } else if sources.wait(DEED, source, &limit, now).is_none() {
                sources.count(DEED, source, &limit, now);
                done.push((now, source));
            }
        }
        let truth = |source: Source| {
            let waits = source
                .networks()
                .enumerate()
                .filter_map(|(size, (network, times))| {
                    let is_of =
                        |other: Source| other.networks().nth(size) == Some((network, times));
                    let diary = done.iter().rev().filter(|(_, other)| is_of(*other));
                    let diary: Vec<_> = diary.map(|(at, _)| *at).collect();
                    limit.wait_for(times, |nth| diary.get(nth).copied(), now)
                });
            waits.max()
        };
        let both = |source| (sources.wait(DEED, source, &limit, now), truth(source));
        (0..12).map(numbered).map(both).collect()
    }

    proptest! {
        #[test]
        fn with_room_sources_wait_for_what_they_and_their_networks_did(deeds in deeds()) {
            for (wait, truth) in waits(100, &deeds) {
                prop_assert_eq!(wait, truth);
            }
        }

        #[test]
        fn without_room_nobody_waits_for_what_was_not_done(deeds in deeds(), room in 0_usize..4) {
            for (wait, truth) in waits(room, &deeds) {
                prop_assert!(wait <= truth);
            }
        }
    }
}
