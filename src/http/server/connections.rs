//! Who is connected, and who has to go when there is no room for one more.
//!
//! A connection waits while the server waits for its client: between requests,
//! until a request has arrived, and while its answer is not read. At a cap a
//! newcomer takes the slot of the one that has waited longest; one whose
//! request is at work keeps its slot. So clients who hold connections and
//! neither say nor read anything displace one another.

use std::{
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

/// Of so many connections there may be one more, that was told to go and has
/// not gone yet. Newcomers wait for such only when there are too many of them.
pub const CLOSING: usize = 16;

/// Everybody who is connected.
pub struct Connections {
    most: usize,
    most_per_source: usize,
    exempt: Vec<IpNet>,
    /// One for each open connection, also for those that were told to go.
    permits: Arc<Semaphore>,
    /// What times are counted from.
    beginning: Instant,
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
            beginning: Instant::now(),
            queue: Mutex::default(),
        }
    }

    /// A slot for a newcomer, and how it is told to go; `None` when everybody
    /// who could make room has a request at work.
    pub async fn enter(self: &Arc<Self>, peer: IpAddr) -> Option<(Slot, AbortRegistration)> {
        let (leave, told) = AbortHandle::new_pair();
        let since = self.time(Instant::now());
        let mut slot = Slot {
            connections: Arc::clone(self),
            connection: self.entry(self.source(peer), leave, since)?,
            since,
            waits: true,
            permit: None,
        };
        // At once, unless too many of those who were told to go still have files open.
        slot.permit = Arc::clone(&self.permits).acquire_owned().await.ok();
        Some((slot, told))
    }

    /// Tells whoever has waited longest to go. `false` when nobody waits.
    pub fn thin(&self) -> bool {
        self.queue().displace(None).is_some()
    }

    fn entry(
        &self,
        source: Option<Source>,
        leave: AbortHandle,
        now: Time,
    ) -> Option<Arc<Connection>> {
        let mut queue = self.queue();
        if source.is_some_and(|source| queue.taken_by(source) >= self.most_per_source) {
            queue.displace(source)?;
        } else if queue.taken() >= self.most {
            queue.displace(None)?;
        }
        Some(queue.entry(source, leave, now))
    }

    /// Whom a connection counts for: nobody when its peer is exempt.
    fn source(&self, peer: IpAddr) -> Option<Source> {
        let peer = peer.to_canonical();
        let is_exempt = self.exempt.iter().any(|network| network.contains(&peer));
        (!is_exempt).then(|| peer.into())
    }

    fn time(&self, now: Instant) -> Time {
        let since = now.duration_since(self.beginning);
        // It would take half a million years.
        Time::try_from(since.as_micros()).unwrap_or_default()
    }

    fn queue(&self) -> MutexGuard<'_, IdleQueue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One connection's slot, given back when it is dropped.
pub struct Slot {
    connections: Arc<Connections>,
    connection: Arc<Connection>,
    since: Time,
    waits: bool,
    permit: Option<OwnedSemaphorePermit>,
}

impl Slot {
    /// A request is over: waits for another from now on.
    pub fn rest(&mut self, now: Instant) {
        if !self.waits {
            self.since = self.connections.time(now);
            self.wait();
        }
    }

    /// Waits on for what is missing of a request, since when it waited before.
    pub fn wait(&mut self) {
        if !self.waits {
            self.connection.wait(self.since);
            self.waits = true;
        }
    }

    /// Something arrived to be worked at; `false` when the slot is lost to another.
    pub fn work(&mut self) -> bool {
        if self.waits {
            self.waits = !self.connection.work(self.since);
        }
        !self.waits
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.connections.queue().leave(&self.connection);
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
