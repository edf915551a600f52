//! The transactions of a caller: each asks first whether the caller may still do
//! anything, and whether these are the first tokens of theirs to be used.

use std::sync::{Arc, Mutex, PoisonError};

use super::problem::{self, Problem};
use crate::domain::{
    error::StoreError,
    lock::Subject,
    session::{self, Bearer, Session},
    tx::Tx,
    user::{User, UserId},
    version::Version,
};

/// Why a caller's work was not done.
pub enum Stop {
    /// First it has to be written down that the caller's tokens are in use.
    FirstUse,
    /// It is refused.
    Refused(Problem),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

impl From<Stop> for Problem {
    fn from(stop: Stop) -> Self {
        match stop {
            // It was written down a moment ago.
            Stop::FirstUse => Self::new(&problem::INTERNAL),
            Stop::Refused(problem) => problem,
        }
    }
}

/// Asks for what is going to be read of a user.
pub type Ask = fn(&mut dyn Tx, UserId) -> Result<(), StoreError>;

/// How a transaction begins, before it asks who is calling.
#[derive(Clone)]
pub enum Begin {
    /// At once.
    Read,
    /// With the version of the user, and asking ahead.
    Ask(Ask),
    /// By saying what it decides on.
    Lock(Vec<Subject>),
}

impl Begin {
    fn run(&self, tx: &mut dyn Tx, bearer: Bearer) -> Result<Version, StoreError> {
        match self {
            Self::Read => {}
            Self::Lock(subjects) => tx.lock(subjects)?,
            Self::Ask(ask) => {
                tx.ahead_of_all(&mut |tx| {
                    tx.version(bearer.user)?;
                    session::authorize(tx, bearer)?;
                    ask(tx, bearer.user)
                })?;
                return tx.version(bearer.user);
            }
        }
        Ok(Version(0))
    }
}

/// What is to be done for a caller, once or twice.
pub struct Work<W> {
    bearer: Bearer,
    begin: Begin,
    closure: Arc<Mutex<W>>,
}

impl<W> Clone for Work<W> {
    fn clone(&self) -> Self {
        Self {
            bearer: self.bearer,
            begin: self.begin.clone(),
            closure: Arc::clone(&self.closure),
        }
    }
}

impl<W> Work<W> {
    /// Of this caller.
    pub fn of(bearer: Bearer, begin: Begin, work: W) -> Self {
        Self {
            bearer,
            begin,
            closure: Arc::new(Mutex::new(work)),
        }
    }

    /// Begins by asking whether the caller may still do anything.
    pub fn run<T>(self) -> impl FnMut(&mut dyn Tx) -> Result<T, Stop> + Send + 'static
    where
        W: FnMut(&mut dyn Tx, Version, Session, User) -> Result<T, Problem> + Send + 'static,
    {
        let Self {
            bearer,
            begin,
            closure,
        } = self;
        move |tx| {
            let version = begin.run(tx, bearer)?;
            match session::authorize(tx, bearer)? {
                Some((session, _)) if session::is_first_use(&session, bearer) => {
                    Err(Stop::FirstUse)
                }
                Some((session, user)) => {
                    let mut work = closure.lock().unwrap_or_else(PoisonError::into_inner);
                    work(tx, version, session, user).map_err(Stop::Refused)
                }
                None => Err(Stop::Refused(Problem::new(&problem::TOKEN_INVALID))),
            }
        }
    }
}
