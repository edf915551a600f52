//! The backups of a running service: one when an operator asks for it, and one
//! every so often, of which those are removed that need not be kept.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::Duration,
};

use tokio::{sync::oneshot, time::MissedTickBehavior};

use super::{BackupError, Made, Order, folder::Place};
use crate::{
    app::{App, Reloadable},
    domain::time::Timestamp,
    store::{Location, Progress},
};

/// How often it is looked whether a backup is due.
const TICK: Duration = Duration::from_secs(1);
/// How long after a failure it is tried again at the latest.
const AGAIN: Duration = Duration::from_mins(10);
/// How often a failure that lasts is told.
const TOLD: Duration = Duration::from_hours(1);
/// How much more than the service itself a backup lets others go first.
const NICENESS: i32 = 10;

/// Makes one now, on a thread of its own.
///
/// # Errors
/// When there is none.
pub async fn back_up(app: &Arc<App>, to: PathBuf) -> Result<Made, BackupError> {
    let (guard, progress) = app.backups.begin()?;
    let (answer, made) = oneshot::channel();
    let (own, now) = (app.clone(), app.now());
    let work = move || {
        // Linux counts niceness by thread.
        let _ = rustix::process::nice(NICENESS);
        let made = make(&own, &to, now, &progress);
        own.backups.note(made.is_ok().then_some(now));
        // The service first: who waits for the guard may be about to close the store.
        drop(own);
        drop(guard);
        // Whoever asked may have gone.
        let _ = answer.send(made);
    };
    let thread = thread::Builder::new().name("backup".to_owned());
    let spawned = thread.spawn(work).map(drop);
    spawned.map_err(BackupError::io(Path::new("a thread")))?;
    made.await.unwrap_or(Err(BackupError::Broken))
}

fn make(
    app: &App,
    to: &Path,
    now: Timestamp,
    progress: &Arc<Progress>,
) -> Result<Made, BackupError> {
    let order = Order {
        config: &app.config,
        keys: app.keys(),
        to,
        now,
        dice: app.dice,
        progress,
    };
    let made = order.make(|to, progress| app.store.copy(to, progress))?;
    let (path, bytes) = (made.path.display(), made.bytes);
    let seconds = app.now().since(now).as_secs();
    tracing::info!(%path, bytes, seconds, "made a backup, and verified it");
    Ok(made)
}

/// Makes one whenever it is due, for as long as it is polled.
pub async fn back_up_regularly(service: Arc<Reloadable>) {
    let mut not_before = Timestamp::default();
    let mut seconds = tokio::time::interval(TICK);
    seconds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        seconds.tick().await;
        let app = service.current();
        let Some(to) = app
            .config
            .backup
            .to
            .clone()
            .filter(|_| app.now() >= not_before)
        else {
            continue;
        };
        let Location::Sqlite(database) = &app.config.server.database;
        match back_up_if_due(&app, &Place::of(database, &to), &to).await {
            Ok(due_at) => not_before = due_at,
            Err(BackupError::Busy | BackupError::Stopped) => {}
            Err(error) => {
                app.backups.note_failing();
                not_before = app.now() + AGAIN.min(app.config.backup.every);
                if app.log_throttle.is_due_every(TOLD, "backup", app.now()) {
                    tracing::error!(%error, "no backup was made");
                }
            }
        }
    }
}

/// Makes one if the last is old enough, and says when the next is due.
async fn back_up_if_due(
    app: &Arc<App>,
    place: &Place,
    to: &Path,
) -> Result<Timestamp, BackupError> {
    let (now, every) = (app.now(), app.config.backup.every);
    let taken = place.list().map_err(BackupError::io(to))?;
    // Those of later than now are of a clock that was wrong.
    let last = taken.iter().rfind(|at| **at <= now);
    if let Some(last) = last {
        app.backups.note_earlier(*last);
        if now < *last + every {
            return Ok(*last + every);
        }
    }
    back_up(app, to.to_owned()).await?;
    if let Err(error) = prune(app, place)
        && app.log_throttle.is_due_every(TOLD, "prune", now)
    {
        tracing::warn!(%error, "old backups cannot be removed");
    }
    Ok(now + every)
}

fn prune(app: &App, place: &Place) -> std::io::Result<()> {
    let expired = app.config.backup.keep.expired(&place.list()?);
    for at in &expired {
        place.remove(*at)?;
    }
    if !expired.is_empty() {
        tracing::info!(backups = expired.len(), "removed old backups");
    }
    Ok(())
}
