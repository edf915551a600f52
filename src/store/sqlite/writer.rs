//! The one writer: a thread that commits many waiting closures in one
//! transaction (group commit).
//!
//! A durable commit costs one flush of the disk, whatever is in it. So the
//! writer takes all that is waiting, runs one closure after the other, commits
//! once, and only then answers each. Alone, a closure waits for nobody: where
//! its thread serves nobody else it is committed on the spot, for waking
//! another thread and being woken by it takes as long as the flush.

use std::{
    iter::once,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel},
    },
    thread::{JoinHandle, current},
};

use rusqlite::Connection;
use tokio::runtime::{Handle, RuntimeFlavor};

use super::{
    batch::{self, Summary},
    checkpoint::{Log, TICK},
    damage::Damage,
    emptying::Done,
    figures::{Load, now},
    open::merge_on_close,
    versions::Versions,
};
use crate::{
    domain::error::StoreError,
    store::{
        job::{Job, gone},
        lock::Lock,
    },
};

/// Closures that may wait; one more is refused at once.
const QUEUE: usize = 1024;
/// Closures in one commit. More would make the first wait without sparing the disk much.
const BATCH: usize = 256;

/// The way to the writer's thread. Dropping it ends the thread after the batch
/// under way; what still waits is refused, for nobody waits for it any more.
pub struct Writer {
    queue: Option<SyncSender<Box<dyn Job>>>,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// Where batches are written: one at a time, by whoever holds the lock.
struct Shared {
    state: Mutex<WriteState>,
    stopping: AtomicBool,
    damage: Damage,
    versions: Arc<Versions>,
    load: Arc<Load>,
}

/// What it takes to write. They are let go of in this order.
pub struct WriteState {
    log: Log,
    connection: Connection,
    _lock: Arc<Lock>,
}

impl WriteState {
    /// Over a connection, its log, and what is held for as long as it is open.
    pub fn new(log: Log, connection: Connection, lock: Arc<Lock>) -> Self {
        Self {
            log,
            connection,
            _lock: lock,
        }
    }
}

impl Writer {
    /// Starts the thread.
    pub fn start(
        state: WriteState,
        damage: Damage,
        versions: Arc<Versions>,
        load: Arc<Load>,
    ) -> Self {
        let (queue, jobs) = sync_channel(QUEUE);
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            stopping: AtomicBool::new(false),
            damage,
            versions,
            load,
        });
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || theirs.serve(&jobs))
            .expect("a thread can be started while the process starts");
        Self {
            queue: Some(queue),
            shared,
            thread: Some(thread),
        }
    }

    /// Queues `job`, or runs it here; it is settled after the commit.
    pub fn submit(&self, job: Box<dyn Job>) -> Result<(), StoreError> {
        if is_alone()
            && let Ok(mut state) = self.shared.state.try_lock()
        {
            self.shared.write(&mut state, vec![job]);
            return Ok(());
        }
        let queue = self
            .queue
            .as_ref()
            .expect("the queue is open as long as the writer lives");
        let waiting = &self.shared.load.queue;
        waiting.fetch_add(1, Ordering::Relaxed);
        queue.try_send(job).map_err(|refused| {
            waiting.fetch_sub(1, Ordering::Relaxed);
            match refused {
                TrySendError::Full(_) => StoreError::Overloaded,
                TrySendError::Disconnected(_) => gone(),
            }
        })
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::Release);
        drop(self.queue.take());
        // The last to let go of the store may be a closure, on this very thread.
        let is_another = |thread: &JoinHandle<()>| thread.thread().id() != current().id();
        if let Some(thread) = self.thread.take().filter(is_another) {
            // A panic of the thread was reported when it happened.
            let _ = thread.join();
        }
    }
}

/// Whether this thread serves one task and no other, which would have to wait.
fn is_alone() -> bool {
    Handle::try_current().is_ok_and(|runtime| {
        runtime.runtime_flavor() == RuntimeFlavor::CurrentThread
            && runtime.metrics().num_alive_tasks() == 1
    })
}

impl Shared {
    /// Writes what comes until nothing more can come, and looks after the files meanwhile.
    fn serve(&self, jobs: &Receiver<Box<dyn Job>>) {
        loop {
            match jobs.recv_timeout(TICK) {
                Ok(first) => {
                    let mut state = self.state();
                    let batch: Vec<_> = once(first).chain(jobs.try_iter()).take(BATCH).collect();
                    let taken = batch.len() as u64;
                    self.load.queue.fetch_sub(taken, Ordering::Relaxed);
                    self.write(&mut state, batch);
                }
                Err(RecvTimeoutError::Timeout) => self.tick(&mut self.state()),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        let WriteState {
            log, connection, ..
        } = &mut *self.state();
        // If that fails, the next start finds the log as a killed process leaves it. So
        // it does where the files are not to be invalidated.
        if self.damage.sign().is_none() && log.finish(connection).is_ok() {
            let _ = merge_on_close(connection, true);
        }
    }

    fn state(&self) -> MutexGuard<'_, WriteState> {
        self.state
            .lock()
            .expect("whoever held the lock caught the panics of what was written")
    }

    fn write(&self, state: &mut WriteState, mut batch: Vec<Box<dyn Job>>) {
        let (mut done, begun) = (Summary::default(), now());
        let commit = if self.stopping.load(Ordering::Acquire) {
            Err(StoreError::Overloaded)
        } else if let Some(sign) = self.damage.sign() {
            Err(sign)
        } else {
            batch::commit(&mut state.log, &state.connection, &mut batch, &mut done)
                .and_then(|()| state.log.check(&state.connection))
                .inspect_err(|failure| self.damage.note(failure))
        };
        if commit.is_ok() {
            self.load.note(batch.len(), begun);
        }
        // Also when it failed: nobody knows then what of it others see.
        for who in done.invalidated {
            self.versions.raise(who);
        }
        let is_content = !batch.iter().all(|job| job.is_probe());
        for job in batch {
            job.settle(commit.clone());
        }
        if self.damage.sign().is_none() {
            let done = Done {
                writes: is_content,
                erases: done.erases,
            };
            let done = commit.as_ref().map(|()| done);
            state.log.after(&state.connection, done);
            if state.log.is_due() {
                self.tick(state);
            }
        }
    }

    fn tick(&self, state: &mut WriteState) {
        if self.damage.sign().is_none()
            && let Err(failure) = state.log.tick(&state.connection)
        {
            self.damage.note(&failure);
        }
    }
}
