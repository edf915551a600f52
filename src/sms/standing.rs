//! How well a gateway does what it says: of the messages that it took, how
//! many arrived, and how soon.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

use super::Fate;

/// The latest messages that are looked at.
const LATEST: usize = 100;
/// How long a message may take before it counts as one that did not arrive.
const PATIENCE: Duration = Duration::from_mins(2);
/// So many have to be that old before anything is said of a gateway.
const ENOUGH: usize = 20;
/// How long a gateway stands last before it gets another chance.
const PENANCE: Duration = Duration::from_mins(10);

/// What is known of one gateway.
#[derive(Debug, Default)]
pub struct Standing {
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
pub enum Move {
    /// It stands last from now on: so many of so many arrived.
    Back(usize, usize),
    /// It stands where it was configured again.
    Forth,
}

impl Standing {
    /// It took a message.
    pub fn took(&mut self, id: &str, now: Instant) {
        if self.taken.len() == LATEST {
            self.taken.pop_front();
        }
        self.taken.push_back(Taken {
            id: id.to_owned(),
            at: now,
            end: End::Open,
        });
    }

    /// It reported what became of one.
    pub fn heard(&mut self, id: &str, fate: Fate, now: Instant) {
        let taken = self.taken.iter_mut().rev().find(|taken| taken.id == id);
        // Who reports before it answers is not known to report, and is not judged.
        if let Some(taken) = taken {
            self.reports = true;
            taken.end = match fate {
                Fate::Delivered => End::Arrived(now - taken.at),
                Fate::Undelivered => End::Lost,
            };
        }
    }

    /// Whether it is to stand last, and whether that is news.
    pub fn is_last(&mut self, now: Instant) -> (bool, Option<Move>) {
        match self.last_until {
            Some(until) if now < until => return (true, None),
            Some(_) => {
                self.last_until = None;
                self.taken.clear();
                return (false, Some(Move::Forth));
            }
            None => {}
        }
        let (arrived, of) = self.share(now);
        if self.reports && of >= ENOUGH && arrived * 2 < of {
            self.last_until = Some(now + PENANCE);
            return (true, Some(Move::Back(arrived, of)));
        }
        (false, None)
    }

    /// Whether it stands last at the moment.
    pub fn stands_last(&self, now: Instant) -> bool {
        self.last_until.is_some_and(|until| now < until)
    }

    /// The share of the latest messages that arrived, where it reports at all.
    pub fn arrived(&self, now: Instant) -> Option<f64> {
        let (arrived, of) = self.share(now);
        let share = |of: u32| f64::from(u32::try_from(arrived).unwrap_or(of)) / f64::from(of);
        let of = u32::try_from(of).ok().filter(|of| *of > 0 && self.reports);
        of.map(share)
    }

    /// How many of the latest messages arrived, of those that had the time.
    fn share(&self, now: Instant) -> (usize, usize) {
        let settled = self
            .taken
            .iter()
            .filter(|taken| taken.end != End::Open || taken.at + PATIENCE <= now);
        let settled: Vec<_> = settled.rev().take(ENOUGH).collect();
        let arrived = settled
            .iter()
            .filter(|taken| matches!(taken.end, End::Arrived(_)));
        (arrived.count(), settled.len())
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

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// Takes so many messages a second apart, of which every so-manieth arrives after three.
    fn busy(
        standing: &mut Standing,
        messages: usize,
        arrives: impl Fn(usize) -> bool,
        mut now: Instant,
    ) -> Instant {
        for number in 0..messages {
            let id = format!("{number} at {now:?}");
            standing.took(&id, now);
            now += SECOND;
            if arrives(number) {
                standing.heard(&id, Fate::Delivered, now + 2 * SECOND);
            }
        }
        now
    }

    #[test]
    fn a_gateway_whose_messages_do_not_arrive_stands_last_for_ten_minutes() {
        let mut standing = Standing::default();
        let now = busy(&mut standing, 20, |_| true, Instant::now());
        assert_eq!(standing.is_last(now), (false, None));
        assert_eq!(standing.median(), Some(3 * SECOND));
        let now = busy(&mut standing, 20, |number| number % 3 == 0, now);
        assert_eq!(
            standing.is_last(now),
            (false, None),
            "they may still arrive"
        );
        let now = now + PATIENCE;
        assert_eq!(standing.is_last(now), (true, Some(Move::Back(7, 20))));
        assert_eq!(standing.is_last(now + PENANCE - SECOND), (true, None));
        assert_eq!(standing.is_last(now + PENANCE), (false, Some(Move::Forth)));
        assert_eq!(standing.is_last(now + PENANCE), (false, None));
    }

    #[test]
    fn who_never_reports_is_not_judged_and_who_stops_is() {
        let mut standing = Standing::default();
        let now = busy(&mut standing, 40, |_| false, Instant::now());
        assert_eq!(standing.is_last(now + PATIENCE), (false, None));
        let now = busy(&mut standing, 1, |_| true, now);
        let now = busy(&mut standing, 20, |_| false, now);
        assert_eq!(
            standing.is_last(now + PATIENCE),
            (true, Some(Move::Back(0, 20)))
        );
    }

    #[test]
    fn a_report_of_failure_needs_no_waiting() {
        let (mut standing, now) = (Standing::default(), Instant::now());
        for number in 0..ENOUGH {
            standing.took(&number.to_string(), now);
            standing.heard(&number.to_string(), Fate::Undelivered, now);
        }
        assert_eq!(standing.is_last(now), (true, Some(Move::Back(0, 20))));
        standing.heard("nobody's", Fate::Delivered, now);
    }
}
