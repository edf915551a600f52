//! What `invited serve` serves beside the API, each on a listener of its own.

use std::{net::TcpListener, sync::Arc};

use crate::{
    app::Reloadable,
    http::{
        self,
        server::{self, Connections, Timeouts, Workers},
    },
    tls::Tls,
};

/// Connections at once of those who watch.
const WATCHERS: usize = 16;
/// Connections at once of those who operate the service.
const OPERATORS: usize = 256;

/// Tells figures for as long as the service is there.
pub async fn tell(
    service: Arc<Reloadable>,
    tls: Option<Arc<Tls>>,
    listener: Option<TcpListener>,
    workers: &Workers,
) {
    let page = Arc::new(http::metrics::endpoint(service, tls));
    let connections = Arc::new(Connections::new(WATCHERS, WATCHERS, Vec::new()));
    beside(listener, None, page, connections, workers).await;
}

/// Serves operators, over TLS if the API is.
pub async fn administer(
    service: Arc<Reloadable>,
    tls: Option<Arc<Tls>>,
    listener: Option<TcpListener>,
    workers: &Workers,
) {
    let Some(listener) = listener else {
        return std::future::pending().await;
    };
    let router = Arc::new(http::admin_router(&service));
    let proxies = service.current().config.http.trusted_proxies.clone();
    let connections = Arc::new(Connections::new(OPERATORS, OPERATORS, proxies));
    beside(Some(listener), tls, router, connections, workers).await;
}

/// Serves an endpoint beside the API, if somebody is to listen for it, without end.
pub async fn beside<E: server::Service>(
    listener: Option<TcpListener>,
    tls: Option<Arc<Tls>>,
    endpoint: Arc<E>,
    connections: Arc<Connections>,
    workers: &Workers,
) {
    let listener = listener.and_then(|listener| tokio::net::TcpListener::from_std(listener).ok());
    let Some(listener) = listener else {
        return std::future::pending().await;
    };
    let (timeouts, never) = (Timeouts::default(), std::future::pending());
    server::serve(
        listener,
        tls,
        endpoint,
        connections,
        timeouts,
        workers,
        never,
    )
    .await;
}
