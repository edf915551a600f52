//! How well a gateway does what it says: of the messages that it took, how
//! many arrived, and how soon.
//!
//! That a message did not arrive may be the doing of whoever asked for it:
//! numbers that are switched off, or nobody's, are easy to come by. So this is
//! held against a gateway only of phones that proved themselves before, as
//! those of users have, and once of each. That one arrived nobody can feign.

use std::{
    collections::{HashSet, VecDeque},
    time::Duration,
};

use tokio::time::Instant;

use crate::domain::{delivery::Reported, phone::Phone};

/// The latest messages that are looked at.
const LATEST: usize = 100;
/// How long a message may take before it counts as one that did not arrive.
const LATEST_ARRIVAL: Duration = Duration::from_mins(2);
/// So many have to be that old before anything is said of a gateway.
const LEAST_MESSAGES: usize = 20;
/// How long a gateway is tried last before it gets another chance.
const DEMOTION: Duration = Duration::from_mins(10);

/// What is known of one gateway.
#[derive(Debug, Default)]
pub struct DeliveryRate {
    taken: VecDeque<Taken>,
    /// Whether it has ever reported anything: those who never do are not judged.
    reports: bool,
    last_until: Option<Instant>,
}

#[derive(Debug)]
struct Taken {
    id: String,
    at: Instant,
    end: End,
    /// Whom it is for, if the phone has proved itself before.
    proved: Option<Phone>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Open,
    Lost,
    /// After so long.
    Arrived(Duration),
}

/// What changed about a gateway's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It is tried last from now on: so many of so many arrived.
    Demoted(usize, usize),
    /// It is tried where it was configured again.
    Restored,
}

impl DeliveryRate {
    /// It took a message.
    pub fn took(&mut self, id: &str, now: Instant) {
        if self.taken.len() == LATEST {
            self.taken.pop_front();
        }
        self.taken.push_back(Taken {
            id: id.to_owned(),
            at: now,
            end: End::Open,
            proved: None,
        });
    }

    /// One of them is for a phone that has proved itself before.
    pub fn note_verified(&mut self, id: &str, phone: Phone) {
        if let Some(taken) = self.find(id) {
            taken.proved = Some(phone);
        }
    }

    /// It reported what became of one, which only ever moves on.
    pub fn heard(&mut self, id: &str, reported: Reported, now: Instant) {
        // Who reports before it answers is not known to report, and is not judged.
        let Some(taken) = self.find(id) else {
            return;
        };
        taken.end = match (taken.end, reported) {
            (End::Open | End::Lost, Reported::Delivered) => End::Arrived(now - taken.at),
            (End::Open, Reported::Undelivered) => End::Lost,
            (end, _) => end,
        };
        self.reports = true;
    }

    fn find(&mut self, id: &str) -> Option<&mut Taken> {
        self.taken.iter_mut().rev().find(|taken| taken.id == id)
    }

    /// Whether it is to be tried last, and whether that is news.
    pub fn review(&mut self, now: Instant) -> (bool, Option<Change>) {
        match self.last_until {
            Some(until) if now < until => return (true, None),
            Some(_) => {
                self.last_until = None;
                self.taken.clear();
                return (false, Some(Change::Restored));
            }
            None => {}
        }
        let (arrived, of) = self.believed(now);
        if self.reports && of >= LEAST_MESSAGES && arrived * 2 < of {
            self.last_until = Some(now + DEMOTION);
            return (true, Some(Change::Demoted(arrived, of)));
        }
        (false, None)
    }

    /// Whether it is tried last at the moment.
    pub fn is_demoted_now(&self, now: Instant) -> bool {
        self.last_until.is_some_and(|until| now < until)
    }

    /// The share of the latest messages that arrived, whoever asked for them,
    /// where it reports at all.
    pub fn arrived(&self, now: Instant) -> Option<f64> {
        let (arrived, of) = count(self.settled(now));
        let share = |of: u32| f64::from(u32::try_from(arrived).unwrap_or(of)) / f64::from(of);
        let of = u32::try_from(of).ok().filter(|of| *of > 0 && self.reports);
        of.map(share)
    }

    /// How many of the latest messages arrived, as far as it is to be believed.
    fn believed(&self, now: Instant) -> (usize, usize) {
        let mut lost = HashSet::new();
        count(self.settled(now).filter(|taken| {
            let is_arrived = matches!(taken.end, End::Arrived(_));
            is_arrived || taken.proved.is_some_and(|phone| lost.insert(phone))
        }))
    }

    /// The messages that had the time to arrive, the latest first.
    fn settled(&self, now: Instant) -> impl Iterator<Item = &Taken> {
        let settled = self
            .taken
            .iter()
            .filter(move |taken| taken.end != End::Open || taken.at + LATEST_ARRIVAL <= now);
        settled.rev()
    }

    /// How long the middle one of those that arrived took.
    pub fn median(&self) -> Option<Duration> {
        let spans = self.taken.iter().filter_map(|taken| match taken.end {
            End::Arrived(span) => Some(span),
            End::Open | End::Lost => None,
        });
        let mut spans: Vec<_> = spans.collect();
        spans.sort_unstable();
        spans.get(spans.len() / 2).copied()
    }
}

