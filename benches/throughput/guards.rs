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

use async_trait::async_trait;
use invited::{
    app::App,
    clock::{SystemClock, dice},
    config::{Config, Layers},
    http,
    sms::{Failure, Gateway, Message, Receipt, Transcript, route::Routes},
    store::{Location, Store},
    token::keys::Keys,
};
use poem::{
    Addr, Body, Endpoint, Request, RequestParts, Response,
    endpoint::BoxEndpoint,
    http::uri::Scheme,
    web::{LocalAddr, RemoteAddr},
};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    Run, house,
    measure::{Measure, Rounds, Watch},
    table,
};

const ROUNDS: usize = 9;
const NAMES: [&str; 2] = ["asks", "first confirmations"];
const LOGINS: usize = 4096;
const AT_ONCE: usize = 64;

/// So many messages a day are not the default, but nothing else is off or wider.
const LIMITED: &[(&str, &str)] = &[
    ("INVITED_LIMITS__SENDS_IN_ALL", "1000000000/24h"),
    ("INVITED_BUDGET__PRICES", "+7=2.50"),
    (
        "INVITED_BUDGET__AMOUNTS",
        "1000000000/1h, 10000000000/24h, 100000000000/30d",
    ),
];
const UNLIMITED: &[(&str, &str)] = &[
    ("INVITED_LIMITS__SENDS_PER_PHONE", "off"),
    ("INVITED_LIMITS__WRONG_GUESSES_PER_PHONE", "off"),
    ("INVITED_LIMITS__WRONG_LONG_GUESSES_PER_PHONE", "off"),
    ("INVITED_LIMITS__FAILED_CONFIRMATIONS_PER_SOURCE", "off"),
    ("INVITED_LIMITS__SENDS_PER_SOURCE", "off"),
    ("INVITED_LIMITS__SENDS_PER_PREFIX", "off"),
    ("INVITED_LIMITS__SENDS_IN_ALL", "off"),
];

/// Remembers the codes.
#[derive(Default)]
struct Pigeon(Mutex<HashMap<String, String>>);

#[async_trait]
impl Gateway for Pigeon {
    async fn deliver(&self, message: &Message, _: &mut Transcript) -> Result<Receipt, Failure> {
        if let Some(code) = &message.code {
            let code = code.reveal().to_owned();
            self.0.lock().unwrap().insert(message.to.e164(), code);
        }
        Ok(Receipt::default())
    }
}

struct House {
    router: BoxEndpoint<'static, Response>,
    codes: Arc<Pigeon>,
    _folder: TempDir,
}

impl House {
    fn open(settings: &[(&str, &str)]) -> Arc<Self> {
        let folder = TempDir::new().unwrap();
        let mut layers = Layers::default();
        let settings = settings
            .iter()
            .chain([&house::DESTINATIONS])
            .map(|(name, value)| ((*name).into(), (*value).into()));
        layers.environment(settings).unwrap();
        let location = Location::Sqlite(folder.path().join("invited.db"));
        Store::migrate(&location).unwrap();
        let codes = Arc::new(Pigeon::default());
        let app = App::new(
            Config::read(layers).unwrap(),
            Store::open(&location).unwrap(),
            Keys::draw(&mut dice()),
            Routes::only(Arc::clone(&codes) as _),
            Arc::new(SystemClock),
            dice,
        );
        Arc::new(Self {
            router: poem::EndpointExt::boxed(http::router(&Arc::new(app))),
            codes,
            _folder: folder,
        })
    }

    async fn post(&self, peer: IpAddr, path: &str, token: &str, body: Value) -> Value {
        let request = poem::http::Request::builder()
            .method("POST")
            .uri(path)
            .header("host", "localhost")
            .header("content-type", "application/json")
            .header("sms-token", token);
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let peer = RemoteAddr(Addr::SocketAddr((peer, 4711).into()));
        let parts = RequestParts::from((parts, LocalAddr::default(), peer, Scheme::HTTP));
        let request = Request::from_parts(parts, Body::from_string(body.to_string()));
        let response = self.router.get_response(request).await;
        let status = response.status();
        let body = response.into_body().into_string().await.unwrap();
        assert_eq!(status, 200, "{body}");
        serde_json::from_str(&body).unwrap()
    }
}

/// Does `one` for every number, so many at once.
async fn many<F, T>(one: impl Fn(usize) -> F) -> (Vec<T>, Measure)
where
    F: Future<Output = Vec<T>> + Send + 'static,
    T: Send + 'static,
{
    let watch = Watch::process("self");
    let tasks: Vec<_> = (0..AT_ONCE)
        .map(|worker| tokio::spawn(one(worker)))
        .collect();
    let mut outcomes = Vec::new();
    for task in tasks {
        outcomes.extend(task.await.unwrap());
    }
    let measure = Measure::of(outcomes.len(), watch.elapsed(), watch.busy());
    (outcomes, measure)
}

/// One round of logins of phones that nobody had before: asks, and confirmations.
async fn round(house: &Arc<House>, round: usize) -> [Measure; 2] {
    let share = |worker| (0..LOGINS / AT_ONCE).map(move |n| worker * LOGINS / AT_ONCE + n);
    // 7919 numbers apart: few of them share their first seven digits.
    let phone = move |n: usize| {
        format!(
            "+79{:09}",
            ((round * LOGINS + n) * 104_729 * 97) % 1_000_000_000
        )
    };
    // Scattered, since a whole network may not ask as often as all of its addresses.
    let peer = move |n: usize| {
        let number = u32::try_from(round * LOGINS + n).unwrap();
        IpAddr::from(number.wrapping_mul(0x9e37_79b1).to_be_bytes())
    };
    let (asked, asks) = many(|worker| {
        let house = Arc::clone(house);
        async move {
            let mut tokens = Vec::new();
            for n in share(worker) {
                let body = json!({ "phone": phone(n) });
                let reply = house.post(peer(n), "/login/", "", body).await;
                tokens.push((n, reply["sms-token"].as_str().unwrap().to_owned()));
            }
            tokens
        }
    })
    .await;
    let tokens: Arc<HashMap<usize, String>> = Arc::new(asked.into_iter().collect());
    let (_, confirmations) = many(|worker| {
        let (house, tokens) = (Arc::clone(house), Arc::clone(&tokens));
        async move {
            let mut done = Vec::new();
            for n in share(worker) {
                let code = house.codes.0.lock().unwrap()[&phone(n)].clone();
                let body = json!({ "sms_code": code });
                house
                    .post(peer(n), "/login/sms-confirm/", &tokens[&n], body)
                    .await;
                done.push(());
            }
            done
        }
    })
    .await;
    [asks, confirmations]
}

/// Fills in the section's rows.
pub fn rows(run: &Run) {
    if !NAMES
        .iter()
        .any(|name| run.wants(&format!("limits: {name}")))
    {
        return;
    }
    table::section("Limits as they are by default, against none; without a network");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let houses = [LIMITED, UNLIMITED].map(House::open);
    let mut rounds: [Rounds; 2] = Default::default();
    for number in 0..=ROUNDS {
        let mut sides = houses
            .iter()
            .map(|house| runtime.block_on(round(house, number)));
        let (limited, unlimited) = (sides.next().unwrap(), sides.next().unwrap());
        // The first round warms up.
        if number > 0 {
            let pairs = limited.into_iter().zip(unlimited);
            rounds
                .iter_mut()
                .zip(pairs)
                .for_each(|(rounds, (on, off))| rounds.push([on, off]));
        }
    }
    for (name, rounds) in NAMES.iter().zip(&rounds) {
        table::row(&format!("limits: {name}"), rounds);
    }
}
