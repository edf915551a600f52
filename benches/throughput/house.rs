//! A database full of people in a folder of its own, with the keys beside it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use invited::{
    app::App,
    clock::{SystemClock, dice},
    config::{Config, Layers},
    domain::{
        guard::Visitor,
        time::Timestamp,
        tx::{StoreError, Tx},
    },
    store::{Location, Store},
    token::{key_file, keys::Keys},
};
use rand::rngs::StdRng;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

/// Every number that is drawn may be sent to.
pub const DESTINATIONS: (&str, &str) = ("INVITED_LOGIN__DESTINATIONS", "+79#########");
/// Nobody is refused for asking too much, and what is prepared keeps.
pub const ENVIRONMENT: [(&str, &str); 12] = [
    DESTINATIONS,
    ("INVITED_LIMITS__SENDS_PER_PHONE", "off"),
    ("INVITED_LIMITS__WRONG_GUESSES_PER_PHONE", "off"),
    ("INVITED_LIMITS__WRONG_LONG_GUESSES_PER_PHONE", "off"),
    ("INVITED_LIMITS__FAILED_CONFIRMATIONS_PER_SOURCE", "off"),
    ("INVITED_LIMITS__SENDS_PER_SOURCE", "off"),
    ("INVITED_LIMITS__SENDS_PER_PREFIX", "off"),
    ("INVITED_LIMITS__SENDS_IN_ALL", "off"),
    ("INVITED_LIMITS__WRONG_INVITATION_CODES_PER_USER", "off"),
    ("INVITED_LIMITS__WRONG_INVITATION_CODES_PER_SOURCE", "off"),
    ("INVITED_TOKENS__SMS_TOKEN_TTL", "1d"),
    ("INVITED_TOKENS__ACCESS_TTL", "1d"),
];
const DATABASE: &str = "invited.db";
const KEYS: &str = "invited.keys.json";
/// What one transaction prepares at most.
const BATCH: usize = 10_000;

/// A folder to run a server in.
pub struct House {
    folder: TempDir,
    keys: Keys,
}

impl House {
    /// One with so many people, or with a copy of a database that was seeded before.
    pub fn seeded(users: u64, before: Option<&Path>) -> Self {
        let folder = folder();
        if let Some(before) = before {
            fs::copy(before, folder.path().join(DATABASE)).unwrap();
        } else {
            let seeding = Command::new(env!("CARGO_BIN_EXE_invited"))
                .current_dir(folder.path())
                .env_clear()
                .args(["seed", "--users", &users.to_string()])
                .status();
            assert!(seeding.unwrap().success());
        }
        let keys = Keys::draw(&mut dice());
        key_file::create(&keys, &folder.path().join(KEYS)).unwrap();
        Self { folder, keys }
    }

    /// Another like it.
    pub fn copy(&self) -> Self {
        let log = self.path().join(format!("{DATABASE}-wal"));
        assert!(!log.exists(), "a database that is closed is one file");
        let folder = folder();
        for file in [DATABASE, KEYS] {
            fs::copy(self.path().join(file), folder.path().join(file)).unwrap();
        }
        let keys = self.keys.clone();
        Self { folder, keys }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The database.
    pub fn database(&self) -> PathBuf {
        self.path().join(DATABASE)
    }

    /// Opens the service in this process, to prepare by its own rules what
    /// would take too long over HTTP. No server can run here meanwhile.
    pub fn open(&self) -> Workshop {
        let mut layers = Layers::default();
        let variables = ENVIRONMENT.map(|(name, value)| (name.into(), value.into()));
        layers.environment(variables.into_iter()).unwrap();
        let config = Config::read(layers).unwrap();
        let store = Store::open_to_fill(&Location::Sqlite(self.database())).unwrap();
        let sms = config.plan.open(&|_| String::new()).unwrap();
        let app = App::new(
            config,
            store,
            self.keys.clone(),
            sms,
            Arc::new(SystemClock),
            dice,
        );
        Workshop {
            app: Arc::new(app),
            runtime: Builder::new_current_thread().build().unwrap(),
        }
    }
}

/// On the disk that builds are on, for `/tmp` may be none.
fn folder() -> TempDir {
    TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

/// The service without a server.
pub struct Workshop {
    app: Arc<App>,
    runtime: Runtime,
}

/// A transaction in which something is prepared.
pub struct Desk<'t> {
    /// The transaction.
    pub tx: &'t mut dyn Tx,
    /// The service.
    pub app: &'t Arc<App>,
    /// Somebody who is held to nothing.
    pub visitor: Visitor,
    /// Chance.
    pub rng: StdRng,
}

impl Desk<'_> {
    /// This instant.
    pub fn now(&self) -> Timestamp {
        self.visitor.now
    }
}

impl Workshop {
    /// Has something made of each, in few transactions.
    pub fn make<I, O>(&self, of: &[I], work: fn(&mut Desk<'_>, &I) -> O) -> Vec<O>
    where
        I: Clone + Send + 'static,
        O: Send + 'static,
    {
        let mut made = Vec::with_capacity(of.len());
        for batch in of.chunks(BATCH) {
            let (app, batch) = (Arc::clone(&self.app), batch.to_vec());
            let write = self.app.store.write(move |tx| {
                let mut desk = Desk {
                    tx,
                    app: &app,
                    visitor: Visitor::unknown(app.now(), app.monotonic.now()),
                    rng: app.dice(),
                };
                let each = batch.iter().map(|one| work(&mut desk, one));
                Ok::<Vec<O>, StoreError>(each.collect())
            });
            made.extend(self.runtime.block_on(write).unwrap());
        }
        made
    }
}
