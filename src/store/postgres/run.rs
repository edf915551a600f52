//! Running closures in transactions, again when others were in the way.
//!
//! An error at a COMMIT means that nobody knows whether it took effect. So each
//! transaction that changed something also adds a row to `commits` with an
//! identifier drawn for the closure; whoever does not know runs again with the
//! same one, and finds it there if it did.

use std::time::Duration;

use rand::{Rng, RngExt};
use tokio::{
    runtime::Handle,
    task::spawn_blocking,
    time::{Instant, sleep},
};

use super::{
    begin::Mode,
    connection::Connection,
    error::{Failure, Kind},
    pool::{Connections, Loan},
    transaction::Transaction,
    value::params,
};
use crate::{
    clock::{Clock, SystemClock, dice},
    domain::{error::StoreError, time::Timestamp, tx::Tx},
    store::job::gone,
};

/// How long a transaction may take with all its attempts.
const PATIENCE: Duration = Duration::from_millis(2500);
/// The same, for what takes long.
const MUCH_PATIENCE: Duration = Duration::from_hours(24);
/// How long it is known which transactions took effect.
const REMEMBERED: Duration = Duration::from_mins(10);
/// One in so many forgets what is older.
const SWEEPERS: u32 = 64;
/// The longest pause before the second attempt. It doubles with each.
const PAUSE: Duration = Duration::from_millis(4);
const LONGEST_PAUSE: Duration = Duration::from_millis(200);

/// What runs closures.
#[derive(Clone)]
pub struct Runner {
    connections: Connections,
    patience: Duration,
}

/// What came of one attempt.
enum Attempt<T> {
    /// It is over, and this came of it.
    Done(T),
    /// It ran, and nobody knows whether its changes were kept.
    Unknown(T, StoreError),
    /// It is to be run again.
    Again(Failure),
}

/// What all attempts of one closure share.
struct Work<W, T> {
    closure: W,
    deadline: Instant,
    /// What the transaction is known by.
    id: [u8; 16],
    /// What came of an attempt that may have been kept.
    kept: Option<T>,
}

impl Runner {
    /// Over these connections.
    pub fn new(connections: Connections, is_patient: bool) -> Self {
        let patience = if is_patient { MUCH_PATIENCE } else { PATIENCE };
        Self {
            connections,
            patience,
        }
    }

    /// Runs `work` in a transaction.
    pub async fn run<T, E>(
        &self,
        mode: Mode,
        work: impl FnMut(&mut dyn Tx) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let deadline = Instant::now() + self.patience;
        let mut id = [0; 16];
        dice().fill_bytes(&mut id);
        let mut work = Work {
            closure: work,
            deadline,
            id,
            kept: None,
        };
        let loan = self.connections.take(deadline).await?;
        let (connections, runtime) = (self.connections.clone(), Handle::current());
        let running = spawn_blocking(move || work.run(mode, loan, &connections, &runtime));
        running.await.unwrap_or_else(|_| Err(gone().into()))
    }

    /// How many wait for a connection.
    pub fn waiting(&self) -> u64 {
        self.connections.load().1 as u64
    }
}

