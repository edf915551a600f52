//! Writes people to the store, some hundreds in one transaction.

use std::sync::Arc;

use super::tally::{Counts, Tally};
use crate::{
    cli::{failure::Failure, progress::progress, terminal::run_now},
    clock::{Clock, SystemClock, dice},
    domain::{
        audit::{self, Action, Operator},
        error::StoreError,
        import::{self, Plan, Tokens},
        lock::Subject,
    },
    store::Store,
};

/// People in one transaction.
const BATCH: usize = 500;

/// Adds everybody who is not there yet. One row of the audit says how many that
/// are, in the transactions that add them: it is right also of a run that was
/// killed.
pub fn fill(
    store: &Store,
    plan: Plan,
    tokens: Option<Tokens>,
    operator: &Operator,
    file: &str,
) -> Result<Tally, Failure> {
    let mut tally = Tally::new(plan.refused);
    let bar = progress(plan.people.len() as u64);
    let people: Arc<[_]> = plan.people.into();
    let mut row = None;
    for first in (0..people.len()).step_by(BATCH) {
        let batch = first..people.len().min(first + BATCH);
        let (all, range) = (Arc::clone(&people), batch.clone());
        let (operator, file, so_far) = (operator.clone(), file.to_owned(), tally.counts);
        let work = store.write(move |tx| {
            tx.lock(&[Subject::Invitations])?;
            let (now, mut dice) = (SystemClock.now(), dice());
            let people = all[range.clone()].iter();
            let outcomes = people.map(|person| import::add(tx, person, tokens, now, &mut dice));
            let outcomes = outcomes.collect::<Result<Vec<_>, StoreError>>()?;
            let counts = outcomes.iter().fold(so_far, Counts::with);
            let detail = format!("{file}: {counts}");
            let action = Action::Import;
            let row = audit::note_part(tx, row, &operator, action, detail, &mut dice)?;
            Ok((outcomes, row))
        });
        let (outcomes, id) = run_now(async { work.await.map_err(|error| unfinished(&error)) })?;
        row = Some(id);
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
