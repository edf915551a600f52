//! Running closures in transactions, again when others were in the way.
//!
//! An error at a COMMIT means that nobody knows whether it took effect. So each
//! transaction that changed something also adds a row to `commits` with an
//! identifier of its own. Whoever does not know adds one with the same identifier
//! that says otherwise: if that cannot be, the first was kept, and if it can, the
//! first never will be.

use std::time::Duration;

use rand::{Rng, RngExt};
use tokio::{
    runtime::Handle,
    sync::oneshot,
    task::spawn_blocking,
    time::{Instant, sleep},
};

use super::{
    begin::Mode,
    connection::Connection,
    error::{Failure, Kind},
    pool::{Connections, Load, Loan},
    transaction::Transaction,
    value::params,
};
use crate::{
    clock::{Clock, SystemClock, dice},
    domain::{error::StoreError, time::Timestamp, tx::Tx},
    store::job::{self, Job, gone},
};

/// How long a transaction may take with all its attempts.
const PATIENCE: Duration = Duration::from_millis(2500);
/// The same, for what takes long.
const MUCH_PATIENCE: Duration = Duration::from_hours(24);
/// How long a server that was lost is waited for.
const RETURNS: Duration = Duration::from_secs(30);
/// How long it is known which transactions took effect.
const REMEMBERED: Duration = Duration::from_mins(10);
/// So many of 256 forget what is older.
const SWEEPERS: u8 = 4;
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
enum Attempt {
    /// It is over; whether its changes were kept.
    Done(Result<(), StoreError>),
    /// It ran, and nobody knows whether its changes were kept.
    Unknown(StoreError),
    /// It is to be run again.
    Again(StoreError),
}

/// A closure, with what all attempts at it share.
struct Work<'j> {
    mode: Mode,
    job: &'j mut dyn Job,
    deadline: Instant,
    /// What the transaction is known by.
    id: [u8; 16],
    /// Whether an attempt may have been kept.
    may_be_kept: bool,
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

    /// Runs `closure` in a transaction.
    pub async fn run<T, E>(
        &self,
        mode: Mode,
        closure: impl FnMut(&mut dyn Tx) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (answer, outcome) = oneshot::channel();
        self.begin(mode, Box::new(job::Work::new(closure, answer)))
            .await;
        outcome.await.unwrap_or_else(|_| Err(gone().into()))
    }

    /// What the connections have to do.
    pub fn load(&self) -> Load {
        self.connections.load()
    }

    async fn begin(&self, mode: Mode, mut job: Box<dyn Job>) {
        let deadline = Instant::now() + self.patience;
        let loan = match self.connections.take(deadline).await {
            Ok(loan) => loan,
            Err(error) => return job.settle(Err(error)),
        };
        let (connections, runtime) = (self.connections.clone(), Handle::current());
        spawn_blocking(move || {
            let mut work = Work {
                mode,
                job: &mut *job,
                deadline,
                id: [0; 16],
                may_be_kept: false,
            };
            let kept = work.run(loan, &connections, &runtime);
            job.settle(kept);
        });
    }
}

