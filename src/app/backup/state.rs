//! What is known of the backups of a running service.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Mutex as Gate, OwnedMutexGuard},
    time::timeout,
};

use super::error::BackupError;
use crate::{domain::time::Timestamp, store::Progress};

/// How long one that is being made may take to end when the service does.
const PATIENCE: Duration = Duration::from_secs(2);

/// The backups of a running service: one at a time.
#[derive(Default)]
pub struct Backups {
    gate: Arc<Gate<()>>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    progress: Option<Arc<Progress>>,
    /// By target.
    figures: BTreeMap<String, Figures>,
    is_stopped: bool,
}

/// What there is to know from outside of those at one target.
#[derive(Debug, Clone, Copy, Default)]
pub struct Figures {
    /// When the last was made that was verified.
    pub verified_at: Option<Timestamp>,
    /// Whether one that was due was not made.
    pub is_failing: bool,
}

impl Backups {
    /// Begins one, which goes on until the guard is dropped.
    ///
    /// # Errors
    /// When another is being made, or the service stops.
    pub fn begin(&self) -> Result<(OwnedMutexGuard<()>, Arc<Progress>), BackupError> {
        let gate = Arc::clone(&self.gate).try_lock_owned();
        let guard = gate.map_err(|_| BackupError::Busy)?;
        let mut state = self.state();
        if state.is_stopped {
            return Err(BackupError::Stopped);
        }
        let progress = Arc::new(Progress::default());
        state.progress = Some(Arc::clone(&progress));
        Ok((guard, progress))
    }

    /// Notes what came of it.
    pub fn note(&self, target: &str, verified_at: Option<Timestamp>) {
        let mut state = self.state();
        state.progress = None;
        if verified_at.is_some() {
            let figures = Figures {
                verified_at,
                is_failing: false,
            };
            state.figures.insert(target.to_owned(), figures);
        }
    }

    /// Notes that one that was due was not made.
    pub fn note_failing(&self, target: &str) {
        let mut state = self.state();
        let figures = state.figures.entry(target.to_owned()).or_default();
        figures.is_failing = true;
    }

    /// Notes when the last was made by an earlier run.
    pub fn note_earlier(&self, target: &str, verified_at: Timestamp) {
        let mut state = self.state();
        let figures = state.figures.entry(target.to_owned()).or_default();
        figures.verified_at.get_or_insert(verified_at);
    }

    /// Forgets what there was to know of a target that is not one any more.
    pub fn forget(&self, target: &str) {
        self.state().figures.remove(target);
    }

    /// What there is to know of them, by target.
    pub fn figures(&self) -> BTreeMap<String, Figures> {
        self.state().figures.clone()
    }

    /// How far the one is that is being made: bytes that are done, and of how many.
    pub fn progress(&self) -> Option<(u64, u64)> {
        self.state().progress.as_ref().map(|one| one.so_far())
    }

    /// Lets none be made any more, and the one that is being made end.
    pub async fn stop(&self) {
        {
            let mut state = self.state();
            state.is_stopped = true;
            if let Some(progress) = &state.progress {
                progress.stop();
            }
        }
        // What is left of one that takes longer has no backup's name.
        let _ = timeout(PATIENCE, self.gate.lock()).await;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
