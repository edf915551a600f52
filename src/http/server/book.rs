//! Who has a seat, and who of them has waited longest.
//!
//! Requests are many and newcomers few: a request only leaves a note at its
//! own seat, and the order is put right when somebody has to go.

use std::{
    collections::{BTreeMap, HashMap, hash_map::Entry},
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

/// What a seat's connection is doing, in place of a time.
const WORKING: Time = Time::MAX;
const LOST: Time = Time::MAX - 1;

/// One connection's seat.
pub struct Seat {
    source: Option<Source>,
    leave: AbortHandle,
    number: u64,
    /// Since when it waits, or `WORKING`, or `LOST`.
    state: AtomicU64,
    /// The time with which it stands in the queue. Changes with the book at hand.
    queued: AtomicU64,
}

impl Seat {
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

/// Every seat that is taken.
#[derive(Default)]
pub struct Book {
    taken_by: HashMap<Source, usize>,
    given: u64,
    /// By the time and the number with which they were queued. Nobody has
    /// waited longer than that.
    queue: BTreeMap<(Time, u64), Arc<Seat>>,
}

impl Book {
    /// How many seats are taken.
    pub fn taken(&self) -> usize {
        self.queue.len()
    }

    /// How many of them by this source.
    pub fn taken_by(&self, source: Source) -> usize {
        self.taken_by.get(&source).copied().unwrap_or_default()
    }

    /// Seats somebody who waits from now on, and is told by `leave` to go.
    pub fn seat(&mut self, source: Option<Source>, leave: AbortHandle, now: Time) -> Arc<Seat> {
        if let Some(source) = source {
            *self.taken_by.entry(source).or_default() += 1;
        }
        self.given += 1;
        let seat = Arc::new(Seat {
            source,
            leave,
            number: self.given,
            state: AtomicU64::new(now),
            queued: AtomicU64::new(now),
        });
        self.queue.insert((now, self.given), Arc::clone(&seat));
        seat
    }

    /// Tells whoever has waited longest to go, of one source or of all; `None`
    /// when nobody waits.
    pub fn displace(&mut self, source: Option<Source>) -> Option<()> {
        let mut from = (0, 0);
        loop {
            let candidate = |seat: &&Arc<Seat>| {
                (source.is_none() || seat.source == source) && seat.state.load(Relaxed) != WORKING
            };
            let mut candidates = self.queue.range(from..).map(|(_, seat)| seat);
            let seat = Arc::clone(candidates.find(candidate)?);
            let queued = seat.queued.load(Relaxed);
            match seat.swap(queued, LOST) {
                Ok(_) => {
                    seat.leave.abort();
                    self.forget(&seat);
                    return Some(());
                }
                Err(WORKING) => {}
                // It was at work meanwhile, and waits again.
                Err(since) => {
                    self.queue.remove(&(queued, seat.number));
                    seat.queued.store(since, Relaxed);
                    self.queue.insert((since, seat.number), Arc::clone(&seat));
                }
            }
            from = (queued, seat.number + 1);
        }
    }

    /// Takes a seat back, unless it was lost before.
    pub fn leave(&mut self, seat: &Seat) {
        if seat.state.load(Relaxed) != LOST {
            self.forget(seat);
        }
    }

    fn forget(&mut self, seat: &Seat) {
        self.queue.remove(&(seat.queued.load(Relaxed), seat.number));
        if let Some(source) = seat.source
            && let Entry::Occupied(mut count) = self.taken_by.entry(source)
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

    fn seats(book: &mut Book, sources: &[Option<Source>]) -> Vec<(Arc<Seat>, AbortHandle)> {
        let seated = (1..).zip(sources).map(|(now, source)| {
            let (leave, _) = AbortHandle::new_pair();
            (book.seat(*source, leave.clone(), now), leave)
        });
        seated.collect()
    }

    #[test]
    fn whoever_has_waited_longest_goes_first() {
        let mut book = Book::default();
        let seats = seats(&mut book, &[None; 4]);
        assert!(seats[0].0.work(1) && seats[1].0.work(2));
        seats[0].0.wait(9);
        for next in [2, 3, 0] {
            assert!(book.displace(None).is_some());
            assert!(seats[next].1.is_aborted(), "{next}");
            assert!(!seats[next].0.work([9, 0, 3, 4][next]), "{next}");
        }
        assert!(book.displace(None).is_none(), "one is at work");
        assert!(!seats[1].1.is_aborted());
    }

    #[test]
    fn of_a_source_only_its_own_go() {
        let mut book = Book::default();
        let seats = seats(&mut book, &[None, SOURCE, SOURCE]);
        assert!(seats[1].0.work(2));
        assert!(book.displace(SOURCE).is_some() && seats[2].1.is_aborted());
        assert!(book.displace(SOURCE).is_none());
    }

    #[test]
    fn nothing_is_kept_of_those_who_left() {
        let mut book = Book::default();
        let seats = seats(&mut book, &[None, SOURCE, SOURCE, SOURCE]);
        assert!(seats[1].0.work(2) && seats[2].0.work(3));
        seats[2].0.wait(5);
        book.displace(SOURCE);
        book.displace(SOURCE);
        for (seat, _) in &seats {
            book.leave(seat);
        }
        assert_eq!((book.taken(), book.taken_by.len()), (0, 0));
    }
}
