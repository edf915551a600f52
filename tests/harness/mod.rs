//! A harness with the whole service in it, and people who use it.

mod actor;
pub mod client;
pub mod door;
pub mod intruder;
pub mod line;
mod login;
pub mod operator;
pub mod postgres;
mod recorder;
mod reply;
pub mod s3;
pub mod server;
pub mod trace;

use std::{io::Read, net::IpAddr, path::Path, sync::Arc, time::Duration};

use flate2::read::GzDecoder;
use invited::{
    app::{self, App, Reloadable},
    clock::{ManualClock, dice},
    config::{Config, Layers},
    domain::{error::StoreError, time::Timestamp, tx::Tx},
    http,
    sms::route::Routes,
    store::{Location, Store},
    token::keys::Keys,
};
use poem::{
    Addr, Body, Endpoint, Request, RequestParts, Response,
    endpoint::BoxEndpoint,
    http::{HeaderMap, Method, uri::Scheme},
    web::{LocalAddr, RemoteAddr},
};
use serde_json::Value;
use tempfile::TempDir;
use tokio::task::JoinHandle;

use intruder::Intruder;

pub use self::{actor::Actor, login::other_than, recorder::Recorder, reply::Reply};

/// 2024-04-15T21:11:13Z, the hour of the document's samples.
pub const NOON: Timestamp = Timestamp::from_seconds(1_713_215_473);

pub const ALICE: &str = "+79001234567";
pub const BOB: &str = "+79007654321";
pub const CAROL: &str = "+79161112233";

/// The service, with everything around it in our hands.
#[derive(Clone)]
pub struct Harness {
    router: Arc<BoxEndpoint<'static, Response>>,
    /// As it was at its start.
    pub app: Arc<App>,
    pub service: Arc<Reloadable>,
    pub clock: Arc<ManualClock>,
    pub gateway: Arc<Recorder>,
    folder: Arc<TempDir>,
}

/// For those who ask and guess more than real people may.
pub const UNLIMITED: [(&str, &str); 10] = [
    ("INVITED_LIMITS__SENDS_PER_PHONE", "off"),
    ("INVITED_LIMITS__WRONG_GUESSES_PER_PHONE", "off"),
    ("INVITED_LIMITS__WRONG_LONG_GUESSES_PER_PHONE", "off"),
    ("INVITED_LIMITS__FAILED_CONFIRMATIONS_PER_SOURCE", "off"),
    ("INVITED_LIMITS__UNREADABLE_TOKENS_PER_SOURCE", "off"),
    ("INVITED_LIMITS__SENDS_PER_SOURCE", "off"),
    ("INVITED_LIMITS__SENDS_PER_PREFIX", "off"),
    ("INVITED_LIMITS__SENDS_IN_ALL", "off"),
    ("INVITED_LIMITS__WRONG_INVITATION_CODES_PER_USER", "off"),
    ("INVITED_LIMITS__WRONG_INVITATION_CODES_PER_SOURCE", "off"),
];

/// The gateways that are configured, or else one that remembers messages.
fn routes(config: &Config, keys: &Keys, gateway: &Arc<Recorder>, before: &Routes) -> Routes {
    if config.plan.gateways.is_empty() {
        return Routes::only(Arc::clone(gateway) as _);
    }
    app::gateways(config, keys, before).unwrap()
}

impl Harness {
    /// The service without limits.
    pub fn new() -> Self {
        Self::with(&[])
    }

    /// The service with some settings, as environment variables; limits are
    /// off unless they are among them.
    pub fn with(settings: &[(&str, &str)]) -> Self {
        let is_set = |name: &str| settings.iter().any(|(set, _)| *set == name);
        let off = UNLIMITED.iter().filter(|(name, _)| !is_set(name));
        Self::as_is(&off.chain(settings).copied().collect::<Vec<_>>())
    }

    /// The service with nothing set but this.
    pub fn as_is(settings: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().unwrap();
        let mut layers = Layers::default();
        layers
            .environment(
                settings
                    .iter()
                    .map(|(name, value)| ((*name).into(), (*value).into())),
            )
            .unwrap();
        Self::configured(layers, folder)
    }

    /// The service without limits, as a configuration file has it.
    pub fn of_file(text: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("invited.toml");
        std::fs::write(&path, text).unwrap();
        let mut layers = Layers::default();
        let variables = UNLIMITED.map(|(name, value)| (name.into(), value.into()));
        layers.environment(variables.into_iter()).unwrap();
        layers.file(&path).unwrap();
        Self::configured(layers, folder)
    }

    fn configured(layers: Layers, folder: TempDir) -> Self {
        let config = Config::read(layers).unwrap();
        let clock = Arc::new(ManualClock::new(NOON));
        Store::migrate(&location(folder.path())).unwrap();
        Self::open(config, Keys::draw(&mut dice()), clock, Arc::new(folder))
    }

    fn open(config: Config, keys: Keys, clock: Arc<ManualClock>, folder: Arc<TempDir>) -> Self {
        let location = location(folder.path());
        Self::open_at(&location, config, keys, clock, folder)
    }

    fn open_at(
        location: &Location,
        config: Config,
        keys: Keys,
        clock: Arc<ManualClock>,
        folder: Arc<TempDir>,
    ) -> Self {
        let store = Store::open(location).unwrap();
        let gateway = Arc::new(Recorder::default());
        let sms = routes(&config, &keys, &gateway, &Routes::default());
        let time = Arc::clone(&clock) as _;
        let app = App::new(config, store, keys, sms, time, dice);
        let service = Arc::new(Reloadable::new(app));
        let router = Arc::new(poem::EndpointExt::boxed(http::router(&service)));
        Self {
            router,
            app: service.current(),
            service,
            clock,
            gateway,
            folder,
        }
    }

