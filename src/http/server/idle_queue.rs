//! Every connection, ordered by how long it has been idle.
//!
//! Requests are far more frequent than evictions. So a request only stores its
//! connection's new state, without a lock, and the order is corrected when a
//! connection has to be evicted.

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

/// A time, in microseconds since the server started.
pub type Time = u64;

/// The states of a connection that are not a time since which it is idle.
const ACTIVE: Time = Time::MAX;
const EVICTED: Time = Time::MAX - 1;

/// What the queue knows of one connection.
pub struct Connection {
    source: Option<Source>,
    abort: AbortHandle,
    number: u64,
    /// Since when it is idle, or `ACTIVE`, or `EVICTED`.
    state: AtomicU64,
    /// The time under which it is in the queue. Changed under the queue's lock only.
    queued: AtomicU64,
}

impl Connection {
    /// Marks it idle since then.
    pub fn set_idle(&self, since: Time) {
        self.state.store(since, Release);
    }

    /// Marks it active if it is still idle since then; `false` if it was evicted.
    pub fn set_active(&self, since: Time) -> bool {
        self.swap(since, ACTIVE).is_ok()
    }

    fn swap(&self, from: Time, to: Time) -> Result<Time, Time> {
        self.state.compare_exchange(from, to, AcqRel, Relaxed)
    }
}

/// Every connection.
#[derive(Default)]
pub struct IdleQueue {
    per_source: HashMap<Source, usize>,
    last_number: u64,
    /// By the time and number they were queued under. A connection may have
    /// become idle later than that, never earlier.
    queue: BTreeMap<(Time, u64), Arc<Connection>>,
}

impl IdleQueue {
    /// How many connections there are.
    pub fn len(&self) -> usize {
        self.queue.len()
    }

    /// How many of them are from this source.
    pub fn len_of(&self, source: Source) -> usize {
        self.per_source.get(&source).copied().unwrap_or_default()
    }

    /// Adds a connection that is idle from now on; `abort` closes it.
    pub fn insert(
        &mut self,
        source: Option<Source>,
        abort: AbortHandle,
        now: Time,
    ) -> Arc<Connection> {
        if let Some(source) = source {
            *self.per_source.entry(source).or_default() += 1;
        }
        self.last_number += 1;
        let connection = Arc::new(Connection {
            source,
            abort,
            number: self.last_number,
            state: AtomicU64::new(now),
            queued: AtomicU64::new(now),
        });
        self.queue
            .insert((now, self.last_number), Arc::clone(&connection));
        connection
    }

    /// Closes the connection that has been idle longest, of one source or of
    /// all; `None` when none is idle.
    pub fn evict(&mut self, source: Option<Source>) -> Option<()> {
        let mut from = (0, 0);
        loop {
            let candidate = |connection: &&Arc<Connection>| {
                (source.is_none() || connection.source == source)
                    && connection.state.load(Relaxed) != ACTIVE
            };
            let mut candidates = self.queue.range(from..).map(|(_, connection)| connection);
            let connection = Arc::clone(candidates.find(candidate)?);
            let queued = connection.queued.load(Relaxed);
            match connection.swap(queued, EVICTED) {
                Ok(_) => {
                    connection.abort.abort();
                    self.unlink(&connection);
                    return Some(());
                }
                Err(ACTIVE) => {}
                // It was active meanwhile, and is idle again.
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

    /// Removes a connection that is closed, unless it was evicted before.
    pub fn remove(&mut self, connection: &Connection) {
        if connection.state.load(Relaxed) != EVICTED {
            self.unlink(connection);
        }
    }

    fn unlink(&mut self, connection: &Connection) {
        self.queue
            .remove(&(connection.queued.load(Relaxed), connection.number));
        if let Some(source) = connection.source
            && let hash_map::Entry::Occupied(mut count) = self.per_source.entry(source)
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
        let inserted = (1..).zip(sources).map(|(now, source)| {
            let (abort, _) = AbortHandle::new_pair();
            (queue.insert(*source, abort.clone(), now), abort)
        });
        inserted.collect()
    }

    #[test]
    fn the_longest_idle_connection_is_evicted_first() {
        let mut queue = IdleQueue::default();
        let connections = connections(&mut queue, &[None; 4]);
        assert!(connections[0].0.set_active(1) && connections[1].0.set_active(2));
        connections[0].0.set_idle(9);
        for next in [2, 3, 0] {
            assert!(queue.evict(None).is_some());
            assert!(connections[next].1.is_aborted(), "{next}");
            assert!(
                !connections[next].0.set_active([9, 0, 3, 4][next]),
                "{next}"
            );
        }
        assert!(queue.evict(None).is_none(), "one is active");
        assert!(!connections[1].1.is_aborted());
    }

    #[test]
    fn of_a_source_only_its_own_connections_are_evicted() {
        let mut queue = IdleQueue::default();
        let connections = connections(&mut queue, &[None, SOURCE, SOURCE]);
        assert!(connections[1].0.set_active(2));
        assert!(queue.evict(SOURCE).is_some() && connections[2].1.is_aborted());
        assert!(queue.evict(SOURCE).is_none());
    }

    #[test]
    fn nothing_is_kept_of_closed_connections() {
        let mut queue = IdleQueue::default();
        let connections = connections(&mut queue, &[None, SOURCE, SOURCE, SOURCE]);
        assert!(connections[1].0.set_active(2) && connections[2].0.set_active(3));
        connections[2].0.set_idle(5);
        queue.evict(SOURCE);
        queue.evict(SOURCE);
        for (connection, _) in &connections {
            queue.remove(connection);
        }
        assert_eq!((queue.len(), queue.per_source.len()), (0, 0));
    }
}
