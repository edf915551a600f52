//! Where requests come from, and what each source has done lately.
//!
//! A source is an IPv4 address, or an IPv6 /64: whoever holds one address of
//! that holds them all. What sources did is kept in memory, and the memory is
//! bounded: a source that finds no room shares a place with others. No source
//! that did something is forgotten to make room, so that nobody can wash an
//! address clean by sending from many others.

use std::{
    collections::{HashMap, VecDeque},
    hash::{BuildHasher, RandomState},
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use super::{limit::Limit, time::Timestamp};

/// Places for sources that have one of their own.
const OWN: usize = 50_000;
/// Places for all others.
const SHARED: u64 = 1024;
/// The least time between two looks for places that have come free.
const SWEEP: Duration = Duration::from_mins(1);

/// Where a request came from, as limits see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source(u128);

impl From<IpAddr> for Source {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self(u128::from(address.to_bits())),
            // Such addresses have their highest bits set, so they meet none of the others.
            IpAddr::V6(address) => Self(address.to_bits() >> 64 << 64),
        }
    }
}

/// What sources are limited in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Deed {
    /// Asking for a message.
    Send,
    /// Confirming with a wrong code, or with a token that cannot be read.
    FailedConfirmation,
    /// Entering an invitation code that nobody has.
    WrongInvitationCode,
}

/// What every source has done lately.
pub struct Sources {
    own: usize,
    secret: RandomState,
    diary: Mutex<Diary>,
}

#[derive(Default)]
struct Diary {
    pages: HashMap<(Deed, Place), Page>,
    swept: Option<Timestamp>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Place {
    Own(Source),
    Shared(u64),
}

#[derive(Default)]
struct Page {
    /// When the latest deeds were, the latest first.
    newest: VecDeque<Timestamp>,
    /// When the last of them stops to matter.
    over: Option<Timestamp>,
}

impl Default for Sources {
    fn default() -> Self {
        Self::with_places(OWN)
    }
}

impl Sources {
    /// Nobody has done anything; so many can be told apart.
    pub fn with_places(own: usize) -> Self {
        Self {
            own,
            secret: RandomState::new(),
            diary: Mutex::default(),
        }
    }

    /// How long until the source may do one more; `None` when it may at once.
    pub fn wait(
        &self,
        deed: Deed,
        source: Source,
        limit: &Limit,
        now: Timestamp,
    ) -> Option<Duration> {
        let mut diary = self.diary.lock().unwrap_or_else(PoisonError::into_inner);
        let place = self.place(&mut diary, deed, source, now);
        let page = diary.pages.get(&(deed, place))?;
        limit.wait(|nth| page.newest.get(nth).copied(), now)
    }

    /// Writes down that the source did one.
    pub fn count(&self, deed: Deed, source: Source, limit: &Limit, now: Timestamp) {
        if limit.is_off() {
            return;
        }
        let mut diary = self.diary.lock().unwrap_or_else(PoisonError::into_inner);
        let place = self.place(&mut diary, deed, source, now);
        let page = diary.pages.entry((deed, place)).or_default();
        page.newest.push_front(now);
        page.newest.truncate(limit.most());
        page.over = Some(now + limit.longest());
    }

    /// Takes back the one that was written down at `at`, which came to nothing.
    pub fn take_back(&self, deed: Deed, source: Source, at: Timestamp) {
        let mut diary = self.diary.lock().unwrap_or_else(PoisonError::into_inner);
        let place = self.place(&mut diary, deed, source, at);
        let Some(page) = diary.pages.get_mut(&(deed, place)) else {
            return;
        };
        // Others may have been written down since.
        if let Some(place) = page.newest.iter().position(|counted| *counted == at) {
            page.newest.remove(place);
        }
    }

    /// The source's own place or, when all are taken, one that it shares.
    fn place(&self, diary: &mut Diary, deed: Deed, source: Source, now: Timestamp) -> Place {
        let own = Place::Own(source);
        if diary.pages.contains_key(&(deed, own)) {
            return own;
        }
        // A source that was sent to a shared place stays there as long as that matters.
        let shared = Place::Shared(self.secret.hash_one(source) % SHARED);
        if diary.pages.len() >= self.own {
            diary.sweep(now);
        }
        if diary.pages.len() >= self.own || diary.pages.contains_key(&(deed, shared)) {
            shared
        } else {
            own
        }
    }
}

impl Diary {
    /// Makes room of the places where nothing matters any more.
    fn sweep(&mut self, now: Timestamp) {
        if self
            .swept
            .is_some_and(|swept| now.since(swept) < SWEEP && swept <= now)
        {
            return;
        }
        self.swept = Some(now);
        self.pages
            .retain(|_, page| page.over.is_some_and(|over| over > now));
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, option, prelude::*};

