//! The pool of connections: so many at once, each made when it is needed and
//! thrown away when it is of no use any more.
//!
//! After a failover all of them are made anew, while everybody waits. Few are
//! made at a time, so that each is there in time, and one that is there too late
//! for whoever asked is kept for who comes next: else a busy server never gets
//! out of making connections that nobody waits for any more.

use deadpool::{
    Runtime,
    managed::{
        self, Metrics, Object, Pool, PoolError, QueueMode, RecycleError, RecycleResult, Timeouts,
    },
};
use postgres_openssl::MakeTlsConnector;
use std::{
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{Semaphore, oneshot},
    task::spawn_blocking,
    time::{Instant, timeout_at},
};

use super::{connection::Connection, error::Failure, server::Server};
use crate::domain::error::StoreError;

/// How long somebody waits for others to give one back: who waits for longer
/// would have too little time left to make use of it.
const WAIT: Duration = Duration::from_secs(1);
/// How long somebody waits until one is made.
const MADE: Duration = Duration::from_secs(2);

/// So many connections are made at a time.
const MADE_AT_ONCE: usize = 4;

/// A connection on loan.
pub type Loan = Object<Manager>;

/// What connections have to do.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// How many there are.
    pub open: u64,
    /// How many of them are used.
    pub in_use: u64,
    /// How many there may be.
    pub most: u64,
    /// How many transactions wait for one.
    pub waiting: u64,
}

/// Makes connections.
#[derive(Clone)]
pub struct Manager(Arc<Making>);

struct Making {
    server: Server,
    is_patient: bool,
    tls: OnceLock<MakeTlsConnector>,
    /// The host that let somebody in last.
    host: AtomicUsize,
    /// So many may be made at a time.
    permits: Arc<Semaphore>,
    /// Those that were there too late for whoever asked.
    spare: Mutex<Vec<Connection>>,
}

/// Connections that are made when they are needed.
#[derive(Clone)]
pub struct Connections(Pool<Manager>);

impl Connections {
    /// To this server.
    pub fn new(server: &Server, is_patient: bool) -> Self {
        let manager = Manager(Arc::new(Making {
            server: server.clone(),
            is_patient,
            tls: OnceLock::new(),
            host: AtomicUsize::new(0),
            permits: Arc::new(Semaphore::new(MADE_AT_ONCE)),
            spare: Mutex::default(),
        }));
        let timeouts = Timeouts {
            wait: Some(WAIT),
            create: Some(MADE),
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

    /// One of them, until then.
    pub async fn take(&self, deadline: Instant) -> Result<Loan, StoreError> {
        let taken = timeout_at(deadline, self.0.get()).await;
        taken
            .map_err(|_| Failure::silent().error)?
            .map_err(|error| match error {
                PoolError::Backend(failure) => failure.error,
                PoolError::Timeout(managed::TimeoutType::Wait) => StoreError::Overloaded,
                _ => Failure::silent().error,
            })
    }

    /// Throws away those that nobody has: when one is lost, they mostly are, too.
    pub fn forget_idle(&self) {
        self.0.retain(|_, _| false);
    }

    /// What they have to do.
    pub fn load(&self) -> Load {
        let status = self.0.status();
        Load {
            open: status.size as u64,
            in_use: status.size.saturating_sub(status.available) as u64,
            most: status.max_size as u64,
            waiting: status.waiting as u64,
        }
    }
}

impl managed::Manager for Manager {
    type Type = Connection;
    type Error = Failure;

    async fn create(&self) -> Result<Connection, Failure> {
        let permit = Arc::clone(&self.0.permits).acquire_owned().await;
        if let Some(spare) = self.0.spare() {
            return Ok(spare);
        }
        let (making, (sender, made)) = (Arc::clone(&self.0), oneshot::channel());
        spawn_blocking(move || {
            if let Err(Ok(late)) = sender.send(making.open()) {
                making.spares().push(late);
            }
            drop(permit);
        });
        made.await.unwrap_or_else(|_| Err(Failure::silent()))
    }

    async fn recycle(&self, connection: &mut Connection, _: &Metrics) -> RecycleResult<Failure> {
        if connection.is_idle.get() && !connection.client().is_closed() {
            return Ok(());
        }
        Err(RecycleError::message("it is of no use any more"))
    }
}

impl Making {
    /// Asks one host after the other, first the one that was good last.
    fn open(&self) -> Result<Connection, Failure> {
        let (first, count) = (self.host.load(Ordering::Relaxed), self.server.hosts().len());
        let mut failure = Failure::silent();
        for host in (first..first + count).map(|host| host % count) {
            match Connection::open(&self.server, host, self.connector()?, self.is_patient) {
                Ok(connection) => {
                    self.host.store(host, Ordering::Relaxed);
                    return Ok(connection);
                }
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    fn connector(&self) -> Result<MakeTlsConnector, Failure> {
        if let Some(tls) = self.tls.get() {
            return Ok(tls.clone());
        }
        let tls = self.server.connector();
        let tls = tls.map_err(|error| Failure::broken(&error))?;
        Ok(self.tls.get_or_init(|| tls).clone())
    }

    fn spares(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn spare(&self) -> Option<Connection> {
        let mut spares = self.spares();
        std::iter::from_fn(|| spares.pop()).find(|spare| !spare.client().is_closed())
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for Failure {}
