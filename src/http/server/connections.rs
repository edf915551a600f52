//! Caps on connections, and which one is evicted when a cap is reached.
//!
//! A connection is idle while the server waits for its client: between
//! requests, until a request has arrived, and while its answer is not read. At
//! a cap, a new connection evicts the one that has been idle longest; a
//! connection whose request is being handled is active and keeps its slot. So
//! clients who hold connections and neither send nor read evict one another.

use std::{
    io,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_util::future::{AbortHandle, AbortRegistration};
use ipnet::IpNet;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};

use super::idle_queue::{Connection, IdleQueue, Time};
use crate::domain::source::Source;

/// For every so many connections, one more may be open that was evicted and is
/// not closed yet. Only beyond that do new connections wait for those to close.
pub const CLOSING: usize = 16;

/// The open connections.
pub struct Connections {
    most: usize,
    most_per_source: usize,
    exempt: Vec<IpNet>,
    /// One for each open connection, including evicted ones.
    permits: Arc<Semaphore>,
    /// What times are counted from.
    started: Instant,
    queue: Mutex<IdleQueue>,
}

impl Connections {
    /// Room for `most` connections, `most_per_source` of them from one IPv4
    /// address or IPv6 /64 unless it is among the `exempt`.
    pub fn new(most: usize, most_per_source: usize, exempt: Vec<IpNet>) -> Self {
        Self {
            most,
            most_per_source,
            exempt,
            permits: Arc::new(Semaphore::new(most + most.div_ceil(CLOSING))),
            started: Instant::now(),
            queue: Mutex::default(),
        }
    }

    /// A slot for a new connection, and what aborts it on eviction; `None` when
    /// every connection that it could evict is active.
    pub async fn acquire(self: &Arc<Self>, peer: IpAddr) -> Option<(Slot, AbortRegistration)> {
        let (abort, evicted) = AbortHandle::new_pair();
        let mut slot = self.slot(peer, abort)?;
        // At once, unless too many evicted connections are not closed yet.
        slot.permit = Arc::clone(&self.permits).acquire_owned().await.ok();
        Some((slot, evicted))
    }

    /// A slot for what counts like a connection with a request at work, for as
    /// long as it has the slot; `None` as above.
    pub fn acquire_active(self: &Arc<Self>, peer: IpAddr) -> Option<Slot> {
        let (abort, _) = AbortHandle::new_pair();
        let mut slot = self.slot(peer, abort)?;
        slot.set_active().ok()?;
        Some(slot)
    }

    /// Evicts the connection that has been idle longest. `false` when none is idle.
    pub fn evict(&self) -> bool {
        self.queue().evict(None).is_some()
    }

    fn slot(self: &Arc<Self>, peer: IpAddr, abort: AbortHandle) -> Option<Slot> {
        let (source, since) = (self.source(peer), self.time(Instant::now()));
        let mut queue = self.queue();
        if source.is_some_and(|source| queue.len_of(source) >= self.most_per_source) {
            queue.evict(source)?;
        } else if queue.len() >= self.most {
            queue.evict(None)?;
        }
        let connection = queue.insert(source, abort, since);
        drop(queue);
        Some(Slot {
            connections: Arc::clone(self),
            connection,
            since,
            is_idle: true,
            permit: None,
        })
    }

    /// The source a connection counts for; `None` when its peer is exempt.
    fn source(&self, peer: IpAddr) -> Option<Source> {
        let peer = peer.to_canonical();
        let is_exempt = self.exempt.iter().any(|network| network.contains(&peer));
        (!is_exempt).then(|| peer.into())
    }

    fn time(&self, now: Instant) -> Time {
        let since = now.duration_since(self.started);
        // Overflows after half a million years.
        Time::try_from(since.as_micros()).unwrap_or_default()
    }

    fn queue(&self) -> MutexGuard<'_, IdleQueue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One connection's slot, released when it is dropped.
pub struct Slot {
    connections: Arc<Connections>,
    connection: Arc<Connection>,
    since: Time,
    is_idle: bool,
    permit: Option<OwnedSemaphorePermit>,
}

impl Slot {
    /// Marks the connection idle from now on, if it was active.
    pub fn set_idle(&mut self, now: Instant) {
        if !self.is_idle {
            self.since = self.connections.time(now);
            self.resume_idle();
        }
    }

    /// Marks it idle since when it was idle before: what arrived was only a
    /// part, and a client gains nothing by sending in small parts.
    pub fn resume_idle(&mut self) {
        if !self.is_idle {
            self.connection.set_idle(self.since);
            self.is_idle = true;
        }
    }

    /// Marks it active, unless it was evicted.
    pub fn set_active(&mut self) -> io::Result<()> {
        if self.is_idle && !self.connection.set_active(self.since) {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        self.is_idle = false;
        Ok(())
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.connections.queue().remove(&self.connection);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_counts_for_its_source_unless_that_is_a_proxy() {
        let connections = Connections::new(1, 1, vec!["10.0.0.0/8".parse().unwrap()]);
        for (peer, source) in [
            ("203.0.113.7", Some("203.0.113.7")),
            ("::ffff:203.0.113.7", Some("203.0.113.7")),
            ("2001:db8:1:2:3:4:5:6", Some("2001:db8:1:2::")),
            ("10.1.2.3", None),
            ("::ffff:10.1.2.3", None),
        ] {
            let source = source.map(|source| source.parse::<IpAddr>().unwrap().into());
            assert_eq!(connections.source(peer.parse().unwrap()), source, "{peer}");
        }
    }
}
