//! A database full of people in a folder of its own, with the keys beside it,
//! and the service opened on it without a server.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use invited::{
    app::App,
    clock::{SystemClock, dice},
    config::{Config, Layers},
    domain::{error::StoreError, time::Timestamp, tx::Tx, visitor::Visitor},
    sms::{Failure, Gateway, Message, Receipt, Transcript, route::Routes},
    store::{Location, Store},
    token::{key_file, keys::Keys},
};
use rand::rngs::StdRng;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

/// Every number that is drawn may be sent to, and what is prepared keeps.
pub const LASTING: [(&str, &str); 3] = [
    ("INVITED_LOGIN__DESTINATIONS", "+79#########"),
    ("INVITED_TOKENS__SMS_TOKEN_TTL", "1d"),
    ("INVITED_TOKENS__ACCESS_TTL", "1d"),
];
/// Nobody is refused for asking too much.
pub const UNLIMITED: [(&str, &str); 9] = [
    ("INVITED_LIMITS__SENDS_PER_PHONE", "off"),
    ("INVITED_LIMITS__WRONG_GUESSES_PER_PHONE", "off"),
    ("INVITED_LIMITS__WRONG_LONG_GUESSES_PER_PHONE", "off"),
    ("INVITED_LIMITS__FAILED_CONFIRMATIONS_PER_SOURCE", "off"),
    ("INVITED_LIMITS__SENDS_PER_SOURCE", "off"),
    ("INVITED_LIMITS__SENDS_PER_PREFIX", "off"),
    ("INVITED_LIMITS__SENDS_IN_ALL", "off"),
    ("INVITED_LIMITS__WRONG_INVITATION_CODES_PER_USER", "off"),
    ("INVITED_LIMITS__WRONG_INVITATION_CODES_PER_SOURCE", "off"),
];
const DATABASE: &str = "invited.db";
const KEYS: &str = "invited.keys.json";
/// What one transaction prepares at most.
const BATCH: usize = 10_000;

/// A folder to run a server in.
pub struct Fixture {
    folder: TempDir,
    keys: Keys,
}

impl Fixture {
    /// One with so many people, or with a copy of the database `before`, if
    /// that is named.
    pub fn seeded(users: u64, before: &Path) -> Self {
        let fixture = Self::empty(Keys::draw(&mut dice()));
        if before.as_os_str().is_empty() {
            let seeding = Command::new(env!("CARGO_BIN_EXE_invited"))
                .current_dir(fixture.path())
                .env_clear()
                .args(["seed", "--users", &users.to_string()])
                .status();
            assert!(seeding.unwrap().success());
        } else {
            fs::copy(before, fixture.database()).unwrap();
        }
        key_file::create(&fixture.keys, &fixture.path().join(KEYS)).unwrap();
        fixture
    }

    /// On the disk that builds are on, for `/tmp` may not be one.
    fn empty(keys: Keys) -> Self {
        let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        Self { folder, keys }
    }

    /// Another like it.
    pub fn copy(&self) -> Self {
        let log = self.path().join(format!("{DATABASE}-wal"));
        assert!(!log.exists(), "a database that is closed is one file");
        let copy = Self::empty(self.keys.clone());
        for file in [DATABASE, KEYS] {
            fs::copy(self.path().join(file), copy.path().join(file)).unwrap();
        }
        copy
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn database(&self) -> PathBuf {
        self.path().join(DATABASE)
    }

    /// Opens the service in this process, to prepare by its own rules what
    /// would take too long over HTTP. No server can run here meanwhile.
    pub fn open(&self) -> Service {
        let store = Store::open_to_fill(&Location::Sqlite(self.database())).unwrap();
        let gateway = Arc::new(RecordingGateway::default());
        let settings = [&LASTING[..], &UNLIMITED].concat();
        Service {
            app: app(&settings, store, self.keys.clone(), gateway),
            runtime: Builder::new_current_thread().build().unwrap(),
        }
    }
}

/// The service without a server.
pub fn app(
    settings: &[(&str, &str)],
    store: Store,
    keys: Keys,
    gateway: Arc<RecordingGateway>,
) -> Arc<App> {
    let mut layers = Layers::default();
    let variables = settings.iter();
    let variables = variables.map(|(name, value)| ((*name).into(), (*value).into()));
    layers.environment(variables).unwrap();
    let config = Config::read(layers).unwrap();
    let routes = Routes::only(gateway as _);
    let clock = Arc::new(SystemClock);
    Arc::new(App::new(config, store, keys, routes, clock, dice))
}

/// Keeps the last code of each phone.
#[derive(Default)]
pub struct RecordingGateway(pub Mutex<HashMap<String, String>>);

#[async_trait]
impl Gateway for RecordingGateway {
    async fn deliver(&self, message: &Message, _: &mut Transcript) -> Result<Receipt, Failure> {
        if let Some(code) = &message.code {
            let code = code.reveal().to_owned();
            self.0.lock().unwrap().insert(message.to.e164(), code);
        }
        Ok(Receipt::default())
    }
}

pub struct Service {
    app: Arc<App>,
    runtime: Runtime,
}

/// A transaction in which something is prepared.
pub struct Transaction<'t> {
    pub tx: &'t mut dyn Tx,
    pub app: &'t Arc<App>,
    /// Somebody who is held to nothing.
    pub visitor: Visitor,
    pub rng: StdRng,
}

impl Transaction<'_> {
    pub fn now(&self) -> Timestamp {
        self.visitor.now
    }
}

impl Service {
    /// Has something made of each, in few transactions.
    pub fn make<I, O>(&self, of: &[I], make: fn(&mut Transaction<'_>, I) -> O) -> Vec<O>
    where
        I: Clone + Send + 'static,
        O: Send + 'static,
    {
        let batch = |batch: &[I]| {
            let (app, batch) = (Arc::clone(&self.app), batch.to_vec());
            let write = self.app.store.write(move |tx| {
                let mut transaction = Transaction {
                    tx,
                    app: &app,
                    visitor: Visitor::unknown(app.now(), app.monotonic.now()),
                    rng: app.dice(),
                };
                let each = batch.iter().cloned().map(|one| make(&mut transaction, one));
                Ok::<Vec<O>, StoreError>(each.collect())
            });
            self.runtime.block_on(write).unwrap()
        };
        of.chunks(BATCH).flat_map(batch).collect()
    }
}
