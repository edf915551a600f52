//! The one writer: a thread that commits many waiting closures in one
//! transaction (group commit).
//!
//! A durable commit costs one flush of the disk, whatever is in it. So the
//! writer takes all that is waiting, runs one closure after the other, commits
//! once, and only then answers each. Alone, a closure waits for nobody: where
//! its thread serves nobody else it is committed on the spot, for waking
//! another thread and being woken by it takes as long as the flush. One that
//! fails or panics takes back its own changes only: mostly it has made
//! none; where it has, all is taken back and run again, each closure in a
//! savepoint of its own (which costs a copy of each page, so it is not the
//! rule). A transaction that is lost is everybody's failure, for nothing of it
//! was kept.

use std::{
    iter::once,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread::{JoinHandle, current},
};

use rusqlite::Connection;
use tokio::{
    runtime::{Handle, RuntimeFlavor},
    sync::oneshot,
};

use super::{
    damage::{Damage, failed, is_damage, is_full},
    mark,
    stamps::{Stamps, Touched},
    transaction::{Scope, Transaction},
};
use crate::domain::tx::{StoreError, Tx};

/// Closures that may wait; one more is refused at once.
const QUEUE: usize = 1024;
/// Closures in one commit. More would make the first wait without sparing the disk much.
const BATCH: usize = 256;

/// The way to the writer's thread. Dropping it ends the thread after the batch
/// under way; what still waits is refused, for nobody waits for it any more.
pub struct Writer {
    queue: Option<SyncSender<Box<dyn Job>>>,
    desk: Arc<Desk>,
    thread: Option<JoinHandle<()>>,
}

/// Where batches are written: one at a time, by whoever holds the pen.
struct Desk {
    pen: Mutex<Pen>,
    stopping: AtomicBool,
    damage: Damage,
    stamps: Arc<Stamps>,
}

struct Pen {
    connection: Connection,
    is_short_of_room: bool,
}

impl Writer {
    /// Starts the thread on `connection`.
    pub fn start(connection: Connection, stamps: Arc<Stamps>) -> Self {
        let (queue, jobs) = sync_channel(QUEUE);
        let desk = Arc::new(Desk {
            pen: Mutex::new(Pen {
                connection,
                is_short_of_room: false,
            }),
            stopping: AtomicBool::new(false),
            damage: Damage::default(),
            stamps,
        });
        let place = Arc::clone(&desk);
        let thread = std::thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || place.serve(&jobs))
            .expect("a thread can be started while the process starts");
        Self {
            queue: Some(queue),
            desk,
            thread: Some(thread),
        }
    }

    /// What is known of damage, and where to note more.
    pub fn damage(&self) -> Damage {
        self.desk.damage.clone()
    }

    /// Queues `work`, or runs it here; its outcome is sent to `answer` after the commit.
    pub fn submit<T, E>(
        &self,
        work: impl FnMut(&mut dyn Tx) -> Result<T, E> + Send + 'static,
        answer: oneshot::Sender<Result<T, E>>,
    ) -> Result<(), StoreError>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let job = Box::new(Work {
            closure: work,
            outcome: None,
            answer,
        });
        if is_alone()
            && let Ok(mut pen) = self.desk.pen.try_lock()
        {
            self.desk.write(&mut pen, vec![job]);
            return Ok(());
        }
        let queue = self
            .queue
            .as_ref()
            .expect("the queue is open as long as the writer lives");
        queue.try_send(job).map_err(|refused| match refused {
            TrySendError::Full(_) => StoreError::Overloaded,
            TrySendError::Disconnected(_) => {
                StoreError::Broken("the writer has stopped".to_owned())
            }
        })
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.desk.stopping.store(true, Ordering::Release);
        drop(self.queue.take());
        // The last to let go of the store may be a closure, on this very thread.
        let is_another = |thread: &JoinHandle<()>| thread.thread().id() != current().id();
        if let Some(thread) = self.thread.take().filter(is_another) {
            // A panic of the thread was reported when it happened.
            let _ = thread.join();
        }
    }
}

/// A closure, with its outcome's type hidden.
trait Job: Send {
    /// Runs it, and says whether its changes are to be kept.
    fn run(&mut self, tx: &mut dyn Tx) -> bool;
    /// Answers its caller, now that the commit succeeded or failed.
    fn settle(self: Box<Self>, commit: Result<(), StoreError>);
}

struct Work<F, T, E> {
    closure: F,
    outcome: Option<Result<T, E>>,
    answer: oneshot::Sender<Result<T, E>>,
}

