//! A closure that waits to be run in a transaction, and the way to whoever asked.

use tokio::sync::oneshot;

use crate::domain::{error::StoreError, tx::Tx};

/// A closure, with its outcome's type hidden.
pub trait Job: Send {
    /// Runs it, and says whether its changes are to be kept.
    fn run(&mut self, tx: &mut dyn Tx) -> bool;
    /// Answers its caller, now that the commit succeeded or failed.
    fn settle(self: Box<Self>, commit: Result<(), StoreError>);
    /// Whether it only tries whether the store can write.
    fn is_probe(&self) -> bool;
}

/// The closure.
pub struct Work<F, T, E> {
    closure: F,
    outcome: Option<Result<T, E>>,
    answer: oneshot::Sender<Result<T, E>>,
    is_probe: bool,
}

impl<F, T, E> Work<F, T, E> {
    /// What `closure` comes to goes to `answer`.
    pub fn new(closure: F, answer: oneshot::Sender<Result<T, E>>) -> Self {
        Self {
            closure,
            outcome: None,
            answer,
            is_probe: false,
        }
    }

    /// The same, for a closure that only tries whether the store can write.
    pub fn probe(closure: F, answer: oneshot::Sender<Result<T, E>>) -> Self {
        Self {
            is_probe: true,
            ..Self::new(closure, answer)
        }
    }
}

impl<F, T, E> Job for Work<F, T, E>
where
    F: FnMut(&mut dyn Tx) -> Result<T, E> + Send,
    T: Send,
    E: From<StoreError> + Send,
{
    fn run(&mut self, tx: &mut dyn Tx) -> bool {
        let outcome = (self.closure)(tx);
        let keep = outcome.is_ok();
        self.outcome = Some(outcome);
        keep
    }

    fn settle(self: Box<Self>, commit: Result<(), StoreError>) {
        let Self {
            closure,
            outcome,
            answer,
            ..
        } = *self;
        // Who has the answer may count on nobody else holding what went into the work.
        drop(closure);
        let outcome = match (commit, outcome) {
            (Err(failed), _) => Err(failed.into()),
            (Ok(()), Some(outcome)) => outcome,
            (Ok(()), None) => Err(gone().into()),
        };
        // Whoever asked may have hung up; what was committed stays committed.
        let _ = answer.send(outcome);
    }

    fn is_probe(&self) -> bool {
        self.is_probe
    }
}

/// The work was given up.
pub fn gone() -> StoreError {
    StoreError::Broken("the work was given up, most likely by a panic".to_owned())
}
