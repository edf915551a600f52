//! `invited serve`: opens everything, says where it listens, and serves until
//! it is told to stop.

use std::{
    io::{self, IsTerminal},
    sync::Arc,
    time::Duration,
};

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use super::{
    acme,
    beside::{administer, beside, tell},
    doctor,
    failure::Failure,
    help::gateways,
    installation::{Found, migrate},
    listeners::{Listeners, connections},
    reload::reload_at,
    service_manager,
    settings::Settings,
    terminal::print,
};
use crate::{
    app::{
        self, App, Reloadable, State,
        admin::socket::{self, AdminSocket},
        backup::running::{self, back_up_regularly},
    },
    clock::{Clock, SystemClock, dice},
    config::{self, AdminAt, Config},
    domain::{delivery::LEASE, error::StoreError},
    http,
    http::server::{self, Timeouts, Workers},
    sms::route::Routes,
    store::Store,
    telemetry,
    token::keys::Keys,
};

/// How long threads may take to end once the server has stopped.
const SHUTDOWN: Duration = Duration::from_secs(1);

#[derive(Args)]
pub struct Serve {
    #[command(flatten)]
    settings: Settings,
    /// The address to listen on [env: `INVITED_LISTEN`] [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    #[arg(long, value_name = "GATEWAY", help = gateways("How codes reach phones") + " [env: INVITED_SMS__GATEWAY] [default: console]")]
    sms: Option<String>,
    /// Refuse an old schema instead of migrating it.
    #[arg(long)]
    no_migrate: bool,
}

impl Serve {
    pub fn run(self, log: Option<String>) -> Result<(), Failure> {
        let migrates = !self.no_migrate;
        run(
            move || self.read(log.as_ref()),
            |config, _| {
                if migrates {
                    migrate(&config.server.database)?;
                }
                Ok(String::new())
            },
        )
    }

    fn read(&self, log: Option<&String>) -> Result<Config, Failure> {
        let mut layers = self.settings.layers()?;
        layers.flag("listen", "--listen", self.listen.as_ref());
        layers.flag("sms.gateway", "--sms", self.sms.as_ref());
        layers.flag("log", "--log", log);
        Ok(Config::read(layers)?)
    }
}

/// Serves what `read` says, also when it is read anew. `prepare` sees to the
/// database before it is opened, and says what to print once the server listens.
pub fn run(
    read: impl Fn() -> Result<Config, Failure> + Send + Sync + 'static,
    prepare: impl FnOnce(&Config, &Keys) -> Result<String, Failure>,
) -> Result<(), Failure> {
    let mut config = read()?;
    telemetry::refilter(&config.server.log);
    // First, so that a taken port is told before anything is created.
    let listeners = Listeners::open(&config)?;
    let bound = listeners.api.local_addr();
    config.server.listen = bound.unwrap_or(config.server.listen);
    if config.make_room_for_development() {
        tracing::info!(
            limit = config::development::LIMIT,
            "codes are printed here and only this machine connects: limits by source are generous unless they are set"
        );
    }
    // All that can be refused is, before anything is created or changed.
    let found = Found::look(&config)?.fitting()?;
    let sms = app::gateways(&config, &found.keys, &Routes::default())?;
    running::check(&config)?;
    doctor::warn(&config);
    let cannot_start = |error| Failure::of(format!("cannot start: {error}"));
    let workers = Workers::start().map_err(cannot_start)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(cannot_start)?;
    let more = prepare(&config, &found.keys)?;
    let app = runtime.block_on(open(config, found, sms))?;
    #[cfg(feature = "otel")]
    let endpoint = app.config.otel.endpoint.clone();
    let serving = serve(app, read, listeners, &workers, &more);
    #[cfg(feature = "otel")]
    let serving = traced(endpoint, serving);
    let served = runtime.block_on(serving);
    // Whatever hangs by now has had its time.
    runtime.shutdown_timeout(SHUTDOWN);
    served
}

async fn open(config: Config, found: Found, sms: Routes) -> Result<App, Failure> {
    let store = Store::open(&config.server.database)?;
    if let Store::Postgres(postgres) = &store {
        let (engine, database) = (postgres.engine(), &config.server.database);
        tracing::info!(engine, %database, "opened the database on its server");
    }
    let take_up = |keys: &mut Keys| keys.settle(config.longest_life(), SystemClock.now());
    let keys = found.settle(&store, take_up).await?;
    let clock = Arc::new(SystemClock);
    Ok(App::new(config, store, keys, sms, clock, dice))
}

/// Serves, and sends traces, if they are to go anywhere.
#[cfg(feature = "otel")]
async fn traced(
    endpoint: Option<config::PublicUrl>,
    serving: impl Future<Output = Result<(), Failure>>,
) -> Result<(), Failure> {
    let endpoint = endpoint.as_ref().map(config::PublicUrl::as_str);
    let served = telemetry::export_during(endpoint, serving).await;
    served.unwrap_or_else(|error| Err(Failure::of(format!("cannot start: {error}"))))
}

