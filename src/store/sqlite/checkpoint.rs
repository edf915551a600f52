//! When the log is merged into the database (a checkpoint), and how long it
//! may get.
//!
//! A log that is long enough is merged beside the writer, which merges the
//! little that came last and then begins it anew in its place: a page that many
//! commits changed is written to the database once. A short one is merged now
//! and then ([`super::emptying`]).
//!
//! Somebody who holds a read transaction open keeps the log from being begun
//! anew: a backup or a check of ours, which gives up in time, or a shell. That
//! is told, and at some length nothing is written any more, before the disk is
//! full of it.

use std::{
    path::Path,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use rusqlite::Connection;

use super::{
    emptying::{Done, Emptying, Mode},
    error::{failed, is_full, unavailable},
    figures::{LogFigures, now},
    identity::{Displaced, Files},
    length::{Growth, Length},
    mark,
    merger::{Merger, State},
    transaction::Scope,
};
use crate::{
    domain::error::StoreError,
    store::{error::OpenError, lock::Lock},
};

/// How often the files are looked after.
pub const TICK: Duration = Duration::from_secs(1);
/// How long truncating waits for readers, while writers wait for it. Ours are done by then.
const BRIEFLY: Duration = Duration::from_millis(10);
/// How long anything else waits for the locks of others.
const PATIENTLY: Duration = Duration::from_secs(1);

/// The log, as the writer looks after it.
pub struct Log {
    /// To look at the log from within a transaction of the writer's connection.
    observer: Connection,
    files: Files,
    merger: Option<Merger>,
    growth: Growth,
    figures: Arc<LogFigures>,
    emptying: Emptying,
    ticked: Instant,
    /// What SQLite counts the commits of others by.
    version: i64,
}

impl Log {
    /// The log of the database at `path`, which `connection` writes to.
    pub fn of(
        path: &Path,
        connection: &Connection,
        observer: Connection,
        lock: Arc<Lock>,
        length: Length,
    ) -> Result<Self, StoreError> {
        let mut log = Self {
            growth: Growth::of(length, mark::frames(&observer).map_err(failed)?.0),
            files: Files::of(path, lock).map_err(unavailable)?,
            observer,
            merger: None,
            figures: Arc::default(),
            emptying: Emptying::default(),
            ticked: now(),
            version: version(connection).map_err(failed)?,
        };
        log.renew(connection)?;
        log.figures.look(log.files.log(), false);
        Ok(log)
    }

    /// The same, which is merged beside the writer.
    pub fn merged_beside(mut self, path: &Path) -> Result<Self, OpenError> {
        self.merger = Some(Merger::start(path, self.files.clone())?);
        Ok(self)
    }

    /// What there is to know of it.
    pub fn figures(&self) -> Arc<LogFigures> {
        Arc::clone(&self.figures)
    }

    /// Gives the file a state that no copy of it has, whoever wrote to it before.
    fn renew(&mut self, connection: &Connection) -> Result<(), StoreError> {
        self.wait_for_merger();
        mark::begin(connection, self.files.lock())?;
        mark::draw(connection).map_err(failed)?;
        self.merge_short(connection, Mode::Truncate)
    }

    /// Makes up for what others wrote, if they did: they draw no marks, and begin
    /// logs that do not say what they continue.
    fn make_up(&mut self, connection: &Connection) -> Result<bool, StoreError> {
        let version = version(connection).map_err(failed)?;
        let is_changed = std::mem::replace(&mut self.version, version) != version;
        if is_changed {
            tracing::info!("another program wrote to the database");
            self.renew(connection)?;
        }
        Ok(is_changed)
    }

    /// Begins a transaction that may write. If it would begin the log anew,
    /// another comes first, which says what the log continues.
    pub fn begin<'c>(&mut self, connection: &'c Connection) -> Result<Scope<'c>, StoreError> {
        self.make_up(connection)?;
        loop {
            let scope = Scope::begin(connection, "BEGIN IMMEDIATE").map_err(failed)?;
            // What is not merged by now will not have been when the transaction began.
            if !self.is_merged()? {
                return match self.growth.refusal() {
                    None => Ok(scope),
                    Some(too_long) => Err(unavailable(too_long)),
                };
            }
            drop(scope);
            mark::begin(connection, self.files.lock())?;
            // Readers may keep it from being begun anew; then it goes on.
            self.is_merged()?;
            self.rest_is_merged();
            self.growth.put_off();
        }
    }

    /// Fails if what was written is not where it belongs.
    pub fn check(&mut self, connection: &Connection) -> Result<(), StoreError> {
        // In this order: a log that others began does not say what it continues.
        self.make_up(connection)?;
        let merging = self.merging();
        let is_merging = matches!(merging, State::Merging | State::Merged);
        match self.files.displaced(is_merging).map_err(unavailable)? {
            None => Ok(()),
            // Unless they began one just now.
            Some(Displaced::Overwritten(_)) if self.make_up(connection)? => self.check(connection),
            Some(Displaced::Side { path, .. }) => {
                // The file itself is there. Unless somebody wrote to it, maybe to restore
                // it, what is in the log belongs into it.
                self.wait_for_merger();
                let is_ours = merging != State::Idle || self.files.is_as_noted();
                let is_merged = is_ours && self.merge(connection, Mode::Passive).unwrap_or(false);
                Err(unavailable(Displaced::Side { path, is_merged }))
            }
            Some(displaced) => Err(unavailable(displaced)),
        }
    }

    /// Looks after the log once a batch was answered.
    pub fn after(&mut self, connection: &Connection, done: Result<Done, &StoreError>) {
        match done {
            Ok(done) => self.emptying.note(done),
            // It may be the log that fills the disk. Merging it takes a little room, so it
            // is tried until there is some.
            Err(failure) if is_full(failure) => self.growth.hurry(),
            Err(_) => {}
        }
        if self.growth.is_due() {
            self.shorten(connection);
        }
    }

    /// Whether a tick is over.
    pub fn is_due(&self) -> bool {
        self.ticked.elapsed() >= TICK
    }

    /// Looks after the files, as once a second.
    pub fn tick(&mut self, connection: &Connection) -> Result<(), StoreError> {
        self.ticked = now();
        self.check(connection)?;
        if self.growth.is_due() {
            self.shorten(connection);
        }
        if let Some(mode) = self.emptying.tick()
            && self.merging() != State::Merging
        {
            self.merge_short(connection, mode)?;
        }
        self.figures.look(self.files.log(), self.growth.is_held());
        Ok(())
    }

    /// Puts everything into the database, so that it can be closed.
    pub fn finish(&mut self, connection: &Connection) -> Result<(), StoreError> {
        self.wait_for_merger();
        self.check(connection)?;
        self.merge(connection, Mode::Truncate).map(drop)
    }

    /// Merges the log without making anybody wait for a reader: all of it here,
    /// or what is left by the merger.
    fn shorten(&mut self, connection: &Connection) {
        if let Some(merger) = &self.merger {
            match merger.state() {
                State::Idle => return merger.begin(),
                // Faster than it can be merged it is not to grow.
                State::Merging if self.growth.is_excessive() => merger.wait(),
                State::Merging => return,
                State::Merged | State::Overwritten | State::Stopping => {}
            }
        }
        // If it fails, it is tried again.
        if let Ok(is_merged) = self.merge(connection, Mode::Passive) {
            self.growth.put_off();
            if !is_merged {
                self.growth.warn(self.figures.has_own_read());
            }
        }
    }

    /// Merges the log whatever its length, if that is possible soon.
    fn merge_short(&mut self, connection: &Connection, mode: Mode) -> Result<(), StoreError> {
        self.emptying.tried(mode, false);
        connection.busy_timeout(BRIEFLY).map_err(failed)?;
        let merged = self.merge(connection, mode);
        connection.busy_timeout(PATIENTLY).map_err(failed)?;
        let is_done = merged? && (mode == Mode::Passive || self.growth.frames == 0);
        self.emptying.tried(mode, is_done);
        Ok(())
    }

    /// Merges what can be merged, and says whether that was all.
    fn merge(&mut self, connection: &Connection, mode: Mode) -> Result<bool, StoreError> {
        let sql = match mode {
            Mode::Passive => "PRAGMA main.wal_checkpoint(PASSIVE)",
            Mode::Truncate => "PRAGMA main.wal_checkpoint(TRUNCATE)",
        };
        let counts = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(1)?, row.get::<_, i64>(2)?));
        let (frames, merged) = connection
            .prepare_cached(sql)
            .and_then(|mut merge| merge.query_row([], counts))
            .map_err(failed)?;
        // Negative while somebody else merges it.
        let Ok(length) = u32::try_from(frames) else {
            return Ok(false);
        };
        self.growth.frames = length;
        let held = if frames == merged { 0 } else { length };
        self.figures.held.store(held, Ordering::Relaxed);
        self.files.note().map_err(unavailable)?;
        self.rest_is_merged();
        if frames == merged {
            self.growth.note_merged();
        }
        Ok(frames == merged)
    }

    fn merging(&self) -> State {
        self.merger.as_ref().map_or(State::Idle, Merger::state)
    }

    fn rest_is_merged(&self) {
        if let Some(merger) = &self.merger {
            merger.rest_is_merged();
        }
    }

    fn wait_for_merger(&self) {
        if let Some(merger) = &self.merger {
            merger.wait();
        }
    }

    fn is_merged(&mut self) -> Result<bool, StoreError> {
        let (frames, merged) = mark::frames(&self.observer).map_err(failed)?;
        self.growth.frames = frames;
        Ok(frames == merged)
    }
}

fn version(connection: &Connection) -> rusqlite::Result<i64> {
    let mut version = connection.prepare_cached("PRAGMA data_version")?;
    version.query_row([], |row| row.get(0))
}
