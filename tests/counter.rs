//! Counters, held against a list of all that was counted.

use std::{process::Stdio, time::Duration};

use invited::{
    domain::{
        counter::{BUCKETS, Counter, Tallies, Tally},
        error::StoreError,
        money::Money,
        time::Timestamp,
        tx::Tx,
    },
    store::Store,
};
use proptest::{collection::vec, prelude::*};
use serde_json::json;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::harness::{
    location, postgres,
    server::{Server, command},
};

const START: Timestamp = Timestamp::from_seconds(1_800_000_000);
const COUNTER: Counter = Counter::Wrong;

/// Seconds of the spans that it is summed up over.
const SPANS: [u64; 5] = [1, 90, 3600, 86_400, 30 * 86_400];
/// Those of a span that is asked for later.
const LATER: u64 = 7 * 86_400;

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

fn tally(tx: &mut dyn Tx, span: Duration, at: Timestamp) -> Result<Tally, StoreError> {
    Ok(Tallies::read(tx, &[COUNTER], at)?.of(COUNTER, span))
}

fn judge(
    tx: &mut dyn Tx,
    all: &[(Timestamp, i64)],
    span: Duration,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Tally {
        count,
        least: surely,
        amount,
        wait,
    } = tally(tx, span, now)?;
    let (least, _) = truth(all, now - span);
    let (most, _) = truth(all, now - span - span / BUCKETS);
    assert!(
        least <= count && count <= most,
        "{span:?}: {least} {count} {most}"
    );
    let (within, _) = truth(all, now - span + span / BUCKETS);
    assert!(within <= surely && surely <= least, "{span:?}: {surely}");
    let latest = all.iter().rev().take(usize::try_from(count).unwrap());
    let sum: i64 = latest.map(|(_, cost)| cost).sum();
    assert_eq!(amount, Money::from_units(sum), "{span:?}");
    if count > 0 {
        assert!(wait <= span);
        let until = now + wait;
        let before = until - Duration::from_millis(1);
        assert_eq!(tally(tx, span, before)?.count, count);
        assert!(tally(tx, span, until)?.count < count);
    }
    Ok(())
}

/// Counts the events and judges every span, also when a while has passed and
/// when what is in no span is forgotten; and one that is asked for only then.
fn play(tx: &mut dyn Tx, events: &[Event]) -> Result<(), StoreError> {
    let spans = SPANS.map(Duration::from_secs);
    let (mut now, mut all) = (START, Vec::new());
    for event in events {
        now = now + event.after;
        let cost = Money::from_units(event.cost);
        tx.count(COUNTER, &spans, now, 1, cost)?;
        if event.is_kept {
            all.push((now, event.cost));
        } else {
            tx.count(COUNTER, &spans, now, -1, -cost)?;
        }
    }
    for span in spans {
        judge(tx, &all, span, now)?;
        judge(tx, &all, span, now + Duration::from_millis(1_234_567))?;
    }
    tx.prune_counter(COUNTER, now)?;
    let later = Duration::from_secs(LATER);
    tx.backfill_span(COUNTER, later)?;
    for span in spans {
        judge(tx, &all, span, now)?;
        // Whoever has counted all along has nothing to fill in.
        tx.backfill_span(COUNTER, span)?;
        judge(tx, &all, span, now)?;
    }
    // What is filled in is known to a fortieth of the longest.
    let count = tally(tx, later, now)?.count;
    let (least, _) = truth(&all, now - later);
    let longest = Duration::from_secs(SPANS[SPANS.len() - 1]);
    let (most, _) = truth(&all, now - later - later / BUCKETS - longest / BUCKETS);
    assert!(least <= count && count <= most, "{least} {count} {most}");
    Ok(())
}

proptest! {
    // Each has a database of its own, which takes a while on a server.
    #![proptest_config(ProptestConfig::with_cases(if postgres::is_asked_for() { 5 } else { 100 }))]

    #[test]
    fn a_span_counts_what_is_in_it_and_a_fortieth_more_at_most(events in events()) {
        let folder = TempDir::new().unwrap();
        let location = location(folder.path());
        Store::migrate(&location).unwrap();
        let store = Store::open(&location).unwrap();
        let runtime = Runtime::new().unwrap();
        runtime.block_on(store.write(move |tx| play(tx, &events))).unwrap();
    }
}

#[test]
fn a_limit_that_was_changed_knows_what_was_sent_before() {
    let folder = TempDir::new().unwrap();
    let ask = |limit: &str, phone: &str| {
        let mut command = command(folder.path());
        command.args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--sms",
            "file:sms.jsonl",
        ]);
        command.env("INVITED_LIMITS__SENDS_IN_ALL", limit);
        command.stderr(Stdio::null());
        let server = Server::launch(command).unwrap();
        let (status, answer) = server
            .call("POST", "/login/", &[], Some(json!({ "phone": phone })))
            .unwrap();
        (status, answer["limit"].clone())
    };
    assert_eq!(ask("9/24h", "+79160000001").0, 200);
    assert_eq!(ask("9/1h, 9/24h", "+79160000002").0, 200);
    let refused = (429, json!("sends_in_all"));
    assert_eq!(ask("9/24h, 2/12h", "+79160000003"), refused);
    assert_eq!(ask("3/7d", "+79160000004").0, 200);
    assert_eq!(ask("3/24h", "+79160000005"), refused);
}
