//! Several closures in one transaction.
//!
//! One that fails or panics takes back its own changes only: mostly it has made
//! none; where it has, all is taken back and run again, each closure in a
//! savepoint of its own (which costs a copy of each page, so it is not the
//! rule). A transaction that is lost is everybody's failure, for nothing of it
//! was kept.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rusqlite::Connection;

use super::{
    checkpoint::Log, damage::is_damage, error::failed, mark, transaction::Transaction,
    versions::Invalidated,
};
use crate::{domain::error::StoreError, store::job::Job};

/// What the closures of a batch did.
#[derive(Default)]
pub struct Summary {
    /// Who is shown something else after it.
    pub invalidated: Vec<Invalidated>,
    /// Whether personal data was deleted.
    pub erases: bool,
}

/// Runs jobs one after the other, and commits once.
pub fn commit(
    log: &mut Log,
    connection: &Connection,
    batch: &mut [Box<dyn Job>],
    done: &mut Summary,
) -> Result<(), StoreError> {
    let changes = connection.total_changes();
    let mut scope = log.begin(connection)?;
    if !run_together(connection, batch, done)? {
        drop(scope);
        if batch.len() == 1 {
            return Ok(());
        }
        scope = log.begin(connection)?;
        for job in batch {
            run_in_savepoint(connection, job.as_mut(), done)?;
        }
    }
    if connection.total_changes() != changes {
        mark::draw(connection).map_err(failed)?;
    }
    scope.commit().map_err(failed)
}

/// Runs jobs until one has made changes that are not to be kept; `false` then.
fn run_together(
    connection: &Connection,
    batch: &mut [Box<dyn Job>],
    done: &mut Summary,
) -> Result<bool, StoreError> {
    for job in batch {
        let changes = connection.total_changes();
        if !run(connection, job.as_mut(), done)? && connection.total_changes() != changes {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Runs one of several jobs, and takes its changes back if they are not to be kept.
fn run_in_savepoint(
    connection: &Connection,
    job: &mut dyn Job,
    done: &mut Summary,
) -> Result<(), StoreError> {
    let sql = |sql| {
        let statement = connection.prepare_cached(sql);
        statement
            .and_then(|mut statement| statement.execute([]))
            .map_err(failed)
    };
    sql("SAVEPOINT job")?;
    if !run(connection, job, done)? {
        sql("ROLLBACK TO job")?;
    }
    sql("RELEASE job").map(drop)
}

/// Runs one job, and says whether its changes are to be kept. An error means
/// that they and all before them are lost: after a full disk or an
/// input/output error SQLite has rolled the whole transaction back by itself,
/// and where damage shows nothing is to be written.
fn run(connection: &Connection, job: &mut dyn Job, done: &mut Summary) -> Result<bool, StoreError> {
    let mut transaction = Transaction::new(connection);
    let keep = catch_unwind(AssertUnwindSafe(|| job.run(&mut transaction))).unwrap_or(false);
    done.invalidated.append(&mut transaction.invalidated);
    done.erases |= transaction.erases;
    let failure = transaction.failure.take();
    if connection.is_autocommit() {
        let lost = || StoreError::Broken("a transaction was lost".to_owned());
        return Err(failure.unwrap_or_else(lost));
    }
    match failure.filter(is_damage) {
        Some(damage) => Err(damage),
        None => Ok(keep),
    }
}
