//! The pool of connections: so many at once, each made when it is needed and
//! thrown away when it is of no use any more.

use deadpool::{
    Runtime,
    managed::{
        self, Metrics, Object, Pool, PoolError, QueueMode, RecycleError, RecycleResult, Timeouts,
    },
};
use std::{sync::Arc, time::Duration};
use tokio::task::spawn_blocking;

use super::{connection::Connection, error::Failure, server::Server};
use crate::domain::error::StoreError;

/// How long somebody waits for a connection.
const WAIT: Duration = Duration::from_secs(2);

/// A connection on loan.
pub type Loan = Object<Manager>;

/// Makes connections.
pub struct Manager {
    server: Arc<Server>,
    is_patient: bool,
}

/// Connections that are made when they are needed.
#[derive(Clone)]
pub struct Connections(Pool<Manager>);

impl Connections {
    /// To this server.
    pub fn new(server: &Server, is_patient: bool) -> Self {
        let manager = Manager {
            server: Arc::new(server.clone()),
            is_patient,
        };
        let timeouts = Timeouts {
            wait: Some(WAIT),
            create: Some(WAIT),
            recycle: None,
        };
        let pool = Pool::builder(manager)
            .max_size(server.connections)
            .timeouts(timeouts)
            // Those that were used last have their statements prepared.
            .queue_mode(QueueMode::Lifo)
            .runtime(Runtime::Tokio1)
            .build();
        Self(pool.expect("a runtime is named for the timeouts"))
    }

    /// One of them.
    pub async fn take(&self) -> Result<Loan, StoreError> {
        self.0.get().await.map_err(|error| match error {
            PoolError::Backend(failure) => failure.error,
            PoolError::Timeout(managed::TimeoutType::Wait) => StoreError::Overloaded,
            _ => Failure::silent().error,
        })
    }

    /// Throws away those that nobody has: when one is lost, they mostly are, too.
    pub fn forget_idle(&self) {
        self.0.retain(|_, _| false);
    }

    /// How many there are, and how many wait for one.
    pub fn load(&self) -> (usize, usize) {
        let status = self.0.status();
        (status.size, status.waiting)
    }
}

impl managed::Manager for Manager {
    type Type = Connection;
    type Error = Failure;

    async fn create(&self) -> Result<Connection, Failure> {
        let (server, is_patient) = (Arc::clone(&self.server), self.is_patient);
        let opening = spawn_blocking(move || Connection::open(&server, is_patient));
        opening.await.unwrap_or_else(|_| Err(Failure::silent()))
    }

    async fn recycle(&self, connection: &mut Connection, _: &Metrics) -> RecycleResult<Failure> {
        if connection.is_idle.get() && !connection.client().is_closed() {
            return Ok(());
        }
        Err(RecycleError::message("it is of no use any more"))
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for Failure {}
