//! A connection for what is done before there is a pool.

use std::{future::Future, time::Duration};

use tokio::{
    runtime::{Builder, Runtime},
    time::timeout,
};
use tokio_postgres::{Client, SimpleQueryMessage, SimpleQueryRow};

use super::{error::reason, server::Server};
use crate::store::error::{Flaw, OpenError, ServerError};

/// How long a server may take to answer while somebody waits to start.
const PATIENCE: Duration = Duration::from_secs(10);

/// A connection for what is done before there is a pool.
pub struct Session {
    server: String,
    /// Drives the client.
    pub runtime: Runtime,
    /// Speaks to the server.
    pub client: Client,
}

impl Session {
    /// Connects, on a thread that may wait.
    pub fn open(server: &Server) -> Result<Self, OpenError> {
        let name = server.to_string();
        let failed = |reason: String| flaw(&name, Flaw::Closed(reason));
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| failed(error.to_string()))?;
        let tls = server.connector();
        let tls = tls.map_err(&failed)?;
        let mut config = server.config().clone();
        config.application_name("invited").connect_timeout(PATIENCE);
        let connecting = runtime.block_on(async { timeout(PATIENCE, config.connect(tls)).await });
        let connected = connecting.map_err(|_| failed("it does not answer".to_owned()))?;
        let (client, connection) = connected.map_err(|error| flaw(&name, refusal(&error)))?;
        runtime.spawn(async move { connection.await.unwrap_or(()) });
        Ok(Self {
            server: name,
            runtime,
            client,
        })
    }

    /// What is wrong with it.
    pub fn flaw(&self, what: Flaw) -> OpenError {
        flaw(&self.server, what)
    }

    /// What the server would not do.
    pub fn failed(&self, error: &tokio_postgres::Error) -> OpenError {
        self.flaw(Flaw::Closed(reason(error)))
    }

    /// Waits for it.
    pub fn run<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// Runs statements that answer nothing.
    pub fn execute(&self, sql: &str) -> Result<(), OpenError> {
        self.run(self.client.batch_execute(sql))
            .map_err(|error| self.failed(&error))
    }

    /// Whether it only speaks as PostgreSQL does.
    pub fn is_cockroach(&self) -> Result<bool, OpenError> {
        Ok(self.text("SELECT version()")?.contains("CockroachDB"))
    }

    /// The rows that a statement answers. Nothing is prepared: a pooler may be in between.
    pub fn rows(&self, sql: &str) -> Result<Vec<SimpleQueryRow>, OpenError> {
        let messages = self.run(self.client.simple_query(sql));
        let messages = messages.map_err(|error| self.failed(&error))?;
        let row = |message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        };
        Ok(messages.into_iter().filter_map(row).collect())
    }

    /// The one text that a statement answers.
    pub fn text(&self, sql: &str) -> Result<String, OpenError> {
        let rows = self.rows(sql)?;
        let text = rows.first().and_then(|row| row.get(0));
        Ok(text.unwrap_or_default().to_owned())
    }

    /// The one number that a statement answers, if it answers a row and that is one.
    pub fn number(&self, sql: &str) -> Result<Option<i64>, OpenError> {
        Ok(self.text(sql)?.parse().ok())
    }

    /// Whether there is such a table.
    pub fn has_table(&self, name: &str) -> Result<bool, OpenError> {
        let sql = format!(
            "SELECT CAST(count(*) AS BIGINT) FROM information_schema.tables
             WHERE table_schema = current_schema() AND table_name = '{name}'"
        );
        Ok(self.number(&sql)? == Some(1))
    }
}

/// Why nobody was let in.
fn refusal(error: &tokio_postgres::Error) -> Flaw {
    let reason = reason(error);
    match reason.split_once("certificate verify failed") {
        Some((_, why)) => {
            let why = why
                .rsplit_once(": ")
                .map_or("it cannot be verified", |(_, why)| why);
            Flaw::Certificate(why.to_owned())
        }
        None => Flaw::Closed(reason),
    }
}

fn flaw(server: &str, flaw: Flaw) -> OpenError {
    let server = server.to_owned();
    OpenError::Server(ServerError { server, flaw })
}
