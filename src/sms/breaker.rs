//! A circuit breaker: a gateway that fails again and again is not tried for
//! a while, so that nobody waits for it.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

use super::error::SmsError;

/// Failures in a row that open it.
const IN_A_ROW: u32 = 5;
/// Or half of so many calls ..
const CALLS: usize = 20;
/// .. within so long.
const WINDOW: Duration = Duration::from_secs(30);
/// How long it stays open at first; twice as long each time that a trial fails.
const FIRST: Duration = Duration::from_secs(15);
/// How long it stays open at most.
const LONGEST: Duration = Duration::from_mins(2);
/// How long it stays open when the operator has to do something.
const MISCONFIGURED: Duration = Duration::from_mins(10);
/// A trial that takes longer was given up.
const TRIAL: Duration = Duration::from_secs(10);

/// What a call has just done to the breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transition {
    /// It opened, for so long.
    Opened(Duration),
    /// It closed.
    Closed,
}

/// How a breaker stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Circuit {
    /// Calls are made.
    Closed,
    /// None is.
    Open,
    /// One is let through, or will be, to see whether the gateway is well again.
    HalfOpen,
}

impl Circuit {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

/// The breaker of one gateway.
#[derive(Debug, Default)]
pub struct Breaker {
    in_a_row: u32,
    /// When calls ended, and whether they failed.
    calls: VecDeque<(Instant, bool)>,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    until: Instant,
    span: Duration,
    /// When a call was let through to see whether the gateway is well again.
    trial: Option<Instant>,
}

impl Breaker {
    /// Whether a call may be made. While it is open none may, after that one.
    pub fn admits(&mut self, now: Instant) -> bool {
        let Some(open) = &mut self.open else {
            return true;
        };
        let is_tried = open.trial.is_some_and(|began| now < began + TRIAL);
        if now < open.until || is_tried {
            return false;
        }
        open.trial = Some(now);
        true
    }

    /// How it stands.
    pub fn circuit(&self, now: Instant) -> Circuit {
        match &self.open {
            None => Circuit::Closed,
            Some(open) if now < open.until => Circuit::Open,
            Some(_) => Circuit::HalfOpen,
        }
    }

    /// Takes note of how a call ended.
    pub fn note(&mut self, outcome: Result<(), SmsError>, now: Instant) -> Option<Transition> {
        match outcome {
            Ok(()) | Err(SmsError::Rejected | SmsError::Unreachable) => self.succeeded(now),
            Err(SmsError::Misconfigured) => self.open(MISCONFIGURED, now),
            Err(SmsError::Throttled | SmsError::NotSent | SmsError::Unknown) => self.failed(now),
        }
    }

    fn succeeded(&mut self, now: Instant) -> Option<Transition> {
        self.in_a_row = 0;
        self.remember(now, false);
        // A call that began before it opened says nothing of the gateway now.
        let is_trial = self.open.as_ref().is_some_and(|open| open.trial.is_some());
        is_trial.then(|| {
            self.open = None;
            self.calls.clear();
            Transition::Closed
        })
    }

    fn failed(&mut self, now: Instant) -> Option<Transition> {
        self.in_a_row += 1;
        self.remember(now, true);
        match &self.open {
            Some(open) if open.trial.is_some() => {
                let span = (open.span * 2).clamp(FIRST, LONGEST);
                self.open(span, now)
            }
            Some(_) => None,
            None => {
                let failures = self.calls.iter().filter(|(_, failed)| *failed).count();
                let is_bad = self.calls.len() >= CALLS && failures * 2 >= self.calls.len();
                (self.in_a_row >= IN_A_ROW || is_bad)
                    .then(|| self.open(FIRST, now))
                    .flatten()
            }
        }
    }

