//! What the limits cost: logins with every limit as it is by default, against
//! logins with all limits off.
//!
//! The service is called without a network between, so the share of the
//! limits is the largest that it can be.

use std::{net::IpAddr, sync::Arc, vec};

use invited::{
    app::{self, App, Reloadable},
    clock::{SystemClock, dice},
    config::{Config, Layers},
    http,
    sms::route::Routes,
    store::{Location, Store},
    token::{challenge::seal, keys::Keys},
};
use poem::{
    Addr, Body, Endpoint, EndpointExt, Request, RequestParts, Response,
    endpoint::BoxEndpoint,
    http::uri::Scheme,
    web::{LocalAddr, RemoteAddr},
};
use tempfile::TempDir;
use tokio::{runtime::Runtime, task::JoinSet};

use super::{
    Run,
    database::{CODE, Database},
    fixture::{DESTINATIONS, UNLIMITED},
    measure::{Measure, Watch, compare, row},
};

/// The first of them warms up.
const ROUNDS: usize = 10;
const AT_ONCE: usize = 64;
/// So many of those who log in at once do it one after the other in a round.
const IN_A_ROW: usize = 64;

/// So many messages a day are not the default, but nothing else is off or wider.
const LIMITED: [(&str, &str); 3] = [
    ("INVITED_LIMITS__SENDS_IN_ALL", "1000000000/24h"),
    ("INVITED_BUDGET__PRICES", "+7=2.50"),
    (
        "INVITED_BUDGET__AMOUNTS",
        "1000000000/1h, 10000000000/24h, 100000000000/30d",
    ),
];

/// One side: the service without a server, and what it is asked.
struct Side {
    router: Arc<BoxEndpoint<'static, Response>>,
    requests: vec::IntoIter<Request>,
    _folder: TempDir,
}

type Prepare = fn(&mut Database, u32) -> Request;

impl Side {
    fn open(settings: &[(&str, &str)], prepare: Prepare) -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("invited.db");
        let location = Location::Sqlite(path.clone());
        Store::migrate(&location).unwrap();
        let keys = Keys::draw(&mut dice());
        let requests: Vec<_> = Database::open(&path, &keys).commit(|database| {
            let logins = 0..(ROUNDS * AT_ONCE * IN_A_ROW).try_into().unwrap();
            logins.map(|login| prepare(database, login)).collect()
        });
        let messages = format!("file:{}", folder.path().join("sms.jsonl").display());
        let others = [DESTINATIONS, ("INVITED_SMS__GATEWAY", &messages)];
        let settings = settings.iter().chain(&others);
        let settings = settings.map(|(name, value)| ((*name).into(), (*value).into()));
        let mut layers = Layers::default();
        layers.environment(settings).unwrap();
        let config = Config::read(layers).unwrap();
        let store = Store::open(&location).unwrap();
        let routes = app::gateways(&config, &keys, &Routes::default()).unwrap();
        let app = App::new(config, store, keys, routes, Arc::new(SystemClock), dice);
        Self {
            router: Arc::new(http::router(&Arc::new(Reloadable::new(app))).boxed()),
            requests: requests.into_iter(),
            _folder: folder,
        }
    }

    /// One round.
    fn measure(&mut self, runtime: &Runtime) -> Measure {
        let workers = [(); AT_ONCE].map(|()| {
            let requests: Vec<_> = self.requests.by_ref().take(IN_A_ROW).collect();
            let router = Arc::clone(&self.router);
            async move {
                for request in requests {
                    let response = router.get_response(request).await;
                    let status = response.status();
                    let body = response.into_body().into_string().await.unwrap();
                    assert_eq!(status, 200, "{body}");
                }
            }
        });
        let watch = Watch::of("self");
        let workers = async { JoinSet::from_iter(workers).join_all().await };
        runtime.block_on(workers);
        Measure::of(AT_ONCE * IN_A_ROW, &watch)
    }
}

/// Somebody asks for a code.
fn ask(_: &mut Database, login: u32) -> Request {
    let body = format!(r#"{{"phone":"+{}"}}"#, phone(login));
    post(login, "/login/", "", body)
}

/// Somebody has one, and confirms it.
fn confirm(database: &mut Database, login: u32) -> Request {
    let challenge = database.challenge(phone(login));
    let token = seal(&database.keys, &challenge);
    let body = format!(r#"{{"sms_code":"{CODE}"}}"#);
    post(login, "/login/sms-confirm/", &token, body)
}

/// From an address of their own: a whole network may not ask as often as all of
/// its addresses.
fn post(login: u32, path: &str, token: &str, body: String) -> Request {
    let address = IpAddr::from(login.wrapping_mul(0x9e37_79b1).to_be_bytes());
    let peer = RemoteAddr(Addr::SocketAddr((address, 4711).into()));
    let request = poem::http::Request::post(path)
        .header("host", "localhost")
        .header("content-type", "application/json")
        .header("sms-token", token);
    let (parts, ()) = request.body(()).unwrap().into_parts();
    let parts = RequestParts::from((parts, LocalAddr::default(), peer, Scheme::HTTP));
    Request::from_parts(parts, Body::from_string(body))
}

/// A phone that nobody had before: few of them share their first seven digits.
fn phone(login: u32) -> i64 {
    79_000_000_000 + i64::from(login) * 104_729 * 97 % 1_000_000_000
}

pub fn rows(run: &Run) {
    let title = "Limits as they are by default, against none; without a network";
    let rows = [
        ("limits: asks", ask as Prepare),
        ("limits: first confirmations", confirm),
    ];
    let runtime = Runtime::new().unwrap();
    for (name, prepare) in run.wanted(title, rows) {
        let mut limited = Side::open(&LIMITED, prepare);
        let mut unlimited = Side::open(&UNLIMITED, prepare);
        let limited = || limited.measure(&runtime);
        let mut rounds = compare(ROUNDS, limited, || unlimited.measure(&runtime));
        row(name, &rounds.split_off(1));
    }
}
