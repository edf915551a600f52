//! A connection to PostgreSQL for tests, which wait for each answer.

use std::{
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
};

use tokio::runtime::Builder;
use tokio_postgres::{Client, Error, NoTls, SimpleQueryMessage};

/// Rows of columns, as text.
pub type Rows = Vec<Vec<Option<String>>>;

/// One connection. It lives on a thread of its own, since most who ask are
/// inside a runtime already.
pub struct Session {
    asked: SyncSender<String>,
    answers: Receiver<Result<Rows, Error>>,
}

impl Session {
    pub fn to(url: &str) -> Self {
        let (asked, questions) = sync_channel::<String>(1);
        let (answer, answers) = sync_channel(1);
        let url = url.to_owned();
        thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().unwrap();
            let connected = tokio_postgres::connect(&url, NoTls);
            let (client, connection) = runtime.block_on(connected).unwrap();
            runtime.spawn(connection);
            for sql in questions {
                let rows = runtime.block_on(ask(&client, &sql));
                if answer.send(rows).is_err() {
                    break;
                }
            }
        });
        Self { asked, answers }
    }

    /// Runs statements, and brings the rows of all of them.
    pub fn try_run(&self, sql: &str) -> Result<Rows, Error> {
        self.asked.send(sql.to_owned()).unwrap();
        self.answers.recv().unwrap()
    }

    /// The same, which must succeed.
    #[track_caller]
    pub fn run(&self, sql: &str) -> Rows {
        let rows = self.try_run(sql);
        rows.unwrap_or_else(|error| panic!("{sql}: {:?}", error.as_db_error()))
    }
}

async fn ask(client: &Client, sql: &str) -> Result<Rows, Error> {
    let messages = client.simple_query(sql).await?;
    let rows = messages.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    let text = |row: &tokio_postgres::SimpleQueryRow| {
        let columns = 0..row.len();
        columns.map(|at| row.get(at).map(str::to_owned)).collect()
    };
    Ok(rows.map(text).collect())
}