/// Goes on where an earlier run ended. Of messages that were under way when it
/// was killed it is not known whether they were sent, and none of them is sent
/// again.
async fn recover(app: &App) {
    let (mut ended, policy) = (app.now(), app.guard.policy.clone());
    if !app.store.is_shared() {
        // Nobody else sees to any of them.
        ended = ended + LEASE;
    }
    let work = app.store.write(move |tx| {
        policy.backfill_spans(tx)?;
        tx.abandon_deliveries(ended)
    });
    let lost: Result<usize, StoreError> = work.await;
    match lost {
        Ok(0) => {}
        Ok(lost) => {
            tracing::warn!(
                lost,
                "the service ended while messages were under way: they count as sent"
            );
        }
        Err(error) => tracing::error!(%error, "what an earlier run left cannot be looked through"),
    }
}

async fn serve(
    app: App,
    read: impl Fn() -> Result<Config, Failure> + Send + Sync + 'static,
    listeners: Listeners,
    workers: &Workers,
    more: &str,
) -> Result<(), Failure> {
    let cannot_start = |error| Failure::of(format!("cannot start: {error}"));
    let listener = tokio::net::TcpListener::from_std(listeners.api).map_err(cannot_start)?;
    let stop = stop().map_err(cannot_start)?;
    let hang_ups = signal(SignalKind::hangup()).map_err(cannot_start)?;
    recover(&app).await;
    let service = Arc::new(Reloadable::new(app));
    let app = service.current();
    tokio::spawn(reload_at(hang_ups, read, Arc::clone(&service)));
    let operators = hear_operators(&service);
    tokio::spawn(every_second(Arc::clone(app.state())));
    tokio::spawn(back_up_regularly(Arc::clone(&service)));
    let tls = listeners.https.map(|https| https.keep(app.state()));
    let tls = tls.transpose().map_err(cannot_start)?;
    print(&(greeting(&app.config) + more))?;
    service_manager::ready();
    let connections = Arc::new(connections(&app.config.http));
    let router = Arc::new(http::router(&service));
    let timeouts = Timeouts::default();
    let state = Arc::clone(app.state());
    let stop = async move {
        stop.await;
        state.events.end();
    };
    let challenges = acme::begin(&app.config, app.state());
    let redirect = Arc::new(http::redirect::endpoint(&app.config, challenges));
    let redirect = beside(
        listeners.redirect,
        None,
        redirect,
        Arc::clone(&connections),
        workers,
    );
    let admin = administer(Arc::clone(&service), tls.clone(), listeners.admin, workers);
    tokio::select! {
        () = server::serve(listener, tls.clone(), router, connections, timeouts, workers, stop) => {}
        () = redirect => {}
        () = admin => {}
        () = tell(service, tls, listeners.metrics, workers) => {}
        () = operators => {}
        () = service_manager::keep_alive(app.state()) => {}
    }
    app.backups.stop().await;
    if let Err(error) = app.statistics.save(&app.store).await {
        tracing::error!(%error, "the last statistics are lost");
    }
    tracing::info!("stopped");
    Ok(())
}

/// Where the server listens, and what there is to open.
fn greeting(config: &Config) -> String {
    let url = format!("{}://{}", config.tls.scheme(), config.server.listen);
    let page = if config.http.pages {
        format!("open {url}/ in a browser\n")
    } else {
        String::new()
    };
    let admin = match config.http.admin {
        AdminAt::Off => String::new(),
        AdminAt::Beside => format!("operators work at {url}/admin/\n"),
        AdminAt::Alone(address) => {
            format!(
                "operators work at {}://{address}/admin/\n",
                config.tls.scheme()
            )
        }
    };
    format!("listening on {url}\n{page}{admin}explore the API at {url}/swagger/\n")
}

/// Answers the admin commands of this machine for as long as it is polled.
fn hear_operators(service: &Arc<Reloadable>) -> impl Future<Output = ()> + use<> {
    let socket = AdminSocket::bind(service.current().config.server.database.place());
    let socket = socket.inspect_err(|error| {
        tracing::warn!(%error, "admin commands cannot reach this server");
    });
    let service = Arc::clone(service);
    async {
        match socket {
            Ok(socket) => socket::serve(service, socket).await,
            Err(_) => std::future::pending().await,
        }
    }
}

/// Looks whether codes are guessed, and writes statistics down.
async fn every_second(state: Arc<State>) {
    let mut seconds = tokio::time::interval(Duration::from_secs(1));
    seconds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        seconds.tick().await;
        // A store that fails is told of where it fails those who ask.
        let _ = state.tell_of_guessing().await;
        let _ = state.statistics.save(&state.store).await;
    }
}

/// Ready when the process is asked to stop, or has lost the terminal that it
/// was started from: that is told by the same signal as to read the keys.
fn stop() -> io::Result<impl Future<Output = ()>> {
    let (mut terminated, mut interrupted, mut hung_up) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
        signal(SignalKind::hangup())?,
    );
    let had_terminal = io::stdin().is_terminal();
    Ok(async move {
        loop {
            tokio::select! {
                _ = terminated.recv() => break,
                _ = interrupted.recv() => break,
                _ = hung_up.recv() => if had_terminal && !io::stdin().is_terminal() { break },
            }
        }
        tracing::info!("stopping: requests in flight may finish");
        service_manager::stopping();
    })
}
