//! Statements that wait until an answer is needed, and are then sent in one go.
//!
//! All answers are looked at, in order, since the COMMIT of a transaction that
//! failed succeeds: as a ROLLBACK. Those that were asked ahead are kept for
//! whoever asks the same, for as long as nothing changes what they are of.

use std::{
    cell::RefCell,
    future::{Future, poll_fn},
    pin::Pin,
    rc::Rc,
    task::Poll,
};

use futures_util::TryStreamExt;
use tokio_postgres::types::Type;

use super::{connection::Connection, error::Failure, value::Value};

/// Rows, or how many were changed.
pub type Rows = (Vec<tokio_postgres::Row>, u64);

/// An answer that is on its way.
type Waiting<'r> = Pin<Box<dyn Future<Output = Result<Rows, Failure>> + 'r>>;

/// A statement that is to be sent.
pub struct Request {
    sql: &'static str,
    params: Vec<Value>,
    /// The statement for whose answer its own is kept.
    ahead_of: Option<&'static str>,
}

impl Request {
    /// One whose answer nobody else asks for.
    pub fn new(sql: &'static str, params: Vec<Value>) -> Self {
        Self {
            sql,
            params,
            ahead_of: None,
        }
    }

    /// One whose answer is what `other` would be answered with the same parameters.
    pub fn ahead_of(self, other: &'static str) -> Self {
        Self {
            ahead_of: Some(other),
            ..self
        }
    }

    fn is_ahead_of(&self, sql: &str, params: &[Value]) -> bool {
        self.ahead_of == Some(sql) && self.params == params
    }
}

/// What waits to be sent, and what was asked ahead.
#[derive(Default)]
pub struct Pipeline {
    requests: RefCell<Vec<Request>>,
    answers: RefCell<Vec<(Request, Rc<Rows>)>>,
}

impl Pipeline {
    /// Has one more wait.
    pub fn push(&self, request: Request) {
        self.requests.borrow_mut().push(request);
    }

    /// Whether this is asked ahead already.
    pub fn is_asked(&self, sql: &str, params: &[Value]) -> bool {
        self.is_waiting(sql, params) || self.answer(sql, params).is_some()
    }

    /// Whether it waits to be sent.
    pub fn is_waiting(&self, sql: &str, params: &[Value]) -> bool {
        let requests = self.requests.borrow();
        requests.iter().any(|one| one.is_ahead_of(sql, params))
    }

    /// What was answered to it ahead.
    pub fn answer(&self, sql: &str, params: &[Value]) -> Option<Rc<Rows>> {
        let answers = self.answers.borrow();
        let found = answers.iter().find(|(one, _)| one.is_ahead_of(sql, params));
        found.map(|(_, rows)| Rc::clone(rows))
    }

    /// What was asked ahead of a table is not so any more once it is changed.
    pub fn forget(&self, sql: &'static str) {
        for table in changed_tables(sql) {
            let is_of_it = |one: &Request| one.sql.contains(table);
            self.answers.borrow_mut().retain(|(one, _)| !is_of_it(one));
            for one in self.requests.borrow_mut().iter_mut() {
                one.ahead_of = one.ahead_of.filter(|_| !is_of_it(one));
            }
        }
    }

    /// What was answered so far may be otherwise by now.
    pub fn forget_all(&self) {
        self.answers.borrow_mut().clear();
    }

    /// Of what was not sent yet, that which only asks ahead needs no answer.
    pub fn drop_ahead(&self) {
        let mut requests = self.requests.borrow_mut();
        requests.retain(|one| one.ahead_of != Some(one.sql));
    }

    /// Sends what waits and looks at every answer; the last one's is returned,
    /// unless it was asked ahead.
    pub async fn flush(&self, connection: &Connection) -> Result<Rows, Failure> {
        let requests = self.requests.take();
        let answers = send(connection, &requests).await?;
        let mut last = Rows::default();
        for (request, rows) in requests.into_iter().zip(answers) {
            last = Rows::default();
            match request.ahead_of {
                Some(_) => self.answers.borrow_mut().push((request, Rc::new(rows))),
                None => last = rows,
            }
        }
        Ok(last)
    }
}

/// Whether a statement changes anything.
pub fn is_change(sql: &'static str) -> bool {
    changed_tables(sql).next().is_some()
}

