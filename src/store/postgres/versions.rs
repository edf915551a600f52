//! Whether what a user is shown may have changed: a column of theirs, and a row
//! for everybody, which is raised where too many are shown it to look for them.
//!
//! It is asked for with each request that may be answered from memory, so
//! those who ask at the same time are answered together: while one statement
//! is under way, the others wait for the next.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;

use super::{
    begin::Mode,
    row::{Read, Row},
    run::Runner,
    transaction::Transaction,
    value::params,
};
use crate::{
    domain::{
        error::StoreError,
        session::Bearer,
        tx::Tx,
        user::UserId,
        version::{Version, Versions},
    },
    store::job::gone,
};

impl Versions for Transaction<'_> {
    fn version(&mut self, id: UserId) -> Result<Version, StoreError> {
        let version = self.one(
            "SELECT users.version + shared_version.version FROM users CROSS JOIN shared_version
             WHERE users.id = $1 AND shared_version.id = 1",
            params![id.0],
            |row| version(row, 0),
        )?;
        Ok(version.unwrap_or(Version(0)))
    }

    fn versions_in(&mut self, bearers: &[Bearer]) -> Result<Vec<Option<Version>>, StoreError> {
        let sessions: Vec<_> = bearers.iter().map(|bearer| bearer.session.0).collect();
        let rows = self.all(
            "SELECT sessions.id, sessions.user_id, users.version + shared_version.version
             FROM sessions JOIN users ON users.id = sessions.user_id CROSS JOIN shared_version
             WHERE sessions.id = ANY($1) AND shared_version.id = 1",
            params![sessions],
            |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?, version(row, 2)?)),
        )?;
        let rows: HashMap<_, _> = rows
            .into_iter()
            .map(|(session, user, version)| ((session, user), version))
            .collect();
        let of = |bearer: &Bearer| rows.get(&(bearer.session.0, bearer.user.0)).copied();
        Ok(bearers.iter().map(of).collect())
    }
}

impl Transaction<'_> {
    /// Comes last: whoever else raises it waits until this transaction ends.
    pub fn raise_shared_version(&self) -> Result<(), StoreError> {
        self.queue(
            "UPDATE shared_version SET version = version + 1 WHERE id = 1",
            params![],
        )
    }
}

fn version(row: &Row<'_>, column: usize) -> Read<Version> {
    Ok(Version(row.get::<i64>(column)?.unsigned_abs()))
}

/// Somebody who waits for a version.
type Waiting = (Bearer, oneshot::Sender<Result<Option<Version>, StoreError>>);

/// Reads versions for many at once.
#[derive(Clone, Default)]
pub struct VersionReader(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    waiting: Vec<Waiting>,
    is_reading: bool,
}

impl VersionReader {
    /// The version of a caller whose session has not ended.
    pub async fn read(
        &self,
        runner: &Runner,
        bearer: Bearer,
    ) -> Result<Option<Version>, StoreError> {
        let (answer, version) = oneshot::channel();
        let begins = {
            let mut state = self.state();
            state.waiting.push((bearer, answer));
            !std::mem::replace(&mut state.is_reading, true)
        };
        if begins {
            // Whoever asked first may hang up; the others wait all the same.
            tokio::spawn(self.clone().read_all(runner.clone()));
        }
        version.await.unwrap_or_else(|_| Err(gone()))
    }

    async fn read_all(self, runner: Runner) {
        while let Some(waiting) = self.next() {
            let bearers: Vec<_> = waiting.iter().map(|(bearer, _)| *bearer).collect();
            let ask = move |tx: &mut dyn Tx| tx.versions_in(&bearers);
            let versions: Result<_, StoreError> = runner.run(Mode::Single, ask).await;
            for (place, (_, answer)) in waiting.into_iter().enumerate() {
                let version = versions.as_ref().map(|versions| versions[place]);
                // Whoever asked may have hung up.
                let _ = answer.send(version.map_err(Clone::clone));
            }
            if let Err(error) = &versions {
                self.refuse(error);
            }
        }
    }

    /// Those who wait; when nobody does, the reading is over.
    fn next(&self) -> Option<Vec<Waiting>> {
        let mut state = self.state();
        state.is_reading = !state.waiting.is_empty();
        state.is_reading.then(|| std::mem::take(&mut state.waiting))
    }

    /// Those who came meanwhile would wait for as long again, and be told no more.
    fn refuse(&self, error: &StoreError) {
        for (_, answer) in self.state().waiting.drain(..) {
            let _ = answer.send(Err(error.clone()));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
