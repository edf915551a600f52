//! Where time and chance come from: the only place that asks the machine.

use std::{
    sync::{
        Arc, LazyLock, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use rand::{SeedableRng, rngs::StdRng};

use crate::domain::{id, time::Timestamp};

/// Tells the time.
pub trait Clock: Send + Sync {
    /// This instant.
    fn now(&self) -> Timestamp;
    /// How long it has been since some instant of this process, whatever
    /// anybody sets the time to.
    fn steady(&self) -> Duration;
}

/// Refuses a clock by which nothing could be done right: before 1970 there are
/// no timestamps, and from 2089 on there are no identifiers.
///
/// # Errors
/// A sentence for the operator.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the clock that everybody else takes"
)]
pub fn require_sane() -> Result<(), String> {
    judge(SystemTime::now())
}

fn judge(now: SystemTime) -> Result<(), String> {
    let latest = Duration::from_millis(id::END.millis().unsigned_abs());
    let era = match now.duration_since(UNIX_EPOCH) {
        Ok(since) if since < latest => return Ok(()),
        Ok(_) => "later than 2089",
        Err(_) => "before 1970",
    };
    Err(format!(
        "the clock of this machine says that it is {era}: set it right, and start again"
    ))
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that everybody else takes"
    )]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that everybody else takes"
    )]
    fn steady(&self) -> Duration {
        static BEGINNING: LazyLock<Instant> = LazyLock::new(Instant::now);
        BEGINNING.elapsed()
    }
}

/// A clock that moves when it is told to.
#[derive(Debug)]
pub struct ManualClock {
    now: AtomicI64,
    steady: Mutex<Duration>,
}

impl ManualClock {
    /// A clock that shows `start`.
    pub fn new(start: Timestamp) -> Self {
        Self {
            now: AtomicI64::new(start.millis()),
            steady: Mutex::default(),
        }
    }

    /// Time passes.
    pub fn advance(&self, span: Duration) {
        *self.steady.lock().unwrap_or_else(PoisonError::into_inner) += span;
        self.set(self.now() + span);
    }

    /// Somebody sets the clock, back if they like. No time passes.
    pub fn set(&self, to: Timestamp) {
        self.now.store(to.millis(), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now.load(Ordering::SeqCst))
    }

    fn steady(&self) -> Duration {
        *self.steady.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A clock that never goes back, for whatever must not be had again by setting
/// the time. While the clock behind it is late, it goes on by itself.
pub struct MonotonicClock {
    clock: Arc<dyn Clock>,
    anchor: Mutex<Anchor>,
}

struct Anchor {
    /// What was told when the clock was last believed, and how long it had been then.
    set: (Timestamp, Duration),
    /// The latest instant that anybody was told.
    told: Timestamp,
}

/// Being late by less than this is not going back: two threads ask in one
/// order and are answered in another, and clocks are slewed.
const LATE: Duration = Duration::from_secs(1);

impl MonotonicClock {
    /// One that begins no earlier than `latest`, and follows `clock`.
    pub fn new(clock: Arc<dyn Clock>, latest: Timestamp) -> Self {
        let anchor = Mutex::new(Anchor {
            set: (latest, clock.steady()),
            told: latest,
        });
        Self { clock, anchor }
    }

    /// This instant, or a later one.
    pub fn now(&self) -> Timestamp {
        let mut anchor = self.anchor.lock().unwrap_or_else(PoisonError::into_inner);
        let (now, steady) = (self.clock.now(), self.clock.steady());
        let by_itself = anchor.set.0 + steady.saturating_sub(anchor.set.1);
        if now + LATE < by_itself {
            anchor.told = by_itself;
        } else {
            anchor.told = now.max(anchor.told);
            anchor.set = (anchor.told, steady);
        }
        anchor.told
    }
}

/// A generator of chance good enough for secrets, seeded by the operating
/// system. One a request: nobody waits for another's draw.
#[expect(
    clippy::disallowed_methods,
    reason = "these are the dice that everybody else takes"
)]
pub fn dice() -> StdRng {
    StdRng::from_rng(&mut rand::rng())
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    #[test]
    fn a_clock_that_nothing_could_be_done_by_is_refused() {
        let second = Duration::from_secs(1);
        let end = UNIX_EPOCH + Duration::from_millis(id::END.millis().unsigned_abs());
        for sane in [UNIX_EPOCH, end - second] {
            assert_eq!(judge(sane), Ok(()));
        }
        for (wrong, told) in [
            (UNIX_EPOCH - second, "before 1970"),
            (end, "later than 2089"),
        ] {
            assert!(judge(wrong).unwrap_err().contains(told));
        }
    }

    #[test]
    fn a_ratchet_follows_its_clock_but_never_back() {
        let (noon, hour) = (Timestamp::from_seconds(43_200), Duration::from_hours(1));
        let clock = Arc::new(ManualClock::new(noon));
        let monotonic = MonotonicClock::new(Arc::clone(&clock) as _, noon);
        clock.advance(hour);
        assert_eq!(monotonic.now(), noon + hour);
        clock.set(noon - hour);
        assert_eq!(monotonic.now(), noon + hour);
        clock.advance(hour);
        assert_eq!(monotonic.now(), noon + hour * 2);
        clock.set(noon + hour * 2);
        assert_eq!(monotonic.now(), noon + hour * 2);
        clock.set(noon + hour * 9);
        assert_eq!(monotonic.now(), noon + hour * 9);
        // After a restart it goes on from what was written down.
        clock.set(noon);
        assert_eq!(MonotonicClock::new(clock, noon + hour).now(), noon + hour);
    }

    proptest! {
        #[test]
        fn a_ratchet_never_goes_back(moves in vec((-3000_i64..3000, 0_u64..3000), 1..40)) {
            let noon = Timestamp::from_seconds(43_200);
            let clock = Arc::new(ManualClock::new(noon));
            let monotonic = MonotonicClock::new(Arc::clone(&clock) as _, noon);
            let mut last = noon;
            for (set_by, passed) in moves {
                clock.advance(Duration::from_millis(passed));
                clock.set(Timestamp::from_millis(clock.now().millis() + set_by));
                let now = monotonic.now();
                prop_assert!(now >= last && now >= clock.now());
                last = now;
            }
        }
    }
}
