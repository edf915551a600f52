//! A transaction, as the rules see it, over a connection that sends what it
//! can together.
//!
//! Statements wait here until an answer is needed, and are then sent in one
//! go. All answers are looked at, in order, since the COMMIT of a transaction
//! that failed succeeds: as a ROLLBACK. The first failure is remembered in case
//! the rules make something else of it, and nothing is sent after it.

use std::{
    cell::{Cell, RefCell},
    future::{Future, poll_fn},
    pin::Pin,
    rc::Rc,
    task::Poll,
};

use futures_util::TryStreamExt;
use tokio::{task::yield_now, time::Instant};
use tokio_postgres::types::Type;

use super::{
    begin::{self, Mode},
    connection::Connection,
    error::Failure,
    row::{Read, Row},
    value::Value,
};
use crate::domain::{error::StoreError, lock::Subject};

/// An answer that is on its way.
type Waiting<'r> = Pin<Box<dyn Future<Output = Result<Rows, Failure>> + 'r>>;

/// Rows, or how many were changed.
type Rows = (Vec<tokio_postgres::Row>, u64);

/// A statement that is to be sent.
struct Request {
    sql: &'static str,
    params: Vec<Value>,
    /// Whether its answer is kept for whoever will ask the same.
    is_ahead: bool,
}

impl Request {
    fn new(sql: &'static str, params: Vec<Value>) -> Self {
        Self {
            sql,
            params,
            is_ahead: false,
        }
    }
}

/// A transaction under way.
pub struct Transaction<'c> {
    connection: &'c Connection,
    deadline: Instant,
    requests: RefCell<Vec<Request>>,
    /// What was asked ahead, for as long as it is so.
    answers: RefCell<Vec<(Request, Rc<Rows>)>>,
    failure: RefCell<Option<Failure>>,
    mode: Mode,
    /// What it decides on, before it begins.
    subjects: RefCell<Vec<Subject>>,
    /// Whether it asks ahead at this moment.
    pub asks_ahead: Cell<bool>,
    has_begun: Cell<bool>,
    has_changed: Cell<bool>,
}

impl<'c> Transaction<'c> {
    /// One that is not begun before the first statement.
    pub fn new(connection: &'c Connection, mode: Mode, deadline: Instant) -> Self {
        Self {
            connection,
            deadline,
            requests: RefCell::default(),
            answers: RefCell::default(),
            failure: RefCell::default(),
            mode,
            subjects: RefCell::default(),
            asks_ahead: Cell::new(false),
            has_begun: Cell::new(false),
            has_changed: Cell::new(false),
        }
    }

    /// The first failure, if there was one.
    pub fn failure(&self) -> Option<Failure> {
        self.failure.borrow().clone()
    }

    /// Whether it has changed anything.
    pub fn has_changed(&self) -> bool {
        self.has_changed.get()
    }

    /// Whether there is anything to end.
    pub fn has_begun(&self) -> bool {
        self.has_begun.get() && self.mode != Mode::Single
    }

    /// Has others wait that decide on one of these.
    pub fn decide_on(&self, subjects: &[Subject]) -> Result<(), StoreError> {
        let mut decided = self.subjects.borrow_mut();
        let new = subjects.iter().filter(|one| !decided.contains(one));
        let new: Vec<_> = new.copied().collect();
        decided.extend(&new);
        if !self.has_begun.get() {
            return Ok(());
        }
        if new.contains(&Subject::Invitations) {
            let late = "invitations are decided on after the first read";
            return Err(self.fail(Failure::broken(&late)));
        }
        for (sql, params) in begin::locks(&new, true) {
            self.push(sql, params, false);
        }
        Ok(())
    }

    /// Begins, with locks on what it decides on.
    fn begin(&self) {
        if self.has_begun.replace(true) {
            return;
        }
        let mut subjects = self.subjects.borrow_mut();
        subjects.sort_unstable();
        let is_serializable = subjects.contains(&Subject::Invitations);
        if is_serializable {
            // Of two who each hold their own row, both would wait for the other's. Who
            // changes a row first wins, and the others run again.
            subjects.retain(|one| !matches!(one, Subject::User(_)));
        }
        let begin = begin::statement(self.mode, is_serializable);
        let limits = begin.and_then(|_| self.connection.limits());
        let controls = begin.into_iter().chain(limits);
        let controls = controls.map(|sql| (sql, Vec::new()));
        let statements = controls.chain(begin::locks(&subjects, !is_serializable));
        let requests = statements.map(|(sql, params)| Request::new(sql, params));
        self.requests.borrow_mut().extend(requests);
    }

    /// The shard of counters that this connection adds to.
    pub fn shard(&self) -> i64 {
        self.connection.shard
    }

