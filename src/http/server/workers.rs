//! Threads that each serve connections of their own.
//!
//! A connection stays with the thread that had the fewest when it came. tokio's
//! shared scheduler would wake one thread after another to look for work,
//! which takes longer than most requests here.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use tokio::{
    runtime::{Builder, Handle},
    sync::oneshot,
};

/// How long blocking tasks may still take once the rest has stopped.
const SHUTDOWN: Duration = Duration::from_secs(1);

/// The threads. Dropping them ends whatever they still serve.
pub struct Workers(Vec<Worker>);

impl Drop for Workers {
    fn drop(&mut self) {
        // All of them, before the first is waited for.
        for worker in &mut self.0 {
            drop(worker.stop.take());
        }
    }
}

struct Worker {
    runtime: Handle,
    connections: Arc<AtomicUsize>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Workers {
    /// Starts one for each core.
    pub fn start() -> io::Result<Self> {
        let cores = thread::available_parallelism()?;
        (0..cores.get())
            .map(|_| Worker::start())
            .collect::<io::Result<_>>()
            .map(Self)
    }

    /// Has a connection served by the thread that has the fewest.
    pub fn serve(&self, connection: impl Future<Output = ()> + Send + 'static) {
        let fewest = |worker: &&Worker| worker.connections.load(Ordering::Relaxed);
        if let Some(worker) = self.0.iter().min_by_key(fewest) {
            let load = Load::of(&worker.connections);
            worker.runtime.spawn(async move {
                let _load = load;
                connection.await;
            });
        }
    }
}

impl Worker {
    fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new()
            .name("worker".to_owned())
            .spawn(move || {
                // Also when the other end is gone.
                let _ = runtime.block_on(stopped);
                runtime.shutdown_timeout(SHUTDOWN);
            })?;
        Ok(Self {
            runtime: handle,
            connections: Arc::default(),
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was reported when it happened.
            let _ = thread.join();
        }
    }
}

/// Counts a connection for as long as it is served.
struct Load(Arc<AtomicUsize>);

impl Load {
    fn of(connections: &Arc<AtomicUsize>) -> Self {
        connections.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(connections))
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
