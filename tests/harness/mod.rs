//! A harness with the whole service in it, and people who use it.

pub mod client;
pub mod line;
pub mod server;
pub mod trace;

use std::{
    fmt,
    io::Read,
    net::IpAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use flate2::read::GzDecoder;
use invited::{
    app::{self, App, Reloadable},
    clock::{ManualClock, dice},
    config::{Config, Layers},
    domain::{code::OneTimeCode, time::Timestamp},
    http,
    sms::{Failure, Gateway, Message, Receipt, SmsError, Transcript, route::Routes},
    store::{Location, Store},
    token::keys::Keys,
};
use poem::{
    Addr, Body, Endpoint, Request, RequestParts, Response,
    endpoint::BoxEndpoint,
    http::{HeaderMap, Method, StatusCode, uri::Scheme},
    web::{LocalAddr, RemoteAddr},
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinHandle;

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
        Store::migrate(&at(&folder)).unwrap();
        Self::open(config, Keys::draw(&mut dice()), clock, Arc::new(folder))
    }

    fn open(config: Config, keys: Keys, clock: Arc<ManualClock>, folder: Arc<TempDir>) -> Self {
        let store = Store::open(&at(&folder)).unwrap();
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

    /// Another connection to the database, to be in the way with.
    pub fn intruder(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.folder.path().join("invited.db")).unwrap()
    }

    /// Somebody without a token posts JSON.
    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.call(Method::POST, path, &[], Some(body)).await
    }

    /// Asks for a code; the sms-token.
    pub async fn ask(&self, phone: &str) -> String {
        self.post("/login/", json!({ "phone": phone })).await.ok()["sms-token"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Confirms a code.
    pub async fn confirm(&self, token: &str, code: &str) -> Reply {
        let body = json!({ "sms_code": code });
        self.call(
            Method::POST,
            "/login/sms-confirm/",
            &[("sms-token", token)],
            Some(body),
        )
        .await
    }

    /// The code that was sent last.
    pub fn code(&self) -> String {
        self.gateway.last().code
    }

    /// A code that was not sent.
    pub fn wrong_code(&self) -> String {
        other_than(&self.code())
    }

    /// Logs a phone in.
    pub async fn login(&self, phone: &str) -> Actor {
        let token = self.ask(phone).await;
        let code = self.code();
        Actor::of(self, &self.confirm(&token, &code).await)
    }

    /// Logs phones in, one after the other.
    pub async fn logins<const N: usize>(&self, phones: [&str; N]) -> [Actor; N] {
        let mut actors = Vec::with_capacity(N);
        for phone in phones {
            actors.push(self.login(phone).await);
        }
        actors.try_into().ok().expect("as many as phones")
    }

    /// Logs a phone in on a device that may be known.
    pub async fn login_on(&self, phone: &str, device: &str) -> Actor {
        let token = self.ask(phone).await;
        let headers = [("sms-token", &*token), ("device-token", device)];
        let body = json!({ "sms_code": self.code() });
        let path = "/login/sms-confirm/";
        Actor::of(
            self,
            &self.call(Method::POST, path, &headers, Some(body)).await,
        )
    }

    pub fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

/// Another code of the same length.
pub fn other_than(code: &str) -> String {
    let first = code.as_bytes()[0];
    let other = if first == b'9' { b'0' } else { first + 1 };
    format!("{}{}", char::from(other), &code[1..])
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

/// An answer that was read.
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Reply {
    /// The JSON of a success.
    #[track_caller]
    pub fn ok(&self) -> Value {
        assert_eq!(self.status, StatusCode::OK, "{self:?}");
        self.json()
    }

    /// The JSON of any answer.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Asserts that it is this problem, in every place that says so.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) -> Value {
        assert_eq!(
            (self.status.as_u16(), self.header("content-type")),
            (status, Some("application/problem+json")),
            "{self:?}"
        );
        let problem = self.json();
        assert_eq!(
            (&problem["code"], &problem["status"]),
            (&json!(code), &json!(status)),
            "{self:?}"
        );
        assert_eq!(problem["type"], format!("/problems/{code}"));
        assert_eq!(problem["request_id"].as_str(), self.header("x-request-id"));
        problem
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?} {}", self.status, self.headers, self.text)
    }
}

/// Somebody who is logged in.
#[derive(Clone)]
pub struct Actor {
    harness: Harness,
    pub access: String,
    pub refresh: String,
    pub device: String,
}

impl Actor {
    #[track_caller]
    pub fn of(harness: &Harness, confirmed: &Reply) -> Self {
        let reply = confirmed.ok();
        let text = |name: &str| reply[name].as_str().unwrap().to_owned();
        Self {
            harness: harness.clone(),
            access: text("access"),
            refresh: text("refresh"),
            device: text("device_token"),
        }
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Reply {
        self.harness
            .call(
                method,
                path,
                &[("authorization", &format!("Bearer {}", self.access))],
                body,
            )
            .await
    }

    /// The same, with another token in place of the access token.
    pub fn bearing(&self, access: &str) -> Self {
        Self {
            access: access.to_owned(),
            ..self.clone()
        }
    }

    /// The same, with the tokens of an answer.
    pub fn with(&self, pair: &Value) -> Self {
        let text = |name: &str| pair[name].as_str().unwrap().to_owned();
        Self {
            refresh: text("refresh"),
            ..self.bearing(&text("access"))
        }
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.call(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.call(Method::POST, path, Some(body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Reply {
        self.call(Method::PUT, path, Some(body)).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Reply {
        self.call(Method::PATCH, path, Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        self.call(Method::DELETE, path, None).await
    }

    pub async fn profile(&self) -> Value {
        self.get("/profile/").await.ok()
    }

    pub async fn invitation_code(&self) -> String {
        self.profile().await["invitation_code"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    pub async fn redeem(&self, code: &str) -> Reply {
        self.post("/profile/invitation/", json!({ "invitation_code": code }))
            .await
    }

    pub async fn exchange(&self, refresh: &str) -> Reply {
        self.harness
            .post("/token/refresh/", json!({ "refresh": refresh }))
            .await
    }

    /// Confirms another phone with the token and code of `POST /profile/phone/`.
    pub async fn confirm_phone(&self, token: &str, code: &str) -> Reply {
        let headers = [
            ("authorization", &*format!("Bearer {}", self.access)),
            ("sms-token", token),
        ];
        self.harness
            .call(
                Method::POST,
                "/profile/phone/confirm/",
                &headers,
                Some(json!({ "sms_code": code })),
            )
            .await
    }
}

/// A gateway that remembers what it was given, and fails when it is told to.
#[derive(Default)]
pub struct Recorder {
    sent: Mutex<Vec<Sent>>,
    /// Messages without codes: to whom, and what they said.
    pub notices: Mutex<Vec<(String, String)>>,
    pub fails: Mutex<Option<SmsError>>,
    pub chooses: Mutex<Option<String>>,
    /// The most digits that it brings, if there is a bound.
    pub longest: Mutex<Option<usize>>,
    /// Another gateway in its place.
    pub instead: Mutex<Option<Arc<dyn Gateway>>>,
}

#[derive(Debug, Clone)]
pub struct Sent {
    pub to: String,
    pub text: String,
    pub code: String,
}

impl Recorder {
    pub fn last(&self) -> Sent {
        self.sent
            .lock()
            .unwrap()
            .last()
            .cloned()
            .expect("something was sent")
    }

    pub fn count(&self) -> usize {
        self.sent.lock().unwrap().len()
    }

    /// The code that a phone was sent last.
    pub fn code_of(&self, phone: &str) -> String {
        let sent = self.sent.lock().unwrap();
        let last = sent.iter().rfind(|message| message.to == phone);
        last.expect("the phone was sent something").code.clone()
    }
}

#[async_trait]
impl Gateway for Recorder {
    fn digits(&self) -> usize {
        self.longest.lock().unwrap().unwrap_or(usize::MAX)
    }

    async fn deliver(
        &self,
        message: &Message,
        transcript: &mut Transcript,
    ) -> Result<Receipt, Failure> {
        let other = self.instead.lock().unwrap().clone();
        if let Some(other) = other {
            return other.deliver(message, transcript).await;
        }
        if let Some(error) = *self.fails.lock().unwrap() {
            return Err(error.into());
        }
        let (to, text) = (message.to.e164(), message.text.clone());
        let Some(drawn) = &message.code else {
            self.notices.lock().unwrap().push((to, text));
            return Ok(Receipt::default());
        };
        let chosen = self.chooses.lock().unwrap().clone();
        let code = chosen.clone().unwrap_or_else(|| drawn.reveal().to_owned());
        self.sent.lock().unwrap().push(Sent { to, text, code });
        Ok(Receipt {
            code: chosen.map(|code| OneTimeCode::parse(&code).unwrap()),
            ..Receipt::default()
        })
    }
}

fn at(folder: &TempDir) -> Location {
    Location::Sqlite(folder.path().join("invited.db"))
}
