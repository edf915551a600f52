//! Every connection, in the order in which they have been idle.
//!
//! Requests are many and newcomers few: a request only leaves a note at its
//! own entry, and the order is put right when a connection has to be closed.

use std::{
    collections::{BTreeMap, HashMap, hash_map},
    sync::{
        Arc,
        atomic::{
            AtomicU64,
            Ordering::{AcqRel, Relaxed, Release},
        },
    },
};

use futures_util::future::AbortHandle;

use crate::domain::source::Source;

/// A time, in microseconds of whatever beginning.
pub type Time = u64;

/// What a connection is doing, where it is not idle since some time.
const WORKING: Time = Time::MAX;
const LOST: Time = Time::MAX - 1;

/// What the queue knows of one connection.
pub struct Connection {
    source: Option<Source>,
    leave: AbortHandle,
    number: u64,
    /// Since when it waits, or `WORKING`, or `LOST`.
    state: AtomicU64,
    /// The time with which it stands in the queue. Changes with the queue at hand.
    queued: AtomicU64,
}

impl Connection {
    /// Notes that it waits, since then.
    pub fn wait(&self, since: Time) {
        self.state.store(since, Release);
    }

    /// Notes that it no longer waits, as it did since then; `false` when it was lost.
    pub fn work(&self, since: Time) -> bool {
        self.swap(since, WORKING).is_ok()
    }

    fn swap(&self, from: Time, to: Time) -> Result<Time, Time> {
        self.state.compare_exchange(from, to, AcqRel, Relaxed)
    }
}

/// Every connection.
#[derive(Default)]
pub struct IdleQueue {
    taken_by: HashMap<Source, usize>,
    given: u64,
    /// By the time and the number with which they were queued. Nobody has
    /// waited longer than that.
    queue: BTreeMap<(Time, u64), Arc<Connection>>,
}

impl IdleQueue {
    /// How many connections are taken.
    pub fn taken(&self) -> usize {
        self.queue.len()
    }

    /// How many of them by this source.
    pub fn taken_by(&self, source: Source) -> usize {
        self.taken_by.get(&source).copied().unwrap_or_default()
    }

    /// Seats somebody who waits from now on, and is told by `leave` to go.
    pub fn entry(
        &mut self,
        source: Option<Source>,
        leave: AbortHandle,
        now: Time,
    ) -> Arc<Connection> {
        if let Some(source) = source {
            *self.taken_by.entry(source).or_default() += 1;
        }
        self.given += 1;
        let connection = Arc::new(Connection {
            source,
            leave,
            number: self.given,
            state: AtomicU64::new(now),
            queued: AtomicU64::new(now),
        });
        self.queue
            .insert((now, self.given), Arc::clone(&connection));
        connection
    }

    /// Tells whoever has waited longest to go, of one source or of all; `None`
    /// when nobody waits.
    pub fn displace(&mut self, source: Option<Source>) -> Option<()> {
        let mut from = (0, 0);
        loop {
            let candidate = |connection: &&Arc<Connection>| {
                (source.is_none() || connection.source == source)
                    && connection.state.load(Relaxed) != WORKING
            };
            let mut candidates = self.queue.range(from..).map(|(_, connection)| connection);
            let connection = Arc::clone(candidates.find(candidate)?);
            let queued = connection.queued.load(Relaxed);
            match connection.swap(queued, LOST) {
                Ok(_) => {
                    connection.leave.abort();
                    self.forget(&connection);
                    return Some(());
                }
                Err(WORKING) => {}
                // It was at work meanwhile, and waits again.
                Err(since) => {
                    self.queue.remove(&(queued, connection.number));
                    connection.queued.store(since, Relaxed);
                    self.queue
                        .insert((since, connection.number), Arc::clone(&connection));
                }
            }
            from = (queued, connection.number + 1);
        }
    }

    /// Forgets a connection, unless it was displaced before.
    pub fn leave(&mut self, connection: &Connection) {
        if connection.state.load(Relaxed) != LOST {
            self.forget(connection);
        }
    }

    fn forget(&mut self, connection: &Connection) {
        self.queue
            .remove(&(connection.queued.load(Relaxed), connection.number));
        if let Some(source) = connection.source
            && let hash_map::Entry::Occupied(mut count) = self.taken_by.entry(source)
        {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: Option<Source> = Some(Source::V4(1));

    fn connections(
        queue: &mut IdleQueue,
        sources: &[Option<Source>],
    ) -> Vec<(Arc<Connection>, AbortHandle)> {
        let seated = (1..).zip(sources).map(|(now, source)| {
            let (leave, _) = AbortHandle::new_pair();
            (queue.entry(*source, leave.clone(), now), leave)
        });
        seated.collect()
    }

    #[test]
    fn whoever_has_waited_longest_goes_first() {
        let mut queue = IdleQueue::default();
        let connections = connections(&mut queue, &[None; 4]);
        assert!(connections[0].0.work(1) && connections[1].0.work(2));
        connections[0].0.wait(9);
        for next in [2, 3, 0] {
            assert!(queue.displace(None).is_some());
            assert!(connections[next].1.is_aborted(), "{next}");
            assert!(!connections[next].0.work([9, 0, 3, 4][next]), "{next}");
        }
        assert!(queue.displace(None).is_none(), "one is at work");
        assert!(!connections[1].1.is_aborted());
    }

    #[test]
    fn of_a_source_only_its_own_go() {
        let mut queue = IdleQueue::default();
        let connections = connections(&mut queue, &[None, SOURCE, SOURCE]);
        assert!(connections[1].0.work(2));
        assert!(queue.displace(SOURCE).is_some() && connections[2].1.is_aborted());
        assert!(queue.displace(SOURCE).is_none());
    }

    #[test]
    fn nothing_is_kept_of_those_who_left() {
        let mut queue = IdleQueue::default();
        let connections = connections(&mut queue, &[None, SOURCE, SOURCE, SOURCE]);
        assert!(connections[1].0.work(2) && connections[2].0.work(3));
        connections[2].0.wait(5);
        queue.displace(SOURCE);
        queue.displace(SOURCE);
        for (connection, _) in &connections {
            queue.leave(connection);
        }
        assert_eq!((queue.taken(), queue.taken_by.len()), (0, 0));
    }
}