/// How many of the first of these arrived, and of how many.
fn count<'a>(taken: impl Iterator<Item = &'a Taken>) -> (usize, usize) {
    taken
        .take(LEAST_MESSAGES)
        .fold((0, 0), |(arrived, of), taken| {
            let is_arrived = matches!(taken.end, End::Arrived(_));
            (arrived + usize::from(is_arrived), of + 1)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn phone(number: usize) -> Phone {
        Phone::from_digits(&format!("7900{number:07}")).unwrap()
    }

    /// Takes so many messages a second apart, of which every so-manieth arrives after three.
    fn busy(
        delivery_rate: &mut DeliveryRate,
        messages: usize,
        arrives: impl Fn(usize) -> bool,
        mut now: Instant,
    ) -> Instant {
        for number in 0..messages {
            let id = format!("{number} at {now:?}");
            delivery_rate.took(&id, now);
            delivery_rate.note_verified(&id, phone(number));
            now += SECOND;
            if arrives(number) {
                delivery_rate.heard(&id, Reported::Delivered, now + 2 * SECOND);
            }
        }
        now
    }

    #[test]
    fn a_gateway_whose_messages_do_not_arrive_is_tried_last_for_ten_minutes() {
        let mut delivery_rate = DeliveryRate::default();
        let now = busy(&mut delivery_rate, 20, |_| true, Instant::now());
        assert_eq!(delivery_rate.review(now), (false, None));
        assert_eq!(delivery_rate.median(), Some(3 * SECOND));
        let now = busy(&mut delivery_rate, 20, |number| number % 3 == 0, now);
        assert_eq!(
            delivery_rate.review(now),
            (false, None),
            "they may still arrive"
        );
        let now = now + LATEST_ARRIVAL;
        assert_eq!(
            delivery_rate.review(now),
            (true, Some(Change::Demoted(7, 20)))
        );
        assert_eq!(delivery_rate.review(now + DEMOTION - SECOND), (true, None));
        assert_eq!(
            delivery_rate.review(now + DEMOTION),
            (false, Some(Change::Restored))
        );
        assert_eq!(delivery_rate.review(now + DEMOTION), (false, None));
    }

    #[test]
    fn who_never_reports_is_not_judged_and_who_stops_is() {
        let mut delivery_rate = DeliveryRate::default();
        let now = busy(&mut delivery_rate, 40, |_| false, Instant::now());
        assert_eq!(delivery_rate.review(now + LATEST_ARRIVAL), (false, None));
        let now = busy(&mut delivery_rate, 1, |_| true, now);
        let now = busy(&mut delivery_rate, 20, |_| false, now);
        assert_eq!(
            delivery_rate.review(now + LATEST_ARRIVAL),
            (true, Some(Change::Demoted(0, 20)))
        );
    }

    /// Takes so many messages that are all reported lost, to phones that have
    /// proved themselves or have not, and says whether it is tried last.
    fn loses(messages: usize, proved: impl Fn(usize) -> Option<Phone>) -> (bool, Option<Change>) {
        let (mut delivery_rate, now) = (DeliveryRate::default(), Instant::now());
        for number in 0..messages {
            let id = number.to_string();
            delivery_rate.took(&id, now);
            if let Some(phone) = proved(number) {
                delivery_rate.note_verified(&id, phone);
            }
            delivery_rate.heard(&id, Reported::Undelivered, now);
        }
        delivery_rate.review(now)
    }

    #[test]
    fn numbers_that_are_switched_off_are_held_against_nobody() {
        assert_eq!(loses(100, |_| None), (false, None), "of strangers");
        let own = |number: usize| Some(phone(number % 19));
        assert_eq!(loses(100, own), (false, None), "of one with 19 phones");
        let half = |number: usize| number.is_multiple_of(2).then(|| phone(number));
        assert_eq!(loses(38, half), (false, None));
        assert_eq!(
            loses(39, half),
            (true, Some(Change::Demoted(0, 20))),
            "at once"
        );
    }

    #[test]
    fn a_report_moves_a_message_on_and_never_back() {
        let (mut delivery_rate, now) = (DeliveryRate::default(), Instant::now());
        busy(&mut delivery_rate, 20, |_| true, now);
        let ids: Vec<_> = delivery_rate
            .taken
            .iter()
            .map(|taken| taken.id.clone())
            .collect();
        for id in &ids {
            delivery_rate.heard(id, Reported::Undelivered, now + 9 * SECOND);
        }
        assert_eq!(delivery_rate.review(now + LATEST_ARRIVAL), (false, None));
        delivery_rate.took("late", now);
        delivery_rate.heard("late", Reported::Undelivered, now);
        delivery_rate.heard("late", Reported::Delivered, now + SECOND);
        assert_eq!(delivery_rate.arrived(now + SECOND), Some(1.0));
        delivery_rate.heard("nobody's", Reported::Delivered, now);
    }
}