/// Sends one, and waits for its answer.
pub async fn ask(
    connection: &Connection,
    sql: &'static str,
    params: &[Value],
) -> Result<Rows, Failure> {
    let client = connection.client();
    let stream = if connection.prepares {
        client.query_raw(&connection.statement(sql), params).await?
    } else {
        let typed: Vec<(&Value, Type)> = params.iter().map(|one| (one, one.kind())).collect();
        client.query_typed_raw(sql, typed).await?
    };
    let mut stream = std::pin::pin!(stream);
    let mut rows = Vec::new();
    while let Some(row) = stream.try_next().await? {
        rows.push(row);
    }
    let count = stream.rows_affected().unwrap_or(0);
    Ok((rows, count))
}

/// Sends all of these and then waits for the answers, in order.
async fn send(connection: &Connection, requests: &[Request]) -> Result<Vec<Rows>, Failure> {
    if connection.prepares {
        let all = requests.iter().map(|request| request.sql);
        connection.prepare(all).await?;
    }
    let mut waiting: Vec<Waiting<'_>> = requests
        .iter()
        .map(|one| Box::pin(ask(connection, one.sql, &one.params)) as _)
        .collect();
    let mut early: Vec<Option<Result<Rows, Failure>>> = Vec::new();
    // Each is sent when it is polled first.
    poll_fn(|context| {
        let sent = waiting
            .iter_mut()
            .map(|one| match one.as_mut().poll(context) {
                Poll::Ready(outcome) => Some(outcome),
                Poll::Pending => None,
            });
        early = sent.collect();
        Poll::Ready(())
    })
    .await;
    let mut answers = Vec::with_capacity(requests.len());
    for (one, early) in waiting.into_iter().zip(early) {
        answers.push(match early {
            Some(outcome) => outcome?,
            None => one.await?,
        });
    }
    Ok(answers)
}

/// The tables that a statement changes.
fn changed_tables(sql: &'static str) -> impl Iterator<Item = &'static str> {
    ["INSERT INTO ", "UPDATE ", "DELETE FROM "]
        .into_iter()
        .flat_map(move |verb| {
            sql.match_indices(verb)
                .map(move |(at, _)| &sql[at + verb.len()..])
        })
        .filter_map(|rest| rest.split([' ', '\n', '(']).next())
        .filter(|table| !["SET", "SKIP", ""].contains(table) && *table != "NOWAIT")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tables(sql: &'static str) -> Vec<&'static str> {
        changed_tables(sql).collect()
    }

    #[test]
    fn it_is_known_what_a_statement_changes() {
        assert_eq!(
            tables("SELECT id FROM users WHERE id = $1 FOR UPDATE"),
            [""; 0]
        );
        assert_eq!(
            tables("SELECT id FROM locks FOR UPDATE SKIP LOCKED"),
            [""; 0]
        );
        assert_eq!(
            tables("INSERT INTO counters (id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET id = 2"),
            ["counters"]
        );
        assert_eq!(
            tables(
                "WITH moved AS (DELETE FROM misses RETURNING at) INSERT INTO sends(at) SELECT at FROM moved"
            ),
            ["sends", "misses"]
        );
        assert_eq!(tables("UPDATE users SET version = 1"), ["users"]);
    }

    #[test]
    fn a_lock_is_sent_whether_or_not_what_it_answers_is_asked_for() {
        let pipeline = Pipeline::default();
        pipeline.push(Request::new("SELECT 1 FOR UPDATE", Vec::new()).ahead_of("SELECT 1"));
        pipeline.push(Request::new("SELECT 2", Vec::new()).ahead_of("SELECT 2"));
        assert!(pipeline.is_waiting("SELECT 1", &[]) && pipeline.is_waiting("SELECT 2", &[]));
        pipeline.drop_ahead();
        assert!(pipeline.is_waiting("SELECT 1", &[]) && !pipeline.is_waiting("SELECT 2", &[]));
    }

    #[test]
    fn what_is_asked_ahead_of_a_table_is_forgotten_when_it_is_changed() {
        let pipeline = Pipeline::default();
        let (of_users, of_sends) = ("SELECT id FROM users", "SELECT id FROM sends");
        for sql in [of_users, of_sends] {
            pipeline.push(Request::new(sql, Vec::new()).ahead_of(sql));
        }
        pipeline.forget("UPDATE users SET version = 1");
        assert!(!pipeline.is_asked(of_users, &[]) && pipeline.is_asked(of_sends, &[]));
    }
}
