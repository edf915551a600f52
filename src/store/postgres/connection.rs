//! A connection, with a runtime of its own: whoever has it drives it, on the
//! thread that waits for it anyway, so that an answer wakes one thread and not two.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    future::Future,
    time::Duration,
};

use futures_util::future::try_join_all;
use postgres_openssl::MakeTlsConnector;
use rand::RngExt;
use tokio::{
    runtime::{Builder, Runtime},
    time::{Instant, timeout, timeout_at},
};
use tokio_postgres::{Client, Statement};

#[cfg(debug_assertions)]
use super::plan;
use super::{error::Failure, server::Server};
use crate::clock::dice;

/// How long the way to a host may take.
const CONNECT: Duration = Duration::from_secs(1);
/// How long a host may take to let somebody in. One that hangs accepts connections all the same.
const LET_IN: Duration = Duration::from_secs(2);
/// Until data that was sent is acknowledged, or the host is taken for gone.
const ACKNOWLEDGED: Duration = Duration::from_secs(3);
/// What the server ends by itself: what is not asked for any more, a wait that
/// others are behind (a second is what it takes to find those who wait in a
/// circle), and a transaction of a node that stopped in its middle.
const TIMEOUTS: &str =
    "-c statement_timeout=3000 -c lock_timeout=1500 -c idle_in_transaction_session_timeout=5000";
/// How the server goes about what it is asked: each statement is planned once, and
/// by indexes, however few rows there are yet and whatever is known of them.
const PLANNING: &str = "-c plan_cache_mode=force_generic_plan -c enable_seqscan=off";
/// Rows of a counter that connections may add to: so many that hardly any two
/// have the same. Of these there are as many as connections that have counted.
const SHARDS: i64 = 1024;

/// A connection to the server.
pub struct Connection {
    runtime: Option<Runtime>,
    client: Client,
    statements: RefCell<HashMap<&'static str, Statement>>,
    /// Whether statements are prepared.
    pub prepares: bool,
    is_patient: bool,
    /// Which row of each counter it adds to.
    pub shard: i64,
    /// Whether no transaction is under way.
    pub is_idle: Cell<bool>,
}

impl Connection {
    /// Connects to a host. It waits, so it is for threads that may.
    pub fn open(
        server: &Server,
        host: usize,
        tls: MakeTlsConnector,
        is_patient: bool,
    ) -> Result<Self, Failure> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| Failure::broken(&error))?;
        let mut config = server.hosts()[host].clone();
        if let Some(password) = server.config().get_password() {
            config.password(password);
        }
        config
            .application_name("invited")
            .connect_timeout(CONNECT)
            .keepalives_idle(Duration::from_secs(10));
        config.tcp_user_timeout(ACKNOWLEDGED);
        if server.prepares && config.get_options().is_none() {
            let timeouts = if is_patient { "" } else { TIMEOUTS };
            config.options(format!("{PLANNING} {timeouts}"));
        }
        let connecting = runtime.block_on(async { timeout(LET_IN, config.connect(tls)).await });
        let (client, connection) = connecting.map_err(|_| Failure::silent())??;
        // It ends when the client does, and whatever befalls it the client hears.
        runtime.spawn(async move { connection.await.unwrap_or(()) });
        Ok(Self {
            runtime: Some(runtime),
            client,
            statements: RefCell::default(),
            prepares: server.prepares,
            is_patient,
            shard: dice().random_range(0..SHARDS),
            is_idle: Cell::new(true),
        })
    }

    /// Sets what [`TIMEOUTS`] set, for one transaction, where a pooler would not let them be set for all.
    pub fn limits(&self) -> Option<&'static str> {
        (!self.prepares && !self.is_patient).then_some(
            "SELECT set_config('statement_timeout', '3000', true), set_config('lock_timeout', '1500', true),
                    set_config('idle_in_transaction_session_timeout', '5000', true)",
        )
    }

    /// Waits for what has to do with this connection, but no longer than `until`.
    pub fn wait<T>(
        &self,
        until: Instant,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let runtime = self.runtime.as_ref().expect("it is there until the end");
        let work = async { timeout_at(until, work).await };
        runtime
            .block_on(work)
            .unwrap_or_else(|_| Err(Failure::silent()))
    }

    /// What speaks to the server.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The statement, which [`Self::prepare`] has prepared.
    pub fn statement(&self, sql: &'static str) -> Statement {
        self.statements.borrow()[sql].clone()
    }

    /// Prepares those of these statements that were not before, all at once.
    pub async fn prepare(&self, all: impl Iterator<Item = &'static str>) -> Result<(), Failure> {
        let mut new: Vec<_> = {
            let known = self.statements.borrow();
            all.filter(|sql| !known.contains_key(sql)).collect()
        };
        new.sort_unstable();
        new.dedup();
        if new.is_empty() {
            return Ok(());
        }
        let prepared = try_join_all(new.iter().map(|sql| self.client.prepare(sql))).await?;
        #[cfg(debug_assertions)]
        for (sql, statement) in new.iter().copied().zip(&prepared) {
            if let Some(step) = plan::scan(&self.client, sql, statement).await? {
                unreachable!("{step}, by {sql}");
            }
        }
        self.statements
            .borrow_mut()
            .extend(new.into_iter().zip(prepared));
        Ok(())
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // It may be dropped on a thread that must not wait.
            runtime.shutdown_background();
        }
    }
}
