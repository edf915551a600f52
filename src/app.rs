//! What a running service consists of, built once from the configuration.

use std::sync::{Arc, PoisonError, RwLock};

use rand::rngs::StdRng;

use crate::{
    clock::{Clock, Ratchet},
    config::Config,
    domain::{guard::Guard, time::Timestamp},
    sms::Gateway,
    store::Store,
    token::keys::Keys,
};

/// The service. Handlers borrow it; nothing in it changes while it runs but
/// the keys.
pub struct App {
    /// What was configured.
    pub config: Config,
    /// Where everything is kept.
    pub store: Store,
    /// What makes and checks tokens.
    keys: InUse,
    /// How codes reach phones.
    pub sms: Arc<dyn Gateway>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// What is drawn.
    pub dice: fn() -> StdRng,
    /// What keeps attackers out.
    pub guard: Guard,
    /// What time it is for limits.
    pub ratchet: Ratchet,
}

/// The keys in use, until others are taken up.
struct InUse(RwLock<Arc<Keys>>);

impl App {
    /// Puts a service together.
    pub fn new(
        config: Config,
        store: Store,
        keys: Keys,
        sms: Arc<dyn Gateway>,
        clock: Arc<dyn Clock>,
        dice: fn() -> StdRng,
    ) -> Self {
        let keys = Arc::new(keys);
        let ledger = Arc::clone(&keys);
        Self {
            guard: Guard::new(config.guard(), move |what, text| {
                ledger.fingerprint(what, text)
            }),
            ratchet: Ratchet::new(Arc::clone(&clock), store.latest_time()),
            config,
            store,
            keys: InUse(RwLock::new(keys)),
            sms,
            clock,
            dice,
        }
    }

    /// The keys in use at this instant.
    pub fn keys(&self) -> Arc<Keys> {
        let keys = self.keys.0.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&keys)
    }

    /// Uses other keys from now on. Requests under way may finish with the
    /// ones they took.
    pub fn take_up(&self, keys: Keys) {
        let mut slot = self.keys.0.write().unwrap_or_else(PoisonError::into_inner);
        *slot = Arc::new(keys);
    }

    /// This instant: ask once a request.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Fresh chance for one request.
    pub fn dice(&self) -> StdRng {
        (self.dice)()
    }
}
