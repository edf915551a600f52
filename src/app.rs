//! What a running service consists of, built once from the configuration.

use std::sync::{Arc, PoisonError, RwLock};

use rand::rngs::StdRng;

use crate::{
    clock::Clock, config::Config, domain::time::Timestamp, sms::Gateway, store::Store,
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
    pub keys: InUse,
    /// How codes reach phones.
    pub sms: Arc<dyn Gateway>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// What is drawn.
    pub dice: fn() -> StdRng,
}

/// The keys in use, until others are taken up.
pub struct InUse(RwLock<Arc<Keys>>);

impl From<Keys> for InUse {
    fn from(keys: Keys) -> Self {
        Self(RwLock::new(Arc::new(keys)))
    }
}

impl App {
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
