//! What a running service consists of, built once from the configuration.

use std::sync::Arc;

use rand::rngs::StdRng;

use crate::{
    clock::{Clock, Ratchet},
    config::Config,
    domain::{guard::Guard, time::Timestamp},
    sms::Gateway,
    store::Store,
    token::keys::Keys,
};

/// The service. Handlers borrow it; nothing in it changes while it runs.
pub struct App {
    /// What was configured.
    pub config: Config,
    /// Where everything is kept.
    pub store: Store,
    /// What makes and checks tokens.
    pub keys: Keys,
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
        let ledger = keys.ledger.clone();
        Self {
            guard: Guard::new(config.guard(), move |text| ledger.fingerprint(text)),
            ratchet: Ratchet::new(Arc::clone(&clock), store.latest_time()),
            config,
            store,
            keys,
            sms,
            clock,
            dice,
        }
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
