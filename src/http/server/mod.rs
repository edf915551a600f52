//! The accept loop, with timeouts and caps on connections.
//!
//! poem's own server has neither. This one runs hyper over streams with a
//! timeout for each part of a request (a client that is slow to send is cut
//! off, one between requests is not), and `connections` caps how many there
//! are. Over TLS, clients choose between `http1` and `http2`. The rules for
//! requests' framing are in `framing`, the timeout of bodies is in `json`.

mod bodies;
mod connections;
mod head;
mod http1;
mod http2;
mod idle_queue;
mod open_requests;
mod progress;
mod service;
mod socket;
mod stream;
mod timeouts;
mod unreadable;
mod workers;

use std::{future::Future, io, net::SocketAddr, sync::Arc, time::Duration};

use futures_util::future::Abortable;
use poem::{Addr, http::uri::Scheme, web::LocalAddr};
use rustix::io::Errno;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    time::{Instant, timeout, timeout_at},
};

use self::{connections::Slot, service::Context, socket::Socket};
pub use self::{
    connections::{CLOSING, Connections},
    service::{Ambiguous, Plain, Service},
    timeouts::Timeouts,
    workers::Workers,
};
use crate::tls::Tls;

/// How long to wait after an accept that failed.
const RETRY_DELAY: Duration = Duration::from_millis(100);
/// The same, where open files ran out and a connection was evicted.
const EVICTED_DELAY: Duration = Duration::from_millis(1);
/// How often the log says that accepts fail.
const WARNING_PERIOD: Duration = Duration::from_mins(1);

/// Serves `endpoint`, over TLS if there is a certificate, until `stop` is ready; then takes no new connections,
/// lets requests in flight finish, and returns.
pub async fn serve<E>(
    listener: TcpListener,
    tls: Option<Arc<Tls>>,
    endpoint: Arc<E>,
    connections: Arc<Connections>,
    timeouts: Timeouts,
    workers: &Workers,
    stop: impl Future<Output = ()>,
) where
    E: Service,
{
    let local = listener.local_addr().ok();
    let accept_loop = AcceptLoop {
        tls,
        endpoint,
        connections,
        timeouts,
        workers,
        local: LocalAddr(local.map_or_else(Addr::default, Addr::SocketAddr)),
        stop: watch::Sender::default(),
    };
    tokio::select! {
        () = stop => {}
        () = accept_loop.run(&listener) => {}
    }
    drop(listener);
    accept_loop.stop.send_replace(());
    let finished = accept_loop.stop.closed();
    if timeout(timeouts.stop, finished).await.is_err() {
        tracing::warn!("some requests did not finish in time");
    }
}

/// What every accepted connection is served with.
struct AcceptLoop<'w, E> {
    tls: Option<Arc<Tls>>,
    endpoint: Arc<E>,
    connections: Arc<Connections>,
    timeouts: Timeouts,
    workers: &'w Workers,
    local: LocalAddr,
    /// Told once; each connection has a receiver for as long as it is there.
    stop: watch::Sender<()>,
}

impl<E: Service> AcceptLoop<'_, E> {
    /// Never returns.
    async fn run(&self, listener: &TcpListener) {
        let mut warned_at: Option<Instant> = None;
        loop {
            match listener.accept().await {
                Ok((stream, peer)) => self.serve(stream, peer).await,
                // The client disconnected before it was accepted.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => {
                    if warned_at.is_none_or(|at| at.elapsed() > WARNING_PERIOD) {
                        warned_at = Some(Instant::now());
                        tracing::warn!(%error, "connections cannot be accepted at times");
                    }
                    let files = [Errno::MFILE, Errno::NFILE].map(Errno::raw_os_error);
                    let lacks_files = error.raw_os_error().is_some_and(|no| files.contains(&no));
                    let evicted = lacks_files && self.connections.evict();
                    tokio::time::sleep(if evicted { EVICTED_DELAY } else { RETRY_DELAY }).await;
                }
            }
        }
    }

    async fn serve(&self, stream: TcpStream, peer: SocketAddr) {
        let Some((slot, evicted)) = self.connections.acquire(peer.ip()).await else {
            tracing::debug!("a connection was refused: every other has a request at work");
            return;
        };
        // Nagle's algorithm would only delay answers, which are written at once.
        let _ = stream.set_nodelay(true);
        // Registered with the runtime of the worker, and no longer with this one.
        let Ok(stream) = stream.into_std() else {
            return;
        };
        let tls = self.tls.clone();
        let context = Arc::new(Context {
            endpoint: Arc::clone(&self.endpoint),
            connections: Arc::clone(&self.connections),
            timeouts: self.timeouts,
            local: self.local.clone(),
            peer,
            scheme: tls.as_ref().map_or(Scheme::HTTP, |_| Scheme::HTTPS),
        });
        let connection = serve_connection(stream, tls, slot, context, self.stop.subscribe());
        self.workers.serve(async move {
            let _ = Abortable::new(connection, evicted).await;
        });
    }
}

/// Serves a connection until it ends. The handshake is part of the first head:
/// it has the same timeout, and its connection can be evicted like any other.
async fn serve_connection<E: Service>(
    stream: std::net::TcpStream,
    tls: Option<Arc<Tls>>,
    slot: Slot,
    context: Arc<Context<E>>,
    mut stop: watch::Receiver<()>,
) -> io::Result<()> {
    let deadline = Instant::now() + context.timeouts.head;
    let ssl = tls.map(|tls| tls.accept()).transpose()?;
    let mut socket = Socket::new(TcpStream::from_std(stream)?, ssl)?;
    tokio::select! {
        over = timeout_at(deadline, socket.handshake()) => over??,
        _ = stop.changed() => return Ok(()),
    }
    if socket.is_http2() {
        http2::serve(socket, slot, deadline, context, stop).await;
    } else {
        http1::serve(socket, slot, deadline, context, stop).await;
    }
    Ok(())
}
