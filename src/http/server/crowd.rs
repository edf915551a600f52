//! Who is connected, and who has to go when there is no room for one more.
//!
//! A connection waits while the server waits for its client: between requests,
//! and until a request has arrived. At a cap a newcomer takes the place of the
//! one that has waited longest; one whose request is at work keeps its place.
//! So clients who hold connections and say nothing displace one another.

use std::{
    collections::{BTreeMap, HashMap, hash_map::Entry},
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_util::future::{AbortHandle, AbortRegistration};
use ipnet::IpNet;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Everybody who is connected.
pub struct Crowd {
    most: usize,
    most_per_source: usize,
    exempt: Vec<IpNet>,
    /// One for each open connection, also for those that were told to go.
    seats: Arc<Semaphore>,
    book: Mutex<Book>,
}

/// Who has a place, and in which order they wait.
#[derive(Default)]
struct Book {
    taken: usize,
    taken_by: HashMap<IpAddr, usize>,
    /// Counts those who began to wait, so that the first is the longest.
    turn: u64,
    waiting: BTreeMap<u64, (Option<IpAddr>, AbortHandle)>,
}

impl Crowd {
    /// Room for `most` connections, `most_per_source` of them from one IPv4
    /// address or IPv6 /64 unless it is among the `exempt`.
    pub fn new(most: usize, most_per_source: usize, exempt: Vec<IpNet>) -> Self {
        Self {
            most,
            most_per_source,
            exempt,
            seats: Arc::new(Semaphore::new(most)),
            book: Mutex::default(),
        }
    }

    /// A place for a newcomer, and how it is told to go; `None` when everybody
    /// who could make room has a request at work.
    pub async fn enter(self: &Arc<Self>, peer: IpAddr) -> Option<(Place, AbortRegistration)> {
        let (leave, told) = AbortHandle::new_pair();
        let mut place = self.book().enter(self, peer, leave)?;
        // Whoever was told to go has gone once this is ready.
        place.seat = Arc::clone(&self.seats).acquire_owned().await.ok();
        Some((place, told))
    }

    /// Tells whoever has waited longest to go. `false` when nobody waits.
    pub fn thin(&self) -> bool {
        self.book().displace_longest().is_some()
    }

    /// Whom a connection counts for: nobody when its peer is exempt.
    fn source(&self, peer: IpAddr) -> Option<IpAddr> {
        let peer = peer.to_canonical();
        if self.exempt.iter().any(|network| network.contains(&peer)) {
            return None;
        }
        Some(match peer {
            IpAddr::V4(_) => peer,
            IpAddr::V6(address) => {
                Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into()
            }
        })
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Book {
    fn enter(&mut self, crowd: &Arc<Crowd>, peer: IpAddr, leave: AbortHandle) -> Option<Place> {
        let source = crowd.source(peer);
        let of_source = source.and_then(|source| self.taken_by.get(&source).copied());
        if of_source.unwrap_or_default() >= crowd.most_per_source {
            self.displace_longest_of(source?)?;
        } else if self.taken >= crowd.most {
            self.displace_longest()?;
        }
        self.taken += 1;
        if let Some(source) = source {
            *self.taken_by.entry(source).or_default() += 1;
        }
        let turn = self.next_turn();
        self.waiting.insert(turn, (source, leave.clone()));
        Some(Place {
            crowd: Arc::clone(crowd),
            source,
            leave,
            turn,
            waits: true,
            seat: None,
        })
    }

    fn displace_longest(&mut self) -> Option<()> {
        let turn = *self.waiting.first_key_value()?.0;
        self.displace(turn)
    }

    fn displace_longest_of(&mut self, source: IpAddr) -> Option<()> {
        // Found soon: a source at its cap is a good part of those who wait.
        let mut waiting = self.waiting.iter();
        let (turn, _) = waiting.find(|(_, (of, _))| *of == Some(source))?;
        self.displace(*turn)
    }

    fn displace(&mut self, turn: u64) -> Option<()> {
        let (source, leave) = self.waiting.remove(&turn)?;
        leave.abort();
        self.leave(source);
        Some(())
    }

    fn leave(&mut self, source: Option<IpAddr>) {
        self.taken -= 1;
        if let Some(source) = source
            && let Entry::Occupied(mut count) = self.taken_by.entry(source)
        {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }

    fn next_turn(&mut self) -> u64 {
        self.turn += 1;
        self.turn
    }
}

/// One connection's place, given back when it is dropped.
pub struct Place {
    crowd: Arc<Crowd>,
    source: Option<IpAddr>,
    leave: AbortHandle,
    turn: u64,
    waits: bool,
    seat: Option<OwnedSemaphorePermit>,
}

impl Place {
    /// A request is over: begins to wait for another, behind all who wait.
    pub fn rest(&mut self) {
        if !self.waits {
            let turn = self.crowd.book().next_turn();
            self.turn = turn;
            self.wait();
        }
    }

    /// Waits on for what is missing of a request, where it waited before.
    pub fn wait(&mut self) {
        if !self.waits {
            let waiting = (self.source, self.leave.clone());
            self.crowd.book().waiting.insert(self.turn, waiting);
            self.waits = true;
        }
    }

    /// Something arrived to be worked at; `false` when the place is lost to another.
    pub fn work(&mut self) -> bool {
        if self.waits {
            self.waits = self.crowd.book().waiting.remove(&self.turn).is_none();
        }
        !self.waits
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut book = self.crowd.book();
        // Whoever was displaced has given it to another already.
        if !self.waits || book.waiting.remove(&self.turn).is_some() {
            book.leave(self.source);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_an_address_or_a_64_and_no_proxy() {
        let crowd = Crowd::new(1, 1, vec!["10.0.0.0/8".parse().unwrap()]);
        for (peer, source) in [
            ("203.0.113.7", Some("203.0.113.7")),
            ("::ffff:203.0.113.7", Some("203.0.113.7")),
            ("2001:db8:1:2:3:4:5:6", Some("2001:db8:1:2::")),
            ("10.1.2.3", None),
            ("::ffff:10.1.2.3", None),
        ] {
            let source = source.map(|source| source.parse().unwrap());
            assert_eq!(crowd.source(peer.parse().unwrap()), source, "{peer}");
        }
    }

    #[tokio::test]
    async fn nothing_is_kept_of_those_who_left() {
        let crowd = Arc::new(Crowd::new(3, 2, Vec::new()));
        let peer = |last| IpAddr::from([203, 0, 113, last]);
        let mut places = Vec::new();
        for last in [1, 1, 2] {
            places.push(crowd.enter(peer(last)).await.unwrap().0);
        }
        assert!(places.iter_mut().all(Place::work));
        assert!(crowd.enter(peer(3)).await.is_none(), "all are at work");
        places[0].rest();
        places[1].wait();
        drop(places);
        let book = crowd.book();
        assert_eq!((book.taken, book.taken_by.len()), (0, 0));
        assert!(book.waiting.is_empty());
        assert_eq!(crowd.seats.available_permits(), 3);
    }
}