    /// The same service after a restart. Nobody else may hold it.
    pub fn restarted(self) -> Self {
        let (config, keys) = (self.app.config.clone(), self.keys());
        drop((self.router, self.service));
        assert!(
            Arc::into_inner(self.app).is_some(),
            "somebody holds the service"
        );
        Self::open(config, keys, self.clock, self.folder)
    }

    /// Another node on the same database.
    pub fn joined(&self) -> Self {
        let (config, folder) = (self.app.config.clone(), Arc::clone(&self.folder));
        Self::open(config, self.keys(), Arc::clone(&self.clock), folder)
    }

    /// The same, which reaches the server by another port.
    pub fn joined_by(&self, port: u16) -> Self {
        let folder = Arc::clone(&self.folder);
        let url = postgres::url_of(folder.path());
        let own = format!(":{}/", self.server_port());
        let location = url.replace(&own, &format!(":{port}/")).parse().unwrap();
        let config = self.app.config.clone();
        Self::open_at(
            &location,
            config,
            self.keys(),
            Arc::clone(&self.clock),
            folder,
        )
    }

    /// The port of the database's server.
    pub fn server_port(&self) -> u16 {
        let url = postgres::url_of(self.folder.path());
        let (_, rest) = url.rsplit_once(':').unwrap();
        rest.split('/').next().unwrap().parse().unwrap()
    }

    /// The keys in use.
    pub fn keys(&self) -> Keys {
        self.service.current().keys().clone()
    }

    /// Uses other keys from now on.
    pub fn take_up(&self, keys: Keys) {
        let (app, gateway) = (self.service.current(), &self.gateway);
        let sms = routes(&app.config, &keys, gateway, &app.sms);
        self.service
            .replace(app.reconfigured(app.config.clone(), keys, sms));
    }

    /// Sends one request and reads its whole answer.
    pub async fn send(&self, request: Request) -> Reply {
        let response = self.router.get_response(request).await;
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = response.into_body().into_vec().await.unwrap();
        let mut text = String::new();
        let read = if headers.contains_key("content-encoding") {
            GzDecoder::new(&*bytes).read_to_string(&mut text)
        } else {
            (&*bytes).read_to_string(&mut text)
        };
        read.unwrap();
        Reply {
            status,
            headers,
            text,
        }
    }

    /// Gets an answer whose body may go on and on.
    pub async fn begin(&self, path: &str, headers: &[(&str, &str)]) -> Response {
        let mut request = Request::builder().uri_str(path);
        request = request.header("host", "invited.test");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.router.get_response(request.finish()).await
    }

    /// Gets a body as it is sent, with the head before it.
    pub async fn fetch(&self, path: &str, headers: &[(&str, &str)]) -> (HeaderMap, Vec<u8>) {
        let mut request = Request::builder()
            .uri_str(path)
            .header("host", "invited.test");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.router.get_response(request.finish()).await;
        let head = response.headers().clone();
        (head, response.into_body().into_vec().await.unwrap())
    }

    /// Sends JSON with some headers.
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Reply {
        self.call_from(IpAddr::from([198, 51, 100, 1]), method, path, headers, body)
            .await
    }

    /// Sends JSON with some headers from a certain address.
    pub async fn call_from(
        &self,
        peer: IpAddr,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Reply {
        let mut request = poem::http::Request::builder().method(method).uri(path);
        request = request.header("host", "invited.test");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let peer = RemoteAddr(Addr::SocketAddr((peer, 4711).into()));
        let parts = RequestParts::from((parts, LocalAddr::default(), peer, Scheme::HTTP));
        let body = body.map_or_else(Body::empty, |body| Body::from_string(body.to_string()));
        self.send(Request::from_parts(parts, body)).await
    }

    /// Runs a long transaction, for which nobody has to wait.
    pub async fn fill<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut dyn Tx) -> Result<T, StoreError> + Send + 'static,
    ) -> T {
        let done = if postgres::is_asked_for() {
            let store = Store::open_to_fill(&location(self.folder.path())).unwrap();
            store.write(work).await
        } else {
            self.app.store.write(work).await
        };
        done.unwrap()
    }

    /// Another connection to the database, to look into it or to be in the way.
    pub fn intruder(&self) -> Intruder {
        Intruder::of(self.folder.path())
    }

    /// Somebody without a token posts JSON.
    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.call(Method::POST, path, &[], Some(body)).await
    }

    pub fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

/// The statuses that came of doing things at once, in order.
pub async fn statuses(tasks: impl IntoIterator<Item = JoinHandle<u16>>) -> Vec<u16> {
    // All are begun before any is waited for.
    let tasks: Vec<_> = tasks.into_iter().collect();
    let mut statuses = Vec::new();
    for task in tasks {
        statuses.push(task.await.unwrap());
    }
    statuses.sort_unstable();
    statuses
}

/// The database that goes with a folder. On PostgreSQL it has a schema already.
pub fn location(folder: &Path) -> Location {
    if postgres::is_asked_for() {
        return postgres::url_of(folder).parse().unwrap();
    }
    Location::Sqlite(folder.join("invited.db"))
}
