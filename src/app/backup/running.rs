//! The backups of a running service: one when an operator asks for it, and one
//! every so often, of which those are removed that need not be kept.

use std::{path::Path, sync::Arc, thread, time::Duration};

use tokio::{sync::oneshot, task::JoinSet, time::MissedTickBehavior};

use super::{BackupError, Made, Order, place::Place};
use crate::{
    app::{App, Reloadable, log_throttle::LogThrottle},
    config::{Config, Target},
    domain::time::Timestamp,
    store::Progress,
};

/// How often it is looked whether a backup is due.
const TICK: Duration = Duration::from_secs(1);
/// How long after a failure it is tried again at the latest.
const AGAIN: Duration = Duration::from_mins(10);
/// How often a failure that lasts is told.
const TOLD: Duration = Duration::from_hours(1);
/// How much more than the service itself a backup lets others go first.
const NICENESS: i32 = 19;

/// Makes one now, on a thread of its own.
///
/// # Errors
/// When there is none.
pub async fn back_up(app: &Arc<App>, to: Target) -> Result<Made, BackupError> {
    let (guard, progress) = app.backups.begin()?;
    let (answer, made) = oneshot::channel();
    let (own, now) = (app.clone(), app.now());
    let work = move || {
        // Linux counts niceness by thread.
        let _ = rustix::process::nice(NICENESS);
        let made = make(&own, &to, now, &progress);
        own.backups
            .note(&to.to_string(), made.is_ok().then_some(now));
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
    to: &Target,
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
    let (path, bytes) = (&made.place, made.bytes);
    let seconds = app.now().since(now).as_secs();
    tracing::info!(path, bytes, seconds, "made a backup, and verified it");
    Ok(made)
}

/// Says whether the configured targets can be had, as far as the configuration goes.
///
/// # Errors
/// When it does not say how one is reached.
pub fn check(config: &Config) -> Result<(), BackupError> {
    let mut targets = config.backup.to.iter();
    targets.try_for_each(|to| Place::of(config, to, &Arc::default()).map(drop))
}

/// Makes one at each target whenever it is due there, for as long as it is polled.
pub async fn back_up_regularly(service: Arc<Reloadable>) {
    let (mut targets, mut known) = (JoinSet::new(), Vec::new());
    let mut seconds = tokio::time::interval(TICK);
    seconds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        seconds.tick().await;
        while let Some(Ok(ended)) = targets.try_join_next() {
            known.retain(|to| *to != ended);
        }
        for to in &service.current().config.backup.to {
            if !known.contains(to) {
                known.push(to.clone());
                targets.spawn(back_up_regularly_to(to.clone(), Arc::clone(&service)));
            }
        }
    }
}

/// The same at one target, for as long as it is configured.
async fn back_up_regularly_to(to: Target, service: Arc<Reloadable>) -> Target {
    let (name, told) = (to.to_string(), LogThrottle::default());
    let mut not_before = Timestamp::default();
    let mut seconds = tokio::time::interval(TICK);
    seconds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        seconds.tick().await;
        let app = service.current();
        if !app.config.backup.to.contains(&to) {
            app.backups.forget(&name);
            return to;
        }
        if app.now() < not_before {
            continue;
        }
        match back_up_if_due(&app, &to, &name, &told).await {
            Ok(due_at) => not_before = due_at,
            Err(BackupError::Busy | BackupError::Stopped) => {}
            Err(error) => {
                app.backups.note_failing(&name);
                not_before = app.now() + AGAIN.min(app.config.backup.every);
                if told.is_due_every(TOLD, "backup", app.now()) {
                    tracing::error!(%error, "no backup was made");
                }
            }
        }
    }
}

/// Makes one if the last is old enough, and says when the next is due.
async fn back_up_if_due(
    app: &Arc<App>,
    to: &Target,
    name: &str,
    told: &LogThrottle,
) -> Result<Timestamp, BackupError> {
    let (now, every) = (app.now(), app.config.backup.every);
    let place = Place::of(&app.config, to, &Arc::default())?;
    let taken = place.list(now).await?;
    // Those of later than now are of a clock that was wrong.
    let last = taken.iter().rfind(|at| **at <= now);
    if let Some(last) = last {
        app.backups.note_earlier(name, *last);
        if now < *last + every {
            return Ok(*last + every);
        }
    }
    back_up(app, to.clone()).await?;
    if let Err(error) = prune(app, &place, now).await
        && told.is_due_every(TOLD, "prune", now)
    {
        tracing::warn!(%error, "old backups cannot be removed");
    }
    Ok(now + every)
}

async fn prune(app: &App, place: &Place, now: Timestamp) -> Result<(), BackupError> {
    let expired = app.config.backup.keep.expired(&place.list(now).await?);
    for at in &expired {
        place.remove(*at).await?;
    }
    if !expired.is_empty() {
        tracing::info!(backups = expired.len(), "removed old backups");
    }
    Ok(())
}
