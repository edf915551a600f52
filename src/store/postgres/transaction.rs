//! A transaction, as the rules see it, over a connection that sends what it
//! can together.
//!
//! Statements wait ([`super::pipeline`]) until an answer is needed. The first
//! failure is remembered in case the rules make something else of it, and
//! nothing is sent after it.

use std::{
    cell::{Cell, RefCell},
    future::{Future, poll_fn},
    rc::Rc,
    task::Poll,
};

use tokio::{task::yield_now, time::Instant};

use super::{
    begin::{self, Mode},
    connection::Connection,
    error::Failure,
    pipeline::{Pipeline, Request, Rows, ask, is_change},
    row::{Read, Row},
    value::Value,
};
use crate::domain::{error::StoreError, lock::Subject};

/// A transaction under way.
pub struct Transaction<'c> {
    connection: &'c Connection,
    deadline: Instant,
    pipeline: Pipeline,
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
            pipeline: Pipeline::default(),
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
        self.pipeline.forget_all();
        for request in begin::locks(&new, true) {
            self.pipeline.push(request);
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
        let controls = controls.map(|sql| Request::new(sql, Vec::new()));
        for request in controls.chain(begin::locks(&subjects, !is_serializable)) {
            self.pipeline.push(request);
        }
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
        if self.asks_ahead.get() {
            if !self.pipeline.is_asked(sql, &params) {
                self.push(Request::new(sql, params).ahead_of(sql));
            }
            return Ok(Vec::new());
        }
        let rows = if let Some(rows) = self.asked_ahead(sql, &params)? {
            rows
        } else {
            if is_change(sql) {
                self.forget(sql);
            }
            self.push(Request::new(sql, params));
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
        self.push(Request::new(sql, params));
        match &*self.failure.borrow() {
            Some(failure) => Err(failure.error.clone()),
            None => Ok(()),
        }
    }

    fn push(&self, request: Request) {
        self.begin();
        self.pipeline.push(request);
    }

    fn asked_ahead(
        &self,
        sql: &'static str,
        params: &[Value],
    ) -> Result<Option<Rc<Rows>>, StoreError> {
        if self.mode == Mode::Write {
            // Its locks may bring the answer along.
            self.begin();
        }
        if self.pipeline.is_waiting(sql, params) {
            self.flush()?;
        }
        Ok(self.pipeline.answer(sql, params))
    }

    fn forget(&self, sql: &'static str) {
        self.has_changed.set(true);
        self.pipeline.forget(sql);
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
        let flushing = self.pipeline.flush(self.connection);
        let last = self.connection.wait(self.deadline, flushing);
        last.map_err(|failure| self.fail(failure))
    }

    /// Ends with what waits to be sent. What is asked after that begins anew.
    pub fn end_after(&self) {
        if self.has_begun.replace(false) && self.mode == Mode::Read {
            self.pipeline.push(Request::new("COMMIT", Vec::new()));
        }
    }

    /// Keeps what was done.
    pub fn commit(&self) -> Result<(), StoreError> {
        self.pipeline.drop_ahead();
        self.push(Request::new("COMMIT", Vec::new()));
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
