//! What a running service consists of, built once from the configuration.

pub mod admin;
pub mod backup;
pub mod delivery;
pub mod log_throttle;
pub mod notice;
pub mod refusals;
pub mod requests;
pub mod statistics;

use std::{
    ops::Deref,
    sync::{Arc, PoisonError, RwLock},
};

use rand::rngs::StdRng;

use self::{
    backup::Backups,
    log_throttle::LogThrottle,
    refusals::{Refusals, RefusedRequest},
    requests::Requests,
    statistics::Statistics,
};
use crate::{
    clock::{Clock, MonotonicClock},
    config::{Config, ConfigError, PublicUrl},
    domain::{
        error::StoreError,
        guard::{
            Guard, LONG,
            alarm::{self, Turn},
        },
        money::Money,
        statistic::Measure,
        time::Timestamp,
    },
    sms::route::{Routes, longest_code, written},
    store::Store,
    token::keys::Keys,
};

/// The service. Nothing in it changes while it runs but the keys, which a
/// request has from its [`Context`].
pub struct App {
    /// What was configured.
    pub config: Config,
    /// Where everything is kept.
    pub store: Store,
    /// What makes and checks tokens.
    keys: InUse,
    /// How codes reach phones.
    pub sms: Routes,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// What is drawn.
    pub dice: fn() -> StdRng,
    /// What keeps attackers out.
    pub guard: Guard,
    /// What time it is for limits.
    pub monotonic: MonotonicClock,
    /// What the operator is told, and not too often.
    pub log_throttle: LogThrottle,
    /// What happened.
    pub statistics: Statistics,
    /// How requests were answered.
    pub requests: Requests,
    /// What the latest of them were refused for.
    pub refusals: Refusals,
    /// What is known of the backups.
    pub backups: Backups,
}

/// Opens the gateways that were configured.
///
/// # Errors
/// A sentence for the operator.
pub fn gateways(config: &Config, keys: &Keys) -> Result<Routes, ConfigError> {
    let routes = config
        .plan
        .open(&|gateway| report_url(config, keys, gateway));
    let routes = routes.map_err(|flaw| config.of_gateway(flaw))?;
    for (prefix, chain) in routes.chains() {
        let (asked, reach) = (*config.login.code_length, longest_code(chain));
        let prefix = written(prefix);
        if reach < asked {
            let reason = format!("is more than the gateways of \"{prefix}\" bring: {reach} digits");
            return Err(ConfigError::of("login.code_length", &reason));
        }
        if reach < LONG {
            tracing::warn!(
                prefix,
                digits = reach,
                "no gateway brings longer codes: while codes are guessed, one guess at each is evaluated"
            );
        }
    }
    Ok(routes)
}

/// The secret in the address that a gateway's provider reports to. Like every
/// other one, it ends with its epoch.
pub fn hook_secret(keys: &Keys, gateway: &str) -> String {
    keys.name("hook", &format!("{gateway} {}", keys.epoch))
}

/// That address; empty where nobody could reach it.
fn report_url(config: &Config, keys: &Keys, gateway: &str) -> String {
    let secret = hook_secret(keys, gateway);
    let url = |public: &PublicUrl| format!("{}/hooks/sms/{gateway}/{secret}/", public.as_str());
    config.http.public_url.as_ref().map(url).unwrap_or_default()
}

/// The keys in use, until others are taken up.
struct InUse(RwLock<Arc<Keys>>);

/// What one request works with: the service, and the keys that were in use when
/// the request came. No second set of keys can be had of it, so that a request
/// never opens a token with one set and makes a token with the next: a token
/// of a past epoch would become a session of the present one.
#[derive(Clone)]
pub struct Context {
    app: Arc<App>,
    keys: Arc<Keys>,
}

impl Context {
    /// The keys of this request.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }
}

impl Deref for Context {
    type Target = App;

    fn deref(&self) -> &App {
        &self.app
    }
}

impl App {
    /// Puts a service together.
    pub fn new(
        config: Config,
        store: Store,
        keys: Keys,
        sms: Routes,
        clock: Arc<dyn Clock>,
        dice: fn() -> StdRng,
    ) -> Self {
        let keys = Arc::new(keys);
        let ledger = Arc::clone(&keys);
        Self {
            guard: Guard::new(config.guard(), move |what, text| {
                ledger.fingerprint(what, text)
            }),
            monotonic: MonotonicClock::new(Arc::clone(&clock), store.latest_time()),
            config,
            store,
            keys: InUse(RwLock::new(keys)),
            sms,
            clock,
            dice,
            log_throttle: LogThrottle::default(),
            statistics: Statistics::default(),
            requests: Requests::default(),
            refusals: Refusals::default(),
            backups: Backups::default(),
        }
    }

    /// The service with the keys in use at this instant: once a request.
    pub fn context(self: &Arc<Self>) -> Context {
        let keys = self.keys.0.read().unwrap_or_else(PoisonError::into_inner);
        Context {
            app: Arc::clone(self),
            keys: Arc::clone(&keys),
        }
    }

    /// Uses other keys from now on. Requests under way may finish with the
    /// ones they took.
    pub fn take_up(&self, keys: Keys) {
        let url = |gateway: &str| report_url(&self.config, &keys, gateway);
        self.sms.report_to(&url);
        let mut slot = self.keys.0.write().unwrap_or_else(PoisonError::into_inner);
        *slot = Arc::new(keys);
    }

    /// This instant: ask once a request.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Tells the operator when too many codes are guessed wrong, and when that
    /// has ended; to be called now and then.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn tell_of_guessing(&self) -> Result<(), StoreError> {
        let at = self.monotonic.now();
        if !self.store.read(move |tx| alarm::has_turned(tx, at)).await? {
            return Ok(());
        }
        match self.store.write(move |tx| alarm::turn(tx, at)).await? {
            Some(Turn::Began { wrong, entered }) => tracing::warn!(
                wrong,
                entered,
                "codes of many phones are guessed: strangers get longer ones, and their short ones are not accepted"
            ),
            Some(Turn::Ended { lasted }) => tracing::warn!(
                minutes = lasted.as_secs() / 60,
                "codes are not guessed any more: strangers get short ones again"
            ),
            None => {}
        }
        Ok(())
    }

    /// Remembers why a request was refused, and counts the limits that are hit.
    pub fn note_refusal(&self, refused: RefusedRequest) {
        if let Some(limit) = refused.limit {
            let free = Money::default();
            self.statistics
                .count_of(Measure::Limited, limit, free, refused.at);
        }
        self.refusals.note(refused);
    }

    /// Fresh chance for one request.
    pub fn dice(&self) -> StdRng {
        (self.dice)()
    }
}