    /// The one row, or none. Sends what waits, and waits for it.
    pub fn one<T>(
        &self,
        sql: &'static str,
        params: Vec<Value>,
        read: fn(&Row<'_>) -> Read<T>,
    ) -> Result<Option<T>, StoreError> {
        Ok(self.all(sql, params, read)?.into_iter().next())
    }

    /// Every row. Sends what waits, and waits for it.
    pub fn all<T>(
        &self,
        sql: &'static str,
        params: Vec<Value>,
        read: fn(&Row<'_>) -> Read<T>,
    ) -> Result<Vec<T>, StoreError> {
        let is_change = changed_tables(sql).next().is_some();
        if self.asks_ahead.get() {
            self.ask_ahead(sql, params);
            return Ok(Vec::new());
        }
        let rows = if let Some(rows) = self.asked_ahead(sql, &params)? {
            rows
        } else {
            if is_change {
                self.forget(sql);
            }
            self.push(sql, params, false);
            Rc::new(self.flush()?)
        };
        let read = rows.0.iter().map(|row| read(&Row(row)));
        let read: Read<Vec<T>> = read.collect();
        read.map_err(|unreadable| self.fail(Failure::broken(&unreadable)))
    }

    /// Changes rows, and says how many. Sends what waits, and waits for it.
    pub fn change(&self, sql: &'static str, params: Vec<Value>) -> Result<u64, StoreError> {
        self.queue(sql, params)?;
        let (_, count) = self.flush()?;
        Ok(count)
    }

    /// Changes rows, some time before the next answer or the end.
    pub fn queue(&self, sql: &'static str, params: Vec<Value>) -> Result<(), StoreError> {
        debug_assert!(!self.asks_ahead.get(), "{sql} asks nothing");
        self.forget(sql);
        self.push(sql, params, false);
        match &*self.failure.borrow() {
            Some(failure) => Err(failure.error.clone()),
            None => Ok(()),
        }
    }

    fn push(&self, sql: &'static str, params: Vec<Value>, is_ahead: bool) {
        self.begin();
        let request = Request::new(sql, params);
        self.requests.borrow_mut().push(Request {
            is_ahead,
            ..request
        });
    }

    fn ask_ahead(&self, sql: &'static str, params: Vec<Value>) {
        let is_same = |one: &Request| one.is_ahead && one.sql == sql && one.params == params;
        let is_asked = self.requests.borrow().iter().any(is_same)
            || self.answers.borrow().iter().any(|(one, _)| is_same(one));
        if !is_asked {
            self.push(sql, params, true);
        }
    }

    fn asked_ahead(&self, sql: &str, params: &[Value]) -> Result<Option<Rc<Rows>>, StoreError> {
        let is_it = |one: &Request| one.is_ahead && one.sql == sql && one.params == params;
        if self.requests.borrow().iter().any(is_it) {
            self.flush()?;
        }
        let answers = self.answers.borrow();
        let found = answers.iter().find(|(one, _)| is_it(one));
        Ok(found.map(|(_, rows)| Rc::clone(rows)))
    }

    /// What was asked ahead of a table is not so any more once it is changed.
    fn forget(&self, sql: &'static str) {
        self.has_changed.set(true);
        for table in changed_tables(sql) {
            let is_of_it = |one: &Request| one.sql.contains(table);
            self.answers.borrow_mut().retain(|(one, _)| !is_of_it(one));
            for one in self.requests.borrow_mut().iter_mut() {
                one.is_ahead &= !is_of_it(one);
            }
        }
    }

    fn fail(&self, failure: Failure) -> StoreError {
        let error = failure.error.clone();
        self.failure.borrow_mut().get_or_insert(failure);
        error
    }

    /// Sends what waits and looks at every answer; the last one's is returned.
    pub fn flush(&self) -> Result<Rows, StoreError> {
        if let Some(failure) = &*self.failure.borrow() {
            return Err(failure.error.clone());
        }
        let requests = std::mem::take(&mut *self.requests.borrow_mut());
        let answered = self
            .connection
            .wait(self.deadline, send(self.connection, &requests));
        let mut answers = answered.map_err(|failure| self.fail(failure))?;
        let last = answers.pop().unwrap_or_default();
        let mut requests = requests.into_iter();
        let mut kept = self.answers.borrow_mut();
        for rows in answers {
            let request = requests.next();
            kept.extend(
                request
                    .filter(|one| one.is_ahead)
                    .map(|one| (one, Rc::new(rows))),
            );
        }
        match requests.next().filter(|one| one.is_ahead) {
            Some(request) => kept.push((request, Rc::new(last))),
            None => return Ok(last),
        }
        Ok(Rows::default())
    }

    /// Ends with what waits to be sent. What is asked after that begins anew.
    pub fn end_after(&self) {
        if self.has_begun.replace(false) && self.mode == Mode::Read {
            let end = Request::new("COMMIT", Vec::new());
            self.requests.borrow_mut().push(end);
        }
    }

    /// Keeps what was done.
    pub fn commit(&self) -> Result<(), StoreError> {
        // What was asked ahead and nobody asked for needs no answer.
        self.requests.borrow_mut().retain(|one| !one.is_ahead);
        self.push("COMMIT", Vec::new(), false);
        self.flush().map(drop)
    }

    /// Ends it, whatever was done. Whether the server hears of it nobody waits for.
    pub fn leave(&self, end: &'static str) -> Result<(), Failure> {
        self.connection.wait(self.deadline, async {
            if self.connection.prepares {
                self.connection.prepare([end].into_iter()).await?;
            }
            let mut end = Box::pin(ask(self.connection, end, &[]));
            poll_fn(|context| {
                let _ = end.as_mut().poll(context);
                Poll::Ready(())
            })
            .await;
            // Once more round the runtime, which is what sends it.
            yield_now().await;
            Ok(())
        })
    }
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

async fn ask(
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
}
