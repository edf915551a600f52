//! What the limits cost: logins with every limit as it is by default, against
//! logins with all limits off.
//!
//! The service is called without a network between, so the share of the
//! limits is the largest that it can be.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex},
};

use invited::{
    clock::dice,
    http,
    store::{Location, Store},
    token::keys::Keys,
};
use poem::{
    Addr, Body, Endpoint, EndpointExt, Request, RequestParts, Response,
    endpoint::BoxEndpoint,
    http::uri::Scheme,
    web::{LocalAddr, RemoteAddr},
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{runtime::Runtime, task::JoinSet};

use super::{
    Run,
    fixture::{LASTING, RecordingGateway, UNLIMITED, app},
    measure::{Measure, Watch, row, section},
};

const ROUNDS: usize = 9;
const NAMES: [&str; 2] = ["limits: asks", "limits: first confirmations"];
const LOGINS: usize = 4096;
const AT_ONCE: usize = 64;

/// So many messages a day are not the default, but nothing else is off or wider.
const LIMITED: [(&str, &str); 3] = [
    ("INVITED_LIMITS__SENDS_IN_ALL", "1000000000/24h"),
    ("INVITED_BUDGET__PRICES", "+7=2.50"),
    (
        "INVITED_BUDGET__AMOUNTS",
        "1000000000/1h, 10000000000/24h, 100000000000/30d",
    ),
];

/// One side: the service without a server, and the tokens that it answered.
struct Side {
    router: BoxEndpoint<'static, Response>,
    gateway: Arc<RecordingGateway>,
    tokens: Mutex<HashMap<usize, String>>,
    _folder: TempDir,
}

impl Side {
    fn open(settings: &[(&str, &str)]) -> Arc<Self> {
        let folder = TempDir::new().unwrap();
        let location = Location::Sqlite(folder.path().join("invited.db"));
        Store::migrate(&location).unwrap();
        let gateway = Arc::new(RecordingGateway::default());
        let (store, keys) = (Store::open(&location).unwrap(), Keys::draw(&mut dice()));
        let settings = [settings, &LASTING[..1]].concat();
        let app = app(&settings, store, keys, Arc::clone(&gateway));
        Arc::new(Self {
            router: http::router(&app).boxed(),
            gateway,
            tokens: Mutex::default(),
            _folder: folder,
        })
    }

    /// Somebody asks for a code, from an address of their own: a whole network
    /// may not ask as often as all of its addresses.
    async fn ask(self: Arc<Self>, login: usize) {
        let body = json!({ "phone": phone(login) });
        let reply = self.post(login, "/login/", "", body).await;
        let token = reply["sms-token"].as_str().unwrap().to_owned();
        self.tokens.lock().unwrap().insert(login, token);
    }

    async fn confirm(self: Arc<Self>, login: usize) {
        let token = self.tokens.lock().unwrap().remove(&login).unwrap();
        let code = self.gateway.0.lock().unwrap()[&phone(login)].clone();
        let body = json!({ "sms_code": code });
        self.post(login, "/login/sms-confirm/", &token, body).await;
    }

    async fn post(&self, login: usize, path: &str, token: &str, body: Value) -> Value {
        let address = u32::try_from(login).unwrap().wrapping_mul(0x9e37_79b1);
        let peer = RemoteAddr(Addr::SocketAddr(
            (IpAddr::from(address.to_be_bytes()), 4711).into(),
        ));
        let request = poem::http::Request::builder()
            .method("POST")
            .uri(path)
            .header("host", "localhost")
            .header("content-type", "application/json")
            .header("sms-token", token);
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let parts = RequestParts::from((parts, LocalAddr::default(), peer, Scheme::HTTP));
        let request = Request::from_parts(parts, Body::from_string(body.to_string()));
        let response = self.router.get_response(request).await;
        let status = response.status();
        let body = response.into_body().into_string().await.unwrap();
        assert_eq!(status, 200, "{body}");
        serde_json::from_str(&body).unwrap()
    }

    /// Has every login of a round make a `step`, so many at once.
    fn measure<F>(
        self: &Arc<Self>,
        runtime: &Runtime,
        round: usize,
        step: fn(Arc<Self>, usize) -> F,
    ) -> Measure
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let watch = Watch::process("self");
        let workers = (0..AT_ONCE).map(|worker| {
            let side = Arc::clone(self);
            async move {
                for login in (worker..LOGINS).step_by(AT_ONCE) {
                    step(Arc::clone(&side), round * LOGINS + login).await;
                }
            }
        });
        runtime.block_on(async { workers.collect::<JoinSet<_>>().join_all().await });
        Measure::of(LOGINS, &watch)
    }
}

/// A phone that nobody had before: few of them share their first seven digits.
fn phone(login: usize) -> String {
    format!("+79{:09}", login * 104_729 * 97 % 1_000_000_000)
}

pub fn rows(run: &Run) {
    if !NAMES.iter().any(|name| run.wants(name)) {
        return;
    }
    section("Limits as they are by default, against none; without a network");
    let runtime = Runtime::new().unwrap();
    let [limited, unlimited] = [&LIMITED[..], &UNLIMITED].map(Side::open);
    let mut rounds = [Vec::new(), Vec::new()];
    for round in 0..=ROUNDS {
        let sides = [&limited, &unlimited];
        let measured = sides.map(|side| {
            let asks = side.measure(&runtime, round, Side::ask);
            [asks, side.measure(&runtime, round, Side::confirm)]
        });
        // The first round warms up.
        if round > 0 {
            rounds[0].push(measured.map(|[asks, _]| asks));
            rounds[1].push(measured.map(|[_, confirmations]| confirmations));
        }
    }
    for (name, rounds) in NAMES.into_iter().zip(&rounds) {
        row(name, rounds);
    }
}
