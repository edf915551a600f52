//! Counters, held against a list of all that was counted.

use std::time::Duration;

use invited::{
    domain::{
        counter::{self, Counter, Tally, WIDTHS},
        error::StoreError,
        money::Money,
        time::Timestamp,
        tx::Tx,
    },
    store::{Location, Store},
};
use proptest::{collection::vec, prelude::*};
use tempfile::TempDir;
use tokio::runtime::Runtime;

const START: Timestamp = Timestamp::from_seconds(1_800_000_000);
const COUNTER: Counter = Counter::Wrong;

/// Spans that are summed up from buckets of every width, and one that is
/// shorter than any of them.
const SPANS: [u64; 7] = [1, 30, 90, 3600, 86_400, 7 * 86_400, 40 * 86_400];

/// Something that is counted, and taken back at once or kept.
#[derive(Debug, Clone, Copy)]
struct Event {
    /// Seconds since the one before, and thousandths.
    after: Duration,
    cost: i64,
    is_kept: bool,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let after = prop_oneof![0_u64..5000, 0_u64..3_600_000, 0_u64..400_000_000];
    let event = (after, 0_i64..100, prop::bool::weighted(0.8));
    let event = event.prop_map(|(millis, cost, is_kept)| Event {
        after: Duration::from_millis(millis),
        cost,
        is_kept,
    });
    vec(event, 0..40)
}

/// What there is of `all` after an instant.
fn truth(all: &[(Timestamp, i64)], after: Timestamp) -> (u64, i64) {
    let there = all.iter().filter(|(at, _)| *at > after);
    there.fold((0, 0), |(count, sum), (_, cost)| (count + 1, sum + cost))
}

fn judge(tx: &mut dyn Tx, all: &[(Timestamp, i64)], now: Timestamp) -> Result<(), StoreError> {
    for span in SPANS.map(Duration::from_secs) {
        let Tally {
            count,
            amount,
            relief,
        } = counter::tally(tx, COUNTER, span, now)?;
        let (least, _) = truth(all, now - span);
        let (most, _) = truth(all, now - span - (span / 40).max(WIDTHS[0]));
        assert!(
            least <= count && count <= most,
            "{span:?}: {least} {count} {most}"
        );
        let latest = all.iter().rev().take(usize::try_from(count).unwrap());
        let sum: i64 = latest.map(|(_, cost)| cost).sum();
        assert_eq!(amount, Money::from_units(sum), "{span:?}");
        if count > 0 {
            let until = now + relief;
            let before = until - Duration::from_millis(1);
            assert_eq!(counter::tally(tx, COUNTER, span, before)?.count, count);
            assert!(counter::tally(tx, COUNTER, span, until)?.count < count);
        }
    }
    Ok(())
}

/// Counts the events and judges every span, and again when a while has passed
/// and when what no span takes in is forgotten.
fn play(tx: &mut dyn Tx, events: &[Event]) -> Result<(), StoreError> {
    let (mut now, mut all) = (START, Vec::new());
    for event in events {
        now = now + event.after;
        let cost = Money::from_units(event.cost);
        tx.count(COUNTER, now, 1, cost)?;
        if event.is_kept {
            all.push((now, event.cost));
        } else {
            tx.count(COUNTER, now, -1, -cost)?;
        }
    }
    judge(tx, &all, now)?;
    judge(tx, &all, now + Duration::from_millis(1_234_567))?;
    counter::prune(
        tx,
        COUNTER,
        Duration::from_secs(SPANS[SPANS.len() - 1]),
        now,
    )?;
    judge(tx, &all, now)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn a_span_counts_what_is_in_it_and_a_fortieth_more_at_most(events in events()) {
        let folder = TempDir::new().unwrap();
        let location = Location::Sqlite(folder.path().join("invited.db"));
        Store::migrate(&location).unwrap();
        let store = Store::open(&location).unwrap();
        let runtime = Runtime::new().unwrap();
        runtime.block_on(store.write(move |tx| play(tx, &events))).unwrap();
    }
}
