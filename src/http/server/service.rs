//! What connections are served with, whichever version of HTTP they speak.

use std::{
    net::SocketAddr,
    pin::{Pin, pin},
    sync::Arc,
};

use hyper::{Request, StatusCode, body::Incoming};
use poem::{
    Addr, Endpoint,
    http::uri::Scheme,
    web::{LocalAddr, RemoteAddr},
};
use tokio::sync::watch;

use super::{connections::Connections, timeouts::Timeouts};

/// Most bytes of a request's head.
pub const MAX_HEAD: u16 = 32 * 1024;

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

/// What the requests of a connection have in common.
pub struct Context<E> {
    pub endpoint: Arc<E>,
    pub connections: Arc<Connections>,
    pub timeouts: Timeouts,
    pub local: LocalAddr,
    pub peer: SocketAddr,
    pub scheme: Scheme,
}

impl<E> Context<E> {
    /// A request as the endpoint takes it.
    pub fn request(&self, request: Request<Incoming>) -> poem::Request {
        let remote = RemoteAddr(Addr::SocketAddr(self.peer));
        (request, self.local.clone(), remote, self.scheme.clone()).into()
    }
}

/// Serves a connection to its end. What is under way is still answered after `stop`.
pub async fn finish<C: Future>(
    connection: C,
    mut stop: watch::Receiver<()>,
    shut_down: impl FnOnce(Pin<&mut C>),
) {
    let mut connection = pin!(connection);
    tokio::select! {
        // A client that disconnects early is not an error of the server.
        _ = connection.as_mut() => {}
        _ = stop.changed() => {
            shut_down(connection.as_mut());
            connection.await;
        }
    }
}
