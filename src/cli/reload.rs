//! SIGHUP: the configuration and the key file are read again, and both are taken
//! up, or neither.

use std::sync::Arc;

use tokio::{signal::unix::Signal, task::spawn_blocking};

use super::{failure::Failure, service_manager};
use crate::{
    app::{self, App, Reloadable, backup::running},
    config::Config,
    domain::error::StoreError,
    telemetry,
    token::key_file::{self, KeysError},
};

/// Reads both whenever the signal comes; the configuration by `read`.
pub async fn reload_at(
    mut hang_ups: Signal,
    read: impl Fn() -> Result<Config, Failure> + Send + Sync + 'static,
    service: Arc<Reloadable>,
) {
    let read = Arc::new(read);
    while hang_ups.recv().await.is_some() {
        service_manager::reloading();
        let (read, before) = (Arc::clone(&read), service.current());
        let reading = spawn_blocking(move || reconfigured(read()?, &before));
        match reading.await.unwrap_or_else(|lost| Err(Failure::of(lost))) {
            // One after the other, so that the last that was read is what is used.
            Ok((app, fixed)) => take_up(app, fixed, &service).await,
            Err(failure) => tracing::error!(
                error = failure.sentence,
                "the configuration and the keys stay as they were"
            ),
        }
        service_manager::ready();
    }
}

/// The service with another configuration, and with the keys that are in the
/// key file now; and the settings of it that are as they were.
fn reconfigured(mut config: Config, before: &App) -> Result<(App, Vec<&'static str>), Failure> {
    let fixed = config.keep_fixed(&before.config);
    config.make_room_for_development();
    running::check(&config)?;
    let path = config.keys_path();
    let ledger = &before.keys().ledger;
    // An older copy of the file may lack the ledgers' key; it is not lost with it.
    let keys = key_file::take_up(
        &path,
        || ledger.clone(),
        |keys| {
            if keys.ledger != *ledger {
                return Err(KeysError::Foreign(path.clone()));
            }
            keys.settle(config.longest_life(), before.now());
            Ok(())
        },
    )?;
    let keys = keys.ok_or(KeysError::Lost(path))?;
    let sms = app::gateways(&config, &keys, &before.sms)?;
    Ok((before.reconfigured(config, keys, sms), fixed))
}

async fn take_up(app: App, fixed: Vec<&'static str>, service: &Reloadable) {
    let before = service.current();
    let older_tokens = if app.keys().believe(before.keys()) {
        "stay good"
    } else {
        "are refused"
    };
    let filter = app.config.server.log.clone();
    let policy = app.guard.policy.clone();
    // Keys can be taken up whatever the store does.
    if policy.send_spans() != before.guard.policy.send_spans() {
        // Before that: only what is older than all that a span has is added to it. What
        // requests under way send meanwhile is missing in new spans.
        let filling = before.store.write(move |tx| policy.backfill_spans(tx));
        if let Err::<(), StoreError>(error) = filling.await {
            tracing::error!(%error, "the configuration and the keys stay as they were");
            return;
        }
    }
    service.replace(app);
    telemetry::refilter(&filter);
    for setting in fixed {
        tracing::warn!(setting, "this setting is taken up at the next start only");
    }
    tracing::info!(older_tokens, "took up the configuration and the keys");
}
