//! Writes people to the store, some hundreds in one transaction.

use std::sync::Arc;

use super::tally::Tally;
use crate::{
    cli::{failure::Failure, progress::progress, terminal::run_now},
    clock::{Clock, SystemClock, dice},
    domain::{
        error::StoreError,
        import::{self, Plan, Tokens},
    },
    store::Store,
};

/// People in one transaction.
const BATCH: usize = 500;

/// Adds everybody who is not there yet.
pub fn fill(store: &Store, plan: Plan, tokens: Option<Tokens>) -> Result<Tally, Failure> {
    let mut tally = Tally::new(plan.refused);
    let bar = progress(plan.people.len() as u64);
    let people: Arc<[_]> = plan.people.into();
    for first in (0..people.len()).step_by(BATCH) {
        let batch = first..people.len().min(first + BATCH);
        let (all, range) = (Arc::clone(&people), batch.clone());
        let work = store.write(move |tx| {
            let (now, mut dice) = (SystemClock.now(), dice());
            let people = all[range.clone()].iter();
            let outcomes = people.map(|person| import::add(tx, person, tokens, now, &mut dice));
            outcomes.collect::<Result<Vec<_>, StoreError>>()
        });
        let outcomes = run_now(async { work.await.map_err(|error| unfinished(&error)) })?;
        for (person, outcome) in people[batch.clone()].iter().zip(outcomes) {
            tally.add(person, outcome);
        }
        bar.set_position(batch.end as u64);
    }
    bar.finish_and_clear();
    Ok(tally)
}

fn unfinished(error: &StoreError) -> Failure {
    Failure::of(format!(
        "the import ended early ({error}): run it again, which adds nothing twice"
    ))
}
