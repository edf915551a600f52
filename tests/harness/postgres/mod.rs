//! The suite on PostgreSQL: `INVITED_TEST_STORE=postgres cargo test`.
//!
//! Whatever has a folder has a database of its own, which is copied from one
//! that was migrated once, and dropped some time after the folder is gone.
//! Without the variable no server is started.

mod server;
mod session;
mod tests;

use std::{
    collections::HashMap,
    env,
    path::{Path, PathBuf},
    sync::{
        LazyLock, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use invited::store::Store;
pub use server::Server;
pub use session::{Rows, Session};
use tempfile::TempDir;

/// Its value is the store that tests run on: `postgres`, or else a file of SQLite.
const STORE: &str = "INVITED_TEST_STORE";
/// How transactions are isolated that ask for nothing else.
const ISOLATION: &str = "INVITED_TEST_ISOLATION";
/// What the suite itself is told, and the service is not.
pub const VARIABLES: [&str; 2] = [STORE, ISOLATION];
const TEMPLATE: &str = "migrated";

/// Whether tests run on PostgreSQL.
#[expect(clippy::disallowed_methods, reason = "which store the suite runs on")]
pub fn is_asked_for() -> bool {
    match env::var(STORE) {
        Ok(store) if store == "postgres" => true,
        Ok(store) if store != "sqlite" => panic!("{STORE}: there is no store {store:?}"),
        _ => false,
    }
}

/// The URL of the database that goes with a folder; it is there, with a schema.
#[track_caller]
pub fn url_of(folder: &Path) -> String {
    let databases = DATABASES.as_ref();
    let databases = databases.unwrap_or_else(|why| panic!("{STORE}=postgres: {why}"));
    databases.of(folder, &format!("TEMPLATE {TEMPLATE}"))
}

/// The same of a folder for which nobody asked so far: there is nothing in it.
#[track_caller]
pub fn empty_url_of(folder: &Path) -> String {
    let databases = DATABASES.as_ref();
    let databases = databases.unwrap_or_else(|why| panic!("{STORE}=postgres: {why}"));
    databases.of(folder, "TEMPLATE template0")
}

/// A folder whose database is still to be made, or has nothing in it.
pub fn empty_folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    if is_asked_for() {
        empty_url_of(folder.path());
    }
    folder
}

/// Ends a test of SQLite's own files where the suite runs on another store, and says so.
macro_rules! sqlite_only {
    ($why:literal) => {
        if $crate::harness::postgres::leaves_to_sqlite($why) {
            return;
        }
    };
}
pub(crate) use sqlite_only;

/// Whether the test that runs is not for this store. It is told and counted then.
pub fn leaves_to_sqlite(why: &str) -> bool {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    if !is_asked_for() {
        return false;
    }
    let count = COUNT.fetch_add(1, Ordering::Relaxed) + 1;
    let thread = thread::current();
    let name = thread.name().unwrap_or("a test");
    crate::faults::say(&format!("left to SQLite, {count} so far: {name} ({why})"));
    true
}

static DATABASES: LazyLock<Result<Databases, String>> = LazyLock::new(Databases::start);

struct Databases {
    server: Server,
    by_folder: Mutex<ByFolder>,
}

struct ByFolder {
    session: Session,
    names: HashMap<PathBuf, String>,
    made: usize,
}

impl Databases {
    #[expect(clippy::disallowed_methods, reason = "how transactions are isolated")]
    fn start() -> Result<Self, String> {
        let isolation = env::var(ISOLATION).unwrap_or_else(|_| "read committed".to_owned());
        let server = Server::start(&isolation)?;
        let session = Session::to(&server.url("postgres"));
        session.run(&format!("CREATE DATABASE {TEMPLATE} TEMPLATE template0"));
        Store::migrate(&server.url(TEMPLATE).parse()?).map_err(|error| error.to_string())?;
        let names = HashMap::new();
        let by_folder = ByFolder {
            session,
            names,
            made: 0,
        };
        Ok(Self {
            server,
            by_folder: Mutex::new(by_folder),
        })
    }

    fn of(&self, folder: &Path, template: &str) -> String {
        let mut by_folder = self.by_folder.lock().unwrap();
        by_folder.drop_those_of_the_past();
        self.server.url(&by_folder.name(folder, template))
    }
}

impl ByFolder {
    fn name(&mut self, folder: &Path, template: &str) -> String {
        if let Some(name) = self.names.get(folder) {
            return name.clone();
        }
        self.made += 1;
        let name = format!("test{}", self.made);
        // Copying files takes half the time of writing all pages to the log.
        let sql = format!("CREATE DATABASE {name} {template} STRATEGY file_copy");
        self.session.run(&sql);
        self.names.insert(folder.to_owned(), name.clone());
        name
    }

    fn drop_those_of_the_past(&mut self) {
        let gone = self.names.extract_if(|folder, _| !folder.exists());
        for (_, name) in gone {
            // A store that is being closed may still be connected.
            self.session
                .run(&format!("DROP DATABASE {name} WITH (FORCE)"));
        }
    }
}

/// The URL of a database with nothing in it, which goes with a folder; none
/// where PostgreSQL is not installed, which is said.
pub fn url_if_there(folder: &Path) -> Option<String> {
    let databases = if_there(DATABASES.as_ref().map_err(Clone::clone))?;
    Some(databases.of(folder, "TEMPLATE template0"))
}

/// A server of a test's own.
pub fn server_if_there() -> Option<Server> {
    if_there(Server::start("read committed"))
}

/// Skipped where PostgreSQL is not installed, unless somebody asked for it.
fn if_there<T>(found: Result<T, String>) -> Option<T> {
    match found {
        Err(why) if !is_asked_for() => {
            crate::faults::say(&format!("skipped: {why}"));
            None
        }
        found => Some(found.unwrap_or_else(|why| panic!("{why}"))),
    }
}
