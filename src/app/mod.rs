//! What a running service consists of, built once from the configuration.

pub mod admin;
pub mod backup;
pub mod delivery;
pub mod events;
pub mod log_throttle;
pub mod notice;
pub mod refusals;
pub mod requests;
pub mod statistics;

use std::{
    ops::Deref,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use rand::{RngExt, rngs::StdRng};

use self::{
    backup::Backups,
    events::{Event, Events, Happened, Kind},
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
        lease::Lease,
        source::memory::Sources,
        statistic::Measure,
        time::Timestamp,
    },
    sms::route::{Routes, longest_code, written},
    store::Store,
    token::keys::Keys,
};

/// How long whoever tells of the alarm does so alone: to two clocks it may turn twice.
const TELLS: Duration = Duration::from_mins(1);

/// The service as it is configured, and what goes on however that changes. A
/// request works with one of these from its beginning to its end, so that it
/// never opens a token with one set of keys and makes a token with the next: a
/// token of a past epoch would become a session of the present one.
pub struct App {
    /// What was configured.
    pub config: Config,
    keys: Arc<Keys>,
    /// How codes reach phones.
    pub sms: Routes,
    /// What keeps attackers out.
    pub guard: Guard,
    state: Arc<State>,
}

/// What a service is besides its configuration and its keys.
pub struct State {
    /// Where everything is kept.
    pub store: Store,
    /// What tells this process from others that use the same store.
    node: i64,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// What is drawn.
    pub dice: fn() -> StdRng,
    /// What time it is for limits.
    pub monotonic: MonotonicClock,
    /// What sources did lately.
    sources: Arc<Sources>,
    /// What the operator is told, and not too often.
    pub log_throttle: LogThrottle,
    /// What happened.
    pub statistics: Statistics,
    /// The same, for whoever watches.
    pub events: Events,
    /// How requests were answered.
    pub requests: Requests,
    /// What the latest of them were refused for.
    pub refusals: Refusals,
    /// What is known of the backups.
    pub backups: Backups,
}

/// Opens the gateways that were configured, in the place of those `before`.
///
/// # Errors
/// A sentence for the operator.
pub fn gateways(config: &Config, keys: &Keys, before: &Routes) -> Result<Routes, ConfigError> {
    let report_url = |gateway: &str| report_url(config, keys, gateway);
    let routes = config.plan.open(before, &report_url);
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

/// The service in use, until it is configured anew.
pub struct Reloadable(RwLock<Arc<App>>);

impl Reloadable {
    /// Begins with `app`.
    pub fn new(app: App) -> Self {
        Self(RwLock::new(Arc::new(app)))
    }

    /// The service as it is at this instant: once a request.
    pub fn current(&self) -> Arc<App> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Uses another one from now on. Requests under way finish with the one
    /// that they began with.
    pub fn replace(&self, app: App) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(app);
    }
}

impl Deref for App {
    type Target = State;

    fn deref(&self) -> &State {
        &self.state
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
        let state = State {
            monotonic: MonotonicClock::new(Arc::clone(&clock), store.latest_time()),
            store,
            node: dice().random(),
            clock,
            dice,
            sources: Arc::default(),
            log_throttle: LogThrottle::default(),
            statistics: Statistics::default(),
            events: Events::default(),
            requests: Requests::default(),
            refusals: Refusals::default(),
            backups: Backups::default(),
        };
        Self::of(config, keys, sms, Arc::new(state))
    }

    /// The same service with another configuration, keys and gateways.
    pub fn reconfigured(&self, config: Config, keys: Keys, sms: Routes) -> Self {
        Self::of(config, keys, sms, Arc::clone(&self.state))
    }

    fn of(config: Config, keys: Keys, sms: Routes, state: Arc<State>) -> Self {
        let keys = Arc::new(keys);
        let ledger = Arc::clone(&keys);
        let hash = move |what: &str, text: &str| ledger.fingerprint(what, text);
        Self {
            guard: Guard::new(config.guard(), Arc::clone(&state.sources), hash),
            config,
            keys,
            sms,
            state,
        }
    }

    /// The keys that make and check tokens.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Counts something that happened, of the destination that its phone is of.
    pub fn count(&self, happened: Happened<'_>) {
        let destinations = &self.config.login.destinations;
        let prefix = happened.phone.map(|phone| destinations.prefix(phone));
        self.count_of_prefix(happened, &prefix.unwrap_or_default());
    }

    /// What goes on however it is configured.
    pub fn state(&self) -> &Arc<State> {
        &self.state
    }
}

impl State {
    /// This instant: ask once a request.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Counts something that happened, of a destination or of none.
    pub fn count_of_prefix(&self, happened: Happened<'_>, prefix: &str) {
        let what = (happened.measure, happened.of, prefix);
        self.statistics.count_of(what, happened.cost, happened.at);
        self.events.tell(|| happened.into());
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
        let node = self.node;
        let turning = self.store.write(move |tx| {
            if !tx.take_lease(Lease::Alarm, node, at, at + TELLS)? {
                return Ok(None);
            }
            alarm::turn(tx, at)
        });
        let turned: Result<_, StoreError> = turning.await;
        let detail = match turned? {
            Some(Turn::Began { wrong, entered }) => {
                tracing::warn!(
                    wrong,
                    entered,
                    "codes of many phones are guessed: strangers get longer ones, and their short ones are not accepted"
                );
                "began"
            }
            Some(Turn::Ended { lasted }) => {
                tracing::warn!(
                    minutes = lasted.as_secs() / 60,
                    "codes are not guessed any more: strangers get short ones again"
                );
                "ended"
            }
            None => return Ok(()),
        };
        self.events.tell(|| Event {
            at: self.now(),
            kind: Kind::ALARM,
            phone: None,
            user: None,
            detail: detail.to_owned(),
        });
        Ok(())
    }

    /// Remembers why a request was refused, and counts the limits that are hit.
    pub fn note_refusal(&self, refused: RefusedRequest) {
        if let Some(limit) = refused.limit {
            let of = limit;
            let happened = Happened::at(Measure::Limited, refused.at);
            self.count_of_prefix(Happened { of, ..happened }, "");
        }
        self.refusals.note(refused);
    }

    /// Fresh chance for one request.
    pub fn dice(&self) -> StdRng {
        (self.dice)()
    }
}
