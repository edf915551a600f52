//! The accept loop. poem's own server installs no timer, so that a client who
//! never finishes a request's head holds a connection for ever; this one is
//! hyper's, with a clock. Clients who do not read their answers are not yet
//! timed.

use std::{convert::Infallible, future::Future, net::SocketAddr, sync::Arc, time::Duration};

use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use poem::{
    Addr, Endpoint,
    http::uri::Scheme,
    web::{LocalAddr, RemoteAddr},
};
use tokio::net::{TcpListener, TcpStream};

/// How long a connection may be silent before or between requests.
const IDLE: Duration = Duration::from_mins(1);
/// Most bytes of a request's head; hyper answers 431 beyond.
const HEADER: usize = 32 * 1024;
/// How long requests in flight may take once the server is asked to stop.
const FAREWELL: Duration = Duration::from_secs(8);
/// After an accept that failed (out of descriptors, mostly): time for some to come free.
const RESPITE: Duration = Duration::from_millis(100);

/// Serves `endpoint` until `stop` is ready; then takes no new connections,
/// lets requests in flight finish, and returns.
pub async fn serve<E>(listener: TcpListener, endpoint: Arc<E>, stop: impl Future<Output = ()>)
where
    E: Endpoint<Output = poem::Response> + 'static,
{
    let graceful = GracefulShutdown::new();
    let local = listener.local_addr().ok();
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => connect(stream, peer, local, &endpoint, &graceful),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(RESPITE).await;
                }
            },
        }
    }
    drop(listener);
    if tokio::time::timeout(FAREWELL, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("some requests did not finish in time");
    }
}

fn connect<E>(
    stream: TcpStream,
    peer: SocketAddr,
    local: Option<SocketAddr>,
    endpoint: &Arc<E>,
    graceful: &GracefulShutdown,
) where
    E: Endpoint<Output = poem::Response> + 'static,
{
    // Answers are small and whole; waiting to fill a packet only delays them.
    let _ = stream.set_nodelay(true);
    let endpoint = Arc::clone(endpoint);
    let local = LocalAddr(local.map_or_else(Addr::default, Addr::SocketAddr));
    let service = service_fn(move |request: Request<Incoming>| {
        let endpoint = Arc::clone(&endpoint);
        let addresses = (local.clone(), RemoteAddr(Addr::SocketAddr(peer)));
        async move {
            let request = poem::Request::from((request, addresses.0, addresses.1, Scheme::HTTP));
            Ok::<Response<_>, Infallible>(endpoint.get_response(request).await.into())
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(IDLE)
        .max_buf_size(HEADER)
        .half_close(true)
        .serve_connection(TokioIo::new(stream), service);
    let connection = graceful.watch(connection);
    tokio::spawn(async move {
        // A client that goes away in the middle is nobody's failure.
        let _ = connection.await;
    });
}
