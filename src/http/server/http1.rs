//! HTTP/1.1 (RFC 9112): one request at a time.

use std::{convert::Infallible, sync::Arc};

use hyper::{
    Request, Response, StatusCode,
    body::{Body, Incoming},
    header::{CONNECTION, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{sync::watch, time::Instant};

use super::{
    connections::Slot,
    progress::{Finding, Part, Progress},
    service::{Ambiguous, Context, MAX_HEAD, Service, finish},
    socket::Socket,
    stream::ClientStream,
};

/// Serves a connection until it ends. Its first head must be there at the deadline.
pub async fn serve<E: Service>(
    socket: Socket,
    slot: Slot,
    deadline: Instant,
    context: Arc<Context<E>>,
    stop: watch::Receiver<()>,
) {
    let (peer, timeouts) = (context.peer, context.timeouts);
    let (progress, unreadable) = (Arc::new(Progress::new()), Arc::clone(&context.endpoint));
    let refuse = Box::new(move |status| unreadable.refuse(status, peer));
    let seen = Arc::clone(&progress);
    let stream = ClientStream::new(socket, slot, deadline, seen, timeouts, refuse);
    let service = service_fn(move |request: Request<Incoming>| {
        // Tells the stream how long the body is, and asks what it saw in the head.
        let finding = progress.open(request.body().size_hint().exact());
        let (context, progress) = (Arc::clone(&context), Arc::clone(&progress));
        async move {
            let response = match finding {
                Finding::Cleartext => refuse_cleartext(&context),
                _ => answer(&context, &progress, finding, request).await,
            };
            Ok::<Response<_>, Infallible>(response.into())
        }
    });
    let connection = http1::Builder::new()
        // The stream has timeouts of its own.
        .header_read_timeout(None)
        .max_buf_size(MAX_HEAD.into())
        .max_header_size(MAX_HEAD.into())
        .half_close(true)
        .serve_connection(TokioIo::new(stream), service);
    finish(connection, stop, http1::Connection::graceful_shutdown).await;
}

/// Answers a request that anybody on the path could read: it is not handled, lest that go unnoticed.
fn refuse_cleartext<E: Service>(context: &Context<E>) -> poem::Response {
    let refused = context
        .endpoint
        .refuse(StatusCode::BAD_REQUEST, context.peer);
    closing(refused)
}

/// Answers a request, with `Connection: close` when no other can follow it.
async fn answer<E: Service>(
    context: &Context<E>,
    progress: &Progress,
    finding: Finding,
    request: Request<Incoming>,
) -> poem::Response {
    let mut request = context.request(request);
    if finding == Finding::Ambiguous {
        request.extensions_mut().insert(Ambiguous);
    }
    let response = context.endpoint.get_response(request).await;
    // The rest of a body is not read, so no request may follow it (RFC 9112, section 9.3).
    // The end of a chunked one may be elsewhere to others on the path.
    if *progress.part() == Part::Body(0) {
        response
    } else {
        closing(response)
    }
}

fn closing(mut response: poem::Response) -> poem::Response {
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    response
}