impl<F, T, E> Job for Work<F, T, E>
where
    F: FnMut(&mut dyn Tx) -> Result<T, E> + Send,
    T: Send,
    E: From<StoreError> + Send,
{
    fn run(&mut self, tx: &mut dyn Tx) -> bool {
        let outcome = (self.closure)(tx);
        let keep = outcome.is_ok();
        self.outcome = Some(outcome);
        keep
    }

    fn settle(self: Box<Self>, commit: Result<(), StoreError>) {
        let Self {
            closure,
            outcome,
            answer,
        } = *self;
        // Who has the answer may count on nobody else holding what went into the work.
        drop(closure);
        let outcome = match (commit, outcome) {
            (Err(failed), _) => Err(failed.into()),
            (Ok(()), Some(outcome)) => outcome,
            (Ok(()), None) => Err(super::gone().into()),
        };
        // Whoever asked may have hung up; what was committed stays committed.
        let _ = answer.send(outcome);
    }
}

/// Whether this thread serves one task and no other, which would have to wait.
fn is_alone() -> bool {
    Handle::try_current().is_ok_and(|runtime| {
        runtime.runtime_flavor() == RuntimeFlavor::CurrentThread
            && runtime.metrics().num_alive_tasks() == 1
    })
}

impl Desk {
    /// Writes what comes until nothing more can come.
    fn serve(&self, jobs: &Receiver<Box<dyn Job>>) {
        while let Ok(first) = jobs.recv() {
            let mut pen = self.pen();
            let batch = once(first).chain(jobs.try_iter()).take(BATCH).collect();
            self.write(&mut pen, batch);
        }
        if self.damage.sign().is_none() {
            // If that fails, the next start finds the log as a killed process leaves it.
            let _ = mark::part(&self.pen().connection);
        }
    }

    fn pen(&self) -> MutexGuard<'_, Pen> {
        self.pen
            .lock()
            .expect("whoever held the pen caught the panics of what was written")
    }

    fn write(&self, pen: &mut Pen, mut batch: Vec<Box<dyn Job>>) {
        let mut touched = Vec::new();
        let commit = if self.stopping.load(Ordering::Acquire) {
            Err(StoreError::Overloaded)
        } else if let Some(sign) = self.damage.sign() {
            Err(sign)
        } else {
            commit(&pen.connection, &mut batch, &mut touched)
                .inspect_err(|failure| self.damage.note(failure))
        };
        // Also when it failed: nobody knows then what of it others see.
        for who in touched {
            self.stamps.raise(who);
        }
        pen.is_short_of_room |= commit.as_ref().is_err_and(is_full);
        for job in batch {
            job.settle(commit.clone());
        }
        // It may be the log that fills the disk. Merging it takes a little room, so it is
        // tried until there is some.
        if pen.is_short_of_room {
            pen.is_short_of_room = !mark::merge(&pen.connection).unwrap_or(false);
        }
    }
}

fn commit(
    connection: &Connection,
    batch: &mut [Box<dyn Job>],
    touched: &mut Vec<Touched>,
) -> Result<(), StoreError> {
    let (begins_log, changes) = (
        mark::is_due(connection).map_err(failed)?,
        connection.total_changes(),
    );
    let mut scope = begin(connection)?;
    if !run_together(connection, batch, touched)? {
        drop(scope);
        if batch.len() == 1 {
            return Ok(());
        }
        scope = begin(connection)?;
        for job in batch {
            run_in_savepoint(connection, job.as_mut(), touched)?;
        }
    }
    if begins_log && connection.total_changes() != changes {
        mark::raise(connection).map_err(failed)?;
    }
    scope.commit().map_err(failed)
}

fn begin(connection: &Connection) -> Result<Scope<'_>, StoreError> {
    Scope::begin(connection, "BEGIN IMMEDIATE").map_err(failed)
}

/// Runs jobs until one has made changes that are not to be kept; `false` then.
fn run_together(
    connection: &Connection,
    batch: &mut [Box<dyn Job>],
    touched: &mut Vec<Touched>,
) -> Result<bool, StoreError> {
    for job in batch {
        let changes = connection.total_changes();
        if !run(connection, job.as_mut(), touched)? && connection.total_changes() != changes {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Runs one of several jobs, and takes its changes back if they are not to be kept.
fn run_in_savepoint(
    connection: &Connection,
    job: &mut dyn Job,
    touched: &mut Vec<Touched>,
) -> Result<(), StoreError> {
    let sql = |sql| {
        let statement = connection.prepare_cached(sql);
        statement
            .and_then(|mut statement| statement.execute([]))
            .map_err(failed)
    };
    sql("SAVEPOINT job")?;
    if !run(connection, job, touched)? {
        sql("ROLLBACK TO job")?;
    }
    sql("RELEASE job").map(drop)
}

/// Runs one job, and says whether its changes are to be kept. An error means
/// that they and all before them are lost: after a full disk or an
/// input/output error SQLite has rolled the whole transaction back by itself,
/// and where damage shows nothing is to be written.
fn run(
    connection: &Connection,
    job: &mut dyn Job,
    touched: &mut Vec<Touched>,
) -> Result<bool, StoreError> {
    let mut transaction = Transaction::new(connection);
    let keep = catch_unwind(AssertUnwindSafe(|| job.run(&mut transaction))).unwrap_or(false);
    touched.append(&mut transaction.touched);
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