    use super::*;

    fn source(text: &str) -> Source {
        text.parse::<IpAddr>().unwrap().into()
    }

    #[test]
    fn a_source_is_an_ipv4_address_or_an_ipv6_network() {
        assert_eq!(source("2001:db8::1"), source("2001:db8::ffff:0:1"));
        assert_ne!(source("2001:db8::1"), source("2001:db8:0:1::1"));
        assert_ne!(source("203.0.113.7"), source("203.0.113.8"));
        assert_eq!(source("::ffff:203.0.113.7"), source("203.0.113.7"));
    }

    #[test]
    fn a_hot_source_is_not_forgotten_when_memory_is_full() {
        let (sources, limit) = (Sources::with_places(100), "2/1h".parse::<Limit>().unwrap());
        let now = Timestamp::from_seconds(1000);
        let deed = Deed::Send;
        let hot = source("203.0.113.7");
        sources.count(deed, hot, &limit, now);
        sources.count(deed, hot, &limit, now);
        for number in 0..100_000 {
            let stranger = Source(1 << 80 | number << 64);
            sources.count(deed, stranger, &limit, now);
        }
        assert!(sources.wait(deed, hot, &limit, now).is_some());
        // Who came too late to have a place of their own cannot start afresh either.
        let stranger = Source(1 << 80 | 99_999 << 64);
        assert!(sources.wait(deed, stranger, &limit, now).is_some());
        let pages = sources.diary.lock().unwrap().pages.len();
        assert!(pages <= 100 + usize::try_from(SHARED).unwrap(), "{pages}");
        let later = now + Duration::from_hours(1);
        assert_eq!(sources.wait(deed, hot, &limit, later), None);
        assert_eq!(sources.wait(deed, stranger, &limit, later), None);
    }

    /// Twelve sources do what they may in turn, and some of it is taken back;
    /// how long each waits after that, with so many places, and by its own diary.
    fn waits(
        places: usize,
        deeds: &[(u128, u64, Option<usize>)],
    ) -> Vec<(Option<Duration>, Option<Duration>)> {
        let (sources, limit) = (
            Sources::with_places(places),
            "2/30s, 3/90s".parse::<Limit>().unwrap(),
        );
        let (deed, mut now) = (Deed::Send, Timestamp::from_seconds(1000));
        let mut diaries = HashMap::<u128, Vec<Timestamp>>::new();
        for (number, passed, taken_back) in deeds {
            let diary = diaries.entry(*number).or_default();
            now = now + Duration::from_secs(*passed);
            if let Some(at) = taken_back.filter(|_| !diary.is_empty()) {
                let at = diary.remove(at % diary.len());
                sources.take_back(deed, Source(*number), at);
                continue;
            }
            if sources.wait(deed, Source(*number), &limit, now).is_some() {
                continue;
            }
            sources.count(deed, Source(*number), &limit, now);
            diary.insert(0, now);
        }
        let wait = |number| {
            let own = diaries
                .get(&number)
                .and_then(|diary| limit.wait(|nth| diary.get(nth).copied(), now));
            (sources.wait(deed, Source(number), &limit, now), own)
        };
        (0..12).map(wait).collect()
    }

    fn deed() -> impl Strategy<Value = (u128, u64, Option<usize>)> {
        (0_u128..12, 1_u64..20, option::weighted(0.2, 0_usize..4))
    }

    proptest! {
        #[test]
        fn sources_with_places_of_their_own_are_told_apart(deeds in vec(deed(), 0..60)) {
            for (wait, own) in waits(100, &deeds) {
                prop_assert_eq!(wait, own);
            }
        }

        #[test]
        fn however_few_the_places_no_source_waits_less(deeds in vec(deed(), 0..60)) {
            for (wait, own) in waits(2, &deeds) {
                prop_assert!(wait >= own);
            }
        }
    }
}