impl<W, T, E> Work<W, Result<T, E>>
where
    W: FnMut(&mut dyn Tx) -> Result<T, E>,
    E: From<StoreError>,
{
    fn run(
        &mut self,
        mode: Mode,
        mut loan: Loan,
        connections: &Connections,
        runtime: &Handle,
    ) -> Result<T, E> {
        let mut pause = PAUSE;
        loop {
            let error = match self.attempt(mode, &loan) {
                Attempt::Done(outcome) => return outcome,
                Attempt::Unknown(outcome, error) => {
                    self.kept = Some(outcome);
                    error
                }
                Attempt::Again(failure) => failure.error,
            };
            let wait = dice().random_range(Duration::ZERO..pause);
            pause = (pause * 2).min(LONGEST_PAUSE);
            if Instant::now() + wait >= self.deadline {
                return Err(error.into());
            }
            if loan.is_idle.get() {
                runtime.block_on(sleep(wait));
                continue;
            }
            drop(loan);
            connections.forget_idle();
            runtime.block_on(sleep(wait));
            loan = loop {
                match runtime.block_on(connections.take(self.deadline)) {
                    Ok(loan) => break loan,
                    Err(error) if Instant::now() + pause >= self.deadline => {
                        return Err(error.into());
                    }
                    Err(_) => runtime.block_on(sleep(pause)),
                }
            };
        }
    }

    fn attempt(&mut self, mode: Mode, connection: &Connection) -> Attempt<Result<T, E>> {
        let mut tx = Transaction::new(connection, mode, self.deadline);
        connection.is_idle.set(false);
        if let Some(kept) = self.kept.take() {
            match self.was_kept(&tx) {
                Ok(true) => {
                    end(&tx, connection, "ROLLBACK");
                    return Attempt::Done(kept);
                }
                Ok(false) => {}
                Err(error) => {
                    end(&tx, connection, "ROLLBACK");
                    return Attempt::Unknown(kept, error);
                }
            }
        }
        let outcome = (self.closure)(&mut tx);
        if let Some(failure) = tx.failure() {
            end(&tx, connection, "ROLLBACK");
            return match failure.kind {
                Kind::Conflict | Kind::Lost => Attempt::Again(failure),
                Kind::Final => Attempt::Done(outcome.and(Err(failure.error.into()))),
            };
        }
        if outcome.is_err() || !tx.has_changed() {
            let how = if outcome.is_ok() {
                "COMMIT"
            } else {
                "ROLLBACK"
            };
            end(&tx, connection, how);
            return Attempt::Done(outcome);
        }
        self.commit(&tx, connection, outcome)
    }

    /// Whether an attempt before was kept. If it is under way still, this waits
    /// until it is over; if not, it never will be.
    fn was_kept(&self, tx: &Transaction<'_>) -> Result<bool, StoreError> {
        Ok(self.note(tx, true)? == 0)
    }

    fn note(&self, tx: &Transaction<'_>, waits: bool) -> Result<u64, StoreError> {
        const NOTE: &str =
            "INSERT INTO commits (id, at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING";
        let params = params![self.id, SystemClock.now().millis()];
        if waits {
            return tx.change(NOTE, params);
        }
        tx.queue(NOTE, params).map(|()| 1)
    }

    fn commit(
        &self,
        tx: &Transaction<'_>,
        connection: &Connection,
        outcome: Result<T, E>,
    ) -> Attempt<Result<T, E>> {
        // Also if it was added already: then it changes nothing.
        let committed = self.note(tx, false).and_then(|_| {
            if dice().random_range(0..SWEEPERS) == 0 {
                forget(tx, SystemClock.now() - REMEMBERED)?;
            }
            tx.commit()
        });
        let Err(error) = committed else {
            connection.is_idle.set(true);
            return Attempt::Done(outcome);
        };
        let kind = tx.failure().map_or(Kind::Lost, |failure| failure.kind);
        match kind {
            Kind::Lost => Attempt::Unknown(outcome, error),
            Kind::Conflict => {
                end(tx, connection, "ROLLBACK");
                Attempt::Again(Failure { kind, error })
            }
            Kind::Final => {
                end(tx, connection, "ROLLBACK");
                Attempt::Done(outcome.and(Err(error.into())))
            }
        }
    }
}

fn forget(tx: &Transaction<'_>, before: Timestamp) -> Result<(), StoreError> {
    tx.queue(
        "DELETE FROM commits WHERE id IN (
             SELECT id FROM commits WHERE at < $1 ORDER BY at LIMIT 256 FOR UPDATE SKIP LOCKED)",
        params![before.millis()],
    )
}

/// Ends a transaction of which nothing is to be kept.
fn end(tx: &Transaction<'_>, connection: &Connection, how: &'static str) {
    let is_lost = tx
        .failure()
        .is_some_and(|failure| failure.kind == Kind::Lost);
    let has_ended = !tx.has_begun() || (!is_lost && tx.leave(how).is_ok());
    connection.is_idle.set(has_ended && !is_lost);
}
