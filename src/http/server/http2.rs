//! HTTP/2 (RFC 9113): several requests at a time, over TLS alone.
//!
//! The crate h2 reads frames and keeps to the protocol. What clients could hold
//! or wear out is bounded here, by the same timeouts and caps as with HTTP/1.1.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context as Task, Poll, ready},
};

use h2::Reason;
use hyper::{Method, Request, Response, body::Incoming, server::conn::http2, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::watch,
    time::Instant,
};

use super::{
    bodies::{Answer, Arriving},
    connections::Slot,
    open_requests::{OpenRequest, OpenRequests},
    service::{Context, MAX_HEAD, Service, finish},
    socket::Socket,
    timeouts::{Timeouts, Timer},
};

/// Most open requests of a connection. Browsers open six connections for HTTP/1.1.
const MAX_OPEN: u32 = 16;
/// How many the server may have to reset. Before clients know of `MAX_OPEN`, some exceed it.
const MOST_RESET: usize = 100;
/// How many bytes of bodies may be under way to the server: what HTTP/2 begins with.
const WINDOW: u32 = 65_535;

/// Serves a connection until it ends. Its first request must be there at the deadline.
pub async fn serve<E: Service>(
    socket: Socket,
    slot: Slot,
    deadline: Instant,
    context: Arc<Context<E>>,
    stop: watch::Receiver<()>,
) {
    let open = Arc::new(OpenRequests::new(slot, deadline, context.timeouts));
    let stream = Stream {
        socket,
        open: Arc::clone(&open),
        timeouts: context.timeouts,
        timer: Timer::new(deadline),
        drain_deadline: None,
        is_full: false,
    };
    let requests = Arc::clone(&open);
    let service = service_fn(move |request: Request<Incoming>| {
        let context = Arc::clone(&context);
        let opened = requests.open(&context.connections, context.peer.ip());
        async move {
            // What was not begun may be sent again (RFC 9113, section 8.7).
            let opened = opened.ok_or(h2::Error::from(Reason::REFUSED_STREAM))?;
            Ok::<_, h2::Error>(answer(&context, Arc::new(opened), request).await)
        }
    });
    let connection = http2::Builder::new(TokioExecutor::new())
        .max_concurrent_streams(MAX_OPEN)
        .max_header_list_size(MAX_HEAD.into())
        .initial_connection_window_size(WINDOW)
        .initial_stream_window_size(WINDOW)
        .max_local_error_reset_streams(MOST_RESET)
        .serve_connection(TokioIo::new(stream), service);
    finish(connection, stop, |connection| {
        open.stop();
        connection.graceful_shutdown();
    })
    .await;
}

async fn answer<E: Service>(
    context: &Context<E>,
    open: Arc<OpenRequest>,
    request: Request<Incoming>,
) -> Response<Answer> {
    let mut request = context.request(request);
    let is_head = request.method() == Method::HEAD;
    let body = request.take_body();
    request.set_body(if body.is_empty() {
        body
    } else {
        Arriving::of(&open, body)
    });
    let mut response = context.endpoint.get_response(request).await;
    if is_head {
        // hyper leaves it away with HTTP/1.1 alone.
        response.set_body(());
    }
    Response::from(response).map(|body| Answer::new(open, body))
}

/// A connection, as hyper sees it.
struct Stream {
    // Declared first, so that it is closed before the slot is released.
    socket: Socket,
    open: Arc<OpenRequests>,
    timeouts: Timeouts,
    timer: Timer,
    /// When the client must have stopped sending, once the connection ends.
    drain_deadline: Option<Instant>,
    /// Whether the client does not read what is written.
    is_full: bool,
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Task<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let Poll::Ready(read) = Pin::new(&mut this.socket).poll_read(cx, buffer) else {
            return this.timer.poll(cx, this.open.deadline());
        };
        read?;
        Poll::Ready(this.open.receive(buffer.filled().len() - before))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Task<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.socket).poll_write(cx, bytes);
        this.is_full = written.is_pending();
        if this.is_full {
            return this.timer.poll(cx, this.open.deadline());
        }
        written
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Task<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_flush(cx)
    }

    /// In two stages, as with HTTP/1.1: or the last answers could be lost.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Task<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(Pin::new(&mut this.socket).poll_shutdown(cx))?;
        let soon = || Instant::now() + this.timeouts.drain;
        let deadline = *this.drain_deadline.get_or_insert_with(soon);
        if let Poll::Ready(late) = this.timer.poll(cx, deadline) {
            return Poll::Ready(late);
        }
        this.socket.poll_drain(cx)
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if self.is_full {
            // Or the kernel would keep for minutes what this client does not read.
            let _ = self.socket.tcp().set_zero_linger();
        }
    }
}