impl Work<'_> {
    fn run(
        &mut self,
        mut loan: Loan,
        connections: &Connections,
        runtime: &Handle,
    ) -> Result<(), StoreError> {
        let mut pause = PAUSE;
        loop {
            let error = match self.attempt(&loan) {
                Attempt::Done(kept) => return kept,
                Attempt::Unknown(error) => {
                    self.may_be_kept = true;
                    error
                }
                Attempt::Again(error) => error,
            };
            let wait = dice().random_range(Duration::ZERO..pause);
            pause = (pause * 2).min(LONGEST_PAUSE);
            if Instant::now() + wait >= self.deadline {
                return Err(error);
            }
            if loan.is_idle.get() {
                runtime.block_on(sleep(wait));
                continue;
            }
            drop(loan);
            connections.forget_idle();
            runtime.block_on(sleep(wait));
            loan = self.take_again(connections, runtime, pause)?;
        }
    }

    fn take_again(
        &self,
        connections: &Connections,
        runtime: &Handle,
        pause: Duration,
    ) -> Result<Loan, StoreError> {
        // However long the work may take, a server that is away is not waited for.
        let deadline = self.deadline.min(Instant::now() + RETURNS);
        loop {
            match runtime.block_on(connections.take(deadline)) {
                Err(error) if Instant::now() + pause >= deadline => return Err(error),
                Err(_) => runtime.block_on(sleep(pause)),
                taken => return taken,
            }
        }
    }

    fn attempt(&mut self, connection: &Connection) -> Attempt {
        connection.is_idle.set(false);
        if self.may_be_kept {
            match self.was_kept(connection) {
                Ok(true) => {
                    connection.is_idle.set(true);
                    return Attempt::Done(Ok(()));
                }
                Ok(false) => self.may_be_kept = false,
                Err(error) => return Attempt::Unknown(error),
            }
        }
        let mut tx = Transaction::new(connection, self.mode, self.deadline);
        let is_good = self.job.run(&mut tx);
        if let Some(Failure { kind, error }) = tx.failure() {
            end(&tx, connection, "ROLLBACK");
            return match kind {
                Kind::Conflict | Kind::Lost => Attempt::Again(error),
                Kind::Final => Attempt::Done(Err(error)),
            };
        }
        if is_good && tx.has_changed() {
            return self.commit(&tx, connection);
        }
        end(&tx, connection, if is_good { "COMMIT" } else { "ROLLBACK" });
        Attempt::Done(Ok(()))
    }

    /// Whether the attempt before was kept. If it is under way still, this waits
    /// until it is over; if it was not kept, it never will be.
    fn was_kept(&self, connection: &Connection) -> Result<bool, StoreError> {
        let tx = Transaction::new(connection, Mode::Single, self.deadline);
        tx.queue(
            "INSERT INTO commits (id, is_kept) VALUES ($1, FALSE) ON CONFLICT (id) DO NOTHING",
            params![self.id],
        )?;
        let sql = "SELECT is_kept FROM commits WHERE id = $1";
        let is_kept = tx.one(sql, params![self.id], |row| row.get(0))?;
        Ok(is_kept.unwrap_or(false))
    }

    fn commit(&mut self, tx: &Transaction<'_>, connection: &Connection) -> Attempt {
        let Err(error) = self.keep(tx) else {
            connection.is_idle.set(true);
            return Attempt::Done(Ok(()));
        };
        let kind = tx.failure().map_or(Kind::Lost, |failure| failure.kind);
        if kind == Kind::Lost {
            return Attempt::Unknown(error);
        }
        end(tx, connection, "ROLLBACK");
        match kind {
            Kind::Conflict => Attempt::Again(error),
            _ => Attempt::Done(Err(error)),
        }
    }

    /// Fails where somebody was told that it was not kept.
    fn keep(&mut self, tx: &Transaction<'_>) -> Result<(), StoreError> {
        let now = SystemClock.now();
        self.id = identifier(now);
        tx.queue(
            "INSERT INTO commits (id, is_kept) VALUES ($1, TRUE)",
            params![self.id],
        )?;
        if self.id[15] < SWEEPERS {
            forget(tx, now - REMEMBERED)?;
        }
        tx.commit()
    }
}

/// One that nobody else has, behind all of earlier milliseconds.
fn identifier(at: Timestamp) -> [u8; 16] {
    let mut id = first_of(at);
    dice().fill_bytes(&mut id[6..]);
    id
}

/// The first identifier of a millisecond.
fn first_of(at: Timestamp) -> [u8; 16] {
    let time = u128::from(at.millis().unsigned_abs());
    (time << 80).to_be_bytes()
}

fn forget(tx: &Transaction<'_>, before: Timestamp) -> Result<(), StoreError> {
    tx.queue(
        "DELETE FROM commits WHERE id = ANY(ARRAY(
             SELECT id FROM commits WHERE id < $1 ORDER BY id LIMIT 256 FOR UPDATE SKIP LOCKED))",
        params![first_of(before)],
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