    fn open(&mut self, span: Duration, now: Instant) -> Option<Transition> {
        let is_longer = self
            .open
            .as_ref()
            .is_none_or(|open| open.trial.is_some() || open.until < now + span);
        is_longer.then(|| {
            self.in_a_row = 0;
            self.calls.clear();
            self.open = Some(Open {
                until: now + span,
                // What follows a misconfiguration begins small again.
                span: if span > LONGEST { Duration::ZERO } else { span },
                trial: None,
            });
            Transition::Opened(span)
        })
    }

    fn remember(&mut self, now: Instant, failed: bool) {
        self.calls.push_back((now, failed));
        while self.calls.front().is_some_and(|(at, _)| *at + WINDOW < now) {
            self.calls.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    const FAILED: Result<(), SmsError> = Err(SmsError::Unknown);

    fn broken(now: Instant) -> Breaker {
        let mut breaker = Breaker::default();
        for _ in 1..IN_A_ROW {
            assert!(breaker.admits(now));
            assert_eq!(breaker.note(FAILED, now), None);
        }
        assert_eq!(breaker.note(FAILED, now), Some(Transition::Opened(FIRST)));
        breaker
    }

    #[test]
    fn five_failures_in_a_row_open_it_and_one_trial_closes_it() {
        let now = Instant::now();
        let mut breaker = broken(now);
        assert!(!breaker.admits(now + seconds(14)));
        let circuit = |after| breaker.circuit(now + seconds(after)).name();
        assert_eq!([14, 15].map(circuit), ["open", "half_open"]);
        assert!(breaker.admits(now + seconds(15)), "a trial");
        assert!(!breaker.admits(now + seconds(16)), "but one only");
        assert_eq!(
            breaker.note(Ok(()), now + seconds(16)),
            Some(Transition::Closed)
        );
        assert!(breaker.admits(now + seconds(16)));
        assert_eq!(breaker.circuit(now + seconds(16)), Circuit::Closed);
    }

    #[test]
    fn it_stays_open_twice_as_long_after_each_trial_that_fails() {
        let mut now = Instant::now();
        let mut breaker = broken(now);
        for span in [15, 30, 60, 120, 120] {
            now += seconds(span);
            assert!(breaker.admits(now));
            let next = seconds((span * 2).min(120));
            assert_eq!(breaker.note(FAILED, now), Some(Transition::Opened(next)));
            assert!(!breaker.admits(now));
        }
    }

    #[test]
    fn half_of_twenty_calls_open_it_if_they_are_close_together() {
        for (gap, opens) in [(seconds(1), true), (seconds(2), false)] {
            let (mut now, mut breaker) = (Instant::now(), Breaker::default());
            let turns = (0..20).map(|call| {
                now += gap;
                let outcome = if call % 2 == 1 { FAILED } else { Ok(()) };
                breaker.note(outcome, now)
            });
            assert_eq!(turns.flatten().count(), usize::from(opens), "{gap:?}");
        }
    }

    #[test]
    fn misconfiguration_opens_it_at_once_and_a_rejected_number_is_no_failure() {
        let now = Instant::now();
        let mut breaker = Breaker::default();
        for _ in 0..30 {
            assert_eq!(breaker.note(Err(SmsError::Rejected), now), None);
        }
        let transition = breaker.note(Err(SmsError::Misconfigured), now);
        assert_eq!(transition, Some(Transition::Opened(MISCONFIGURED)));
        assert!(!breaker.admits(now + seconds(599)));
        assert!(breaker.admits(now + seconds(600)));
        let transition = breaker.note(FAILED, now + seconds(600));
        assert_eq!(transition, Some(Transition::Opened(FIRST)));
    }

    #[test]
    fn calls_that_began_before_it_opened_neither_close_it_nor_keep_it_open() {
        let now = Instant::now();
        let mut breaker = broken(now);
        assert_eq!(breaker.note(Ok(()), now + seconds(1)), None);
        assert_eq!(breaker.note(FAILED, now + seconds(5)), None);
        assert!(!breaker.admits(now + seconds(6)));
        assert!(breaker.admits(now + seconds(15)));
    }
}
