//! SIGHUP: the key file is read again.

use std::sync::Arc;

use tokio::signal::unix::Signal;

use super::service_manager;
use crate::{
    app::App,
    token::{
        key_file::{self, KeysError},
        keys::Keys,
    },
};

/// Reads it whenever the signal comes.
pub async fn reload_at(mut hang_ups: Signal, app: Arc<App>) {
    while hang_ups.recv().await.is_some() {
        let app = Arc::clone(&app);
        service_manager::reloading();
        // One after the other, so that the last that was read is what is used.
        let _ = tokio::task::spawn_blocking(move || reload(&app)).await;
        service_manager::ready();
    }
}

/// Takes the key file up again, or keeps the keys and says why.
fn reload(app: &Arc<App>) {
    let path = app.config.keys_path();
    let context = app.context();
    let before = context.keys();
    let take_up = |keys: &mut Keys| {
        if keys.ledger != before.ledger {
            return Err(KeysError::Foreign(path.clone()));
        }
        keys.settle(app.config.longest_life(), app.now());
        Ok(())
    };
    // An older copy of the file may lack the ledgers' key; it is not lost with it.
    let taken = key_file::change(&path, || before.ledger.clone(), take_up)
        .and_then(|keys| keys.ok_or(KeysError::Lost(path.clone())));
    match taken {
        Ok(keys) => {
            let older_tokens = if keys.believe(before) {
                "stay good"
            } else {
                "are refused"
            };
            app.take_up(keys);
            tracing::info!(older_tokens, "took up the keys of the key file");
        }
        Err(error) => tracing::error!(%error, "the keys stay as they were"),
    }
}
