//! The load: connections that each send a request, read the answer and send
//! the next. It runs on the cores of what it measures as a rule, so it is
//! cheap: requests are bytes that somebody has prepared, and of answers only
//! the head is looked at.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    runtime::Builder,
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval, sleep, timeout_at},
};

use super::{
    answer::Answer,
    outcome::{Outcome, Tally},
};

/// How long answers that are still to come at the end are waited for.
const GRACE: Duration = Duration::from_secs(15);
/// After an error.
const RESPITE: Duration = Duration::from_millis(100);
/// Between two looks at the progress.
const BEAT: Duration = Duration::from_millis(100);
/// Bytes read at once.
const READ: usize = 32 * 1024;

/// How much is asked of whom, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// The server.
    pub address: SocketAddr,
    /// Connections at once.
    pub connections: usize,
    /// For how long new requests are sent.
    pub time: Duration,
}

impl Load {
    /// Plays it. `source` gives each connection the requests that it sends one
    /// after the other; a connection that has no more is closed. `progress`
    /// hears now and then how long it has been going on.
    pub fn play<R>(
        &self,
        source: impl Fn(usize) -> R,
        progress: impl FnMut(Duration),
    ) -> io::Result<Outcome>
    where
        R: Iterator<Item: AsRef<[u8]> + Send> + Send + 'static,
    {
        // The other half is for the server.
        let threads = thread::available_parallelism()?.get().div_ceil(2);
        let shares = threads.clamp(1, self.connections.max(1));
        let share = |first| {
            (first..self.connections)
                .step_by(shares)
                .map(&source)
                .collect()
        };
        let own: Vec<R> = share(0);
        let others: Vec<Vec<R>> = (1..shares).map(share).collect();
        let began = Instant::now();
        let tally = thread::scope(|scope| {
            let others = others
                .into_iter()
                .map(|sources| scope.spawn(move || self.perform(sources, began, |_| {})));
            let others: Vec<_> = others.collect();
            let mut tally = self.perform(own, began, progress)?;
            for other in others {
                let other = other
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                tally.add(other?);
            }
            Ok::<_, io::Error>(tally)
        })?;
        Ok(tally.outcome(began))
    }

    /// Plays a share of it on this thread.
    fn perform<R>(
        &self,
        sources: Vec<R>,
        began: Instant,
        mut progress: impl FnMut(Duration),
    ) -> io::Result<Tally>
    where
        R: Iterator<Item: AsRef<[u8]> + Send> + Send + 'static,
    {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let tally = Arc::new(Mutex::new(Tally::new(began)));
        runtime.block_on(async {
            let mut lines = JoinSet::new();
            for source in sources {
                let line = Line {
                    address: self.address,
                    until: began + self.time,
                    tally: Arc::clone(&tally),
                    stream: None,
                    buffer: vec![0; READ].into(),
                };
                lines.spawn(line.play(source));
            }
            let mut beat = interval(BEAT);
            beat.set_missed_tick_behavior(MissedTickBehavior::Skip);
            loop {
                tokio::select! {
                    gone = lines.join_next() => if gone.is_none() { break },
                    _ = beat.tick() => progress(began.elapsed()),
                }
            }
        });
        drop(runtime);
        let tally = Arc::into_inner(tally).expect("every connection has ended");
        Ok(tally.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}

/// One connection, made again when it is lost.
struct Line {
    address: SocketAddr,
    until: Instant,
    tally: Arc<Mutex<Tally>>,
    stream: Option<TcpStream>,
    buffer: Box<[u8]>,
}

impl Line {
    async fn play<R>(mut self, source: R)
    where
        R: Iterator<Item: AsRef<[u8]> + Send> + Send,
    {
        let speech = timeout_at(self.until + GRACE, self.speak(source)).await;
        if speech.is_err() {
            self.tally().give_up();
        }
    }

    async fn speak<R>(&mut self, source: R)
    where
        R: Iterator<Item: AsRef<[u8]> + Send> + Send,
    {
        for request in source {
            let sent = Instant::now();
            if sent >= self.until {
                break;
            }
            if let Ok(status) = self.exchange(request.as_ref()).await {
                self.tally().answer(status, sent);
            } else {
                self.tally().error();
                sleep(RESPITE).await;
            }
        }
    }

    /// Sends a request, and reads to the end of its answer.
    async fn exchange(&mut self, request: &[u8]) -> io::Result<u16> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => connect(self.address).await?,
        };
        stream.write_all(request).await?;
        let mut answer = Answer::to(request);
        loop {
            let count = stream.read(&mut self.buffer).await?;
            if count == 0 {
                let whole = answer.ends_open().then_some(answer.status);
                return whole.ok_or_else(|| io::ErrorKind::UnexpectedEof.into());
            }
            let over = answer.take(&self.buffer[..count]);
            if over.map_err(|_| io::ErrorKind::InvalidData)? {
                break;
            }
        }
        if answer.stays {
            self.stream = Some(stream);
        }
        Ok(answer.status)
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}
