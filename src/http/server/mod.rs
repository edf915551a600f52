//! The accept loop, and what keeps clients from holding the server.
//!
//! poem's own server has no clock and takes whoever comes. This one is
//! hyper's, over a `stream` that times each part of a request by itself (a
//! client who is slow to send is cut off, one who is between requests is not),
//! and a `connections` with a slot for so many and no more. How requests must
//! look is said in `framing`; how long bodies may take, in `json`.

mod connections;
mod head;
mod idle_queue;
mod progress;
mod stream;
mod timeouts;
mod unreadable;
mod workers;

use std::{convert::Infallible, future::Future, io, net::SocketAddr, sync::Arc, time::Duration};

use futures_util::future::Abortable;
use hyper::{
    Request, Response, StatusCode,
    body::{Body, Incoming},
    header::{CONNECTION, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::{rt::TokioIo, server::graceful::GracefulShutdown};
use poem::{
    Addr, Endpoint,
    http::uri::Scheme,
    web::{LocalAddr, RemoteAddr},
};
use rustix::io::Errno;
use tokio::{
    net::{TcpListener, TcpStream},
    time::Instant,
};

pub use self::{
    connections::{CLOSING, Connections},
    timeouts::Timeouts,
    workers::Workers,
};
use self::{
    progress::{Part, Progress},
    stream::ClientStream,
};

/// Most bytes of a request's head.
const HEADER: usize = 32 * 1024;
/// After an accept that failed.
const RESPITE: Duration = Duration::from_millis(100);
/// The same, for want of files, when somebody was told to go.
const THINNED: Duration = Duration::from_millis(1);
/// How often it is said that accepts fail.
const REMINDER: Duration = Duration::from_mins(1);

/// Marks a request whose head others on the path may read differently, in ways
/// that do not show in what hyper made of it.
#[derive(Debug, Clone, Copy)]
pub struct Ambiguous;

/// What is served.
pub trait Service: Endpoint<Output = poem::Response> + 'static {
    /// The answer, with this status, to what `peer` sent and cannot be read as a request.
    fn refuse(&self, status: StatusCode, peer: SocketAddr) -> poem::Response;
}

/// An endpoint whose refusals of what cannot be read are a bare status.
pub struct Plain<E>(pub E);

impl<E: Endpoint<Output = poem::Response>> Endpoint for Plain<E> {
    type Output = poem::Response;

    async fn call(&self, request: poem::Request) -> poem::Result<poem::Response> {
        self.0.call(request).await
    }
}

impl<E: Endpoint<Output = poem::Response> + 'static> Service for Plain<E> {
    fn refuse(&self, status: StatusCode, _: SocketAddr) -> poem::Response {
        poem::Response::builder().status(status).finish()
    }
}

/// Serves `endpoint` until `stop` is ready; then takes no new connections,
/// lets requests in flight finish, and returns.
pub async fn serve<E>(
    listener: TcpListener,
    endpoint: Arc<E>,
    connections: Arc<Connections>,
    timeouts: Timeouts,
    workers: &Workers,
    stop: impl Future<Output = ()>,
) where
    E: Service,
{
    let local = listener.local_addr().ok();
    let acceptor = Acceptor {
        endpoint,
        connections,
        timeouts,
        workers,
        local: LocalAddr(local.map_or_else(Addr::default, Addr::SocketAddr)),
        graceful: GracefulShutdown::new(),
    };
    tokio::select! {
        () = stop => {}
        () = acceptor.accept(&listener) => {}
    }
    drop(listener);
    let finished = acceptor.graceful.shutdown();
    if tokio::time::timeout(timeouts.stop, finished).await.is_err() {
        tracing::warn!("some requests did not finish in time");
    }
}

/// Where connections come in.
struct Acceptor<'w, E> {
    endpoint: Arc<E>,
    connections: Arc<Connections>,
    timeouts: Timeouts,
    workers: &'w Workers,
    local: LocalAddr,
    graceful: GracefulShutdown,
}

impl<E: Service> Acceptor<'_, E> {
    /// Accepts for ever.
    async fn accept(&self, listener: &TcpListener) {
        let mut said: Option<Instant> = None;
        loop {
            match listener.accept().await {
                Ok((stream, peer)) => self.admit(stream, peer).await,
                // Gone again before it was accepted.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => {
                    if said.is_none_or(|said| said.elapsed() > REMINDER) {
                        said = Some(Instant::now());
                        tracing::warn!(%error, "connections cannot be accepted at times");
                    }
                    let files = [Errno::MFILE, Errno::NFILE].map(Errno::raw_os_error);
                    let lacks_files = error.raw_os_error().is_some_and(|no| files.contains(&no));
                    let thinned = lacks_files && self.connections.thin();
                    tokio::time::sleep(if thinned { THINNED } else { RESPITE }).await;
                }
            }
        }
    }

    async fn admit(&self, stream: TcpStream, peer: SocketAddr) {
        let Some((slot, told)) = self.connections.enter(peer.ip()).await else {
            tracing::debug!("a connection was refused: every other has a request at work");
            return;
        };
        // Answers are small and whole; waiting to fill a packet only delays them.
        let _ = stream.set_nodelay(true);
        // Known to the thread that it is served by, and no longer to this one.
        let Ok(stream) = stream.into_std() else {
            return;
        };
        let (endpoint, local) = (Arc::clone(&self.endpoint), self.local.clone());
        let (timeouts, graceful) = (self.timeouts, self.graceful.watcher());
        self.workers.serve(async move {
            let Ok(stream) = TcpStream::from_std(stream) else {
                return;
            };
            let progress = Arc::new(Progress::new());
            let unreadable = Arc::clone(&endpoint);
            let refuse = Box::new(move |status| unreadable.refuse(status, peer));
            let stream = ClientStream::new(stream, slot, Arc::clone(&progress), timeouts, refuse);
            let service = service_fn(move |mut request: Request<Incoming>| {
                // The stream learns what hyper made of the head, and tells what it saw in it.
                if progress.open(request.body().size_hint().exact()) {
                    request.extensions_mut().insert(Ambiguous);
                }
                let peer = RemoteAddr(Addr::SocketAddr(peer));
                let request = poem::Request::from((request, local.clone(), peer, Scheme::HTTP));
                let (endpoint, progress) = (Arc::clone(&endpoint), Arc::clone(&progress));
                async move {
                    let response = answer(&*endpoint, &progress, request).await;
                    Ok::<Response<_>, Infallible>(response.into())
                }
            });
            let connection = http1::Builder::new()
                // The stream keeps the time.
                .header_read_timeout(None)
                .max_buf_size(HEADER)
                .max_header_size(HEADER)
                .half_close(true)
                .serve_connection(TokioIo::new(stream), service);
            // A client that goes away in the middle is nobody's failure.
            let _ = Abortable::new(graceful.watch(connection), told).await;
        });
    }
}

/// Has the request answered, and says so when nothing can follow it.
async fn answer<E>(endpoint: &E, progress: &Progress, request: poem::Request) -> poem::Response
where
    E: Endpoint<Output = poem::Response>,
{
    let mut response = endpoint.get_response(request).await;
    // What is left of a body is not waited for, so the client is told not to go on after it
    // (RFC 9112, section 9.3). Where one in chunks ends, others may see differently.
    if *progress.part() != Part::Body(0) {
        let headers = response.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}
