//! The accept loop, with timeouts and caps on connections.
//!
//! poem's own server has neither. This one runs hyper over a `stream` with a
//! timeout for each part of a request (a client that is slow to send is cut
//! off, one between requests is not), and `connections` caps how many there
//! are. The rules for requests' framing are in `framing`, the timeout of bodies
//! is in `json`.

mod connections;
mod head;
mod idle_queue;
mod progress;
mod socket;
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
    progress::{Finding, Part, Progress},
    socket::Socket,
    stream::ClientStream,
};
use crate::tls::Tls;

/// Most bytes of a request's head.
const MAX_HEAD: usize = 32 * 1024;
/// How long to wait after an accept that failed.
const RETRY_DELAY: Duration = Duration::from_millis(100);
/// The same, where open files ran out and a connection was evicted.
const EVICTED_DELAY: Duration = Duration::from_millis(1);
/// How often the log says that accepts fail.
const WARNING_PERIOD: Duration = Duration::from_mins(1);

/// Marks a request whose head others on the path may read differently, in ways
/// that do not show in what hyper made of it.
#[derive(Debug, Clone, Copy)]
pub struct Ambiguous;

/// The endpoint that is served.
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
        graceful: GracefulShutdown::new(),
    };
    tokio::select! {
        () = stop => {}
        () = accept_loop.run(&listener) => {}
    }
    drop(listener);
    let finished = accept_loop.graceful.shutdown();
    if tokio::time::timeout(timeouts.stop, finished).await.is_err() {
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
    graceful: GracefulShutdown,
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
        let (tls, endpoint) = (self.tls.clone(), Arc::clone(&self.endpoint));
        let (timeouts, graceful) = (self.timeouts, self.graceful.watcher());
        let local = self.local.clone();
        self.workers.serve(async move {
            let scheme = tls.as_ref().map_or(Scheme::HTTP, |_| Scheme::HTTPS);
            let Ok(socket) = socket(stream, tls) else {
                return;
            };
            let progress = Arc::new(Progress::new());
            let unreadable = Arc::clone(&endpoint);
            let refuse = Box::new(move |status| unreadable.refuse(status, peer));
            let stream = ClientStream::new(socket, slot, Arc::clone(&progress), timeouts, refuse);
            let service = service_fn(move |request: Request<Incoming>| {
                // Tells the stream how long the body is, and asks what it saw in the head.
                let finding = progress.open(request.body().size_hint().exact());
                let remote = RemoteAddr(Addr::SocketAddr(peer));
                let request = poem::Request::from((request, local.clone(), remote, scheme.clone()));
                let (endpoint, progress) = (Arc::clone(&endpoint), Arc::clone(&progress));
                async move {
                    let response = match finding {
                        Finding::Cleartext => refuse_cleartext(&*endpoint, peer),
                        _ => answer(&*endpoint, &progress, finding, request).await,
                    };
                    Ok::<Response<_>, Infallible>(response.into())
                }
            });
            let connection = http1::Builder::new()
                // The stream has timeouts of its own.
                .header_read_timeout(None)
                .max_buf_size(MAX_HEAD)
                .max_header_size(MAX_HEAD)
                .half_close(true)
                .serve_connection(TokioIo::new(stream), service);
            // A client that disconnects early is not an error of the server.
            let _ = Abortable::new(graceful.watch(connection), evicted).await;
        });
    }
}

fn socket(stream: std::net::TcpStream, tls: Option<Arc<Tls>>) -> io::Result<Socket> {
    let ssl = tls.map(|tls| tls.accept()).transpose()?;
    Socket::new(TcpStream::from_std(stream)?, ssl)
}

/// Answers a request that anybody on the path could read: it is not handled, lest that go unnoticed.
fn refuse_cleartext(endpoint: &impl Service, peer: SocketAddr) -> poem::Response {
    let mut response = endpoint.refuse(StatusCode::BAD_REQUEST, peer);
    close(&mut response);
    response
}

/// Answers a request, with `Connection: close` when no other can follow it.
async fn answer<E>(
    endpoint: &E,
    progress: &Progress,
    finding: Finding,
    mut request: poem::Request,
) -> poem::Response
where
    E: Endpoint<Output = poem::Response>,
{
    if finding == Finding::Ambiguous {
        request.extensions_mut().insert(Ambiguous);
    }
    let mut response = endpoint.get_response(request).await;
    // The rest of a body is not read, so no request may follow it (RFC 9112, section 9.3).
    // The end of a chunked one may be elsewhere to others on the path.
    if *progress.part() != Part::Body(0) {
        close(&mut response);
    }
    response
}

fn close(response: &mut poem::Response) {
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
}
