//! A byte of the database is not what was written there. What SQLite can tell
//! from that is refused at the start, or is 503 for whoever needs that page;
//! from the first sign on nothing is written any more; and what the error
//! says restores everything.

use std::fs;

use rusqlite::Connection;
use tempfile::TempDir;

use super::{disk_full::assert_unavailable, environment::TestEnv, file_replacement::line_with};
use crate::harness::{
    line::Response,
    postgres::sqlite_only,
    server::{Server, put, run},
};

const PAGE: usize = 4096;
const HEADER: usize = 100;

/// A populated database, at rest.
struct Database {
    env: TestEnv,
    accounts: Vec<Account>,
    sound: Vec<u8>,
}

struct Account {
    phone: String,
    access: String,
}

impl Database {
    fn new() -> Self {
        let env = TestEnv::new();
        let seed = "seed --users 2000 --referrals 1000 --database invited.db";
        let arguments: Vec<_> = seed.split(' ').collect();
        let seeded = run(env.database.parent().unwrap(), &arguments);
        assert!(seeded.status.success());
        let server = env.start();
        let mut client = env.client(&server);
        let accounts = (0..4).map(|number| {
            let phone = format!("+79{number:05}0000");
            let access = client.log_in(&phone).text("access");
            Account { phone, access }
        });
        let accounts = accounts.collect();
        assert!(server.stop().success());
        let sound = fs::read(&env.database).unwrap();
        Self {
            env,
            accounts,
            sound,
        }
    }

    /// As the error says: the database and its side files away, a copy in its place.
    fn restore(&self, bytes: &[u8]) {
        for suffix in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(self.env.side_file(suffix));
        }
        put(&self.env.database, bytes);
    }

    /// Starts on a database with a byte flipped. A refusal says how to restore, and changes nothing.
    fn start_with_flipped(&self, offset: usize, mask: u8) -> Option<Server> {
        let mut damaged = self.sound.clone();
        damaged[offset] ^= mask;
        self.restore(&damaged);
        let error = match self.env.try_start() {
            Ok(server) => return Some(server),
            Err(error) => error,
        };
        let parts = ["to restore", "backup copy"];
        let is_advice = parts.iter().all(|part| error.message.contains(part));
        assert!(is_advice, "byte {offset}: {error:?}");
        assert_eq!(error.status.code(), Some(1), "byte {offset}");
        let left = fs::read(&self.env.database).unwrap();
        assert!(left == damaged, "byte {offset}");
        None
    }

    /// Reads and writes every account; how many times the damage was in the way.
    fn use_all(&self, server: &Server) -> usize {
        let mut client = self.env.client(server);
        let mut refused = 0;
        for account in &self.accounts {
            let profile = client.profile(&account.access);
            let is_own = profile.json["phone"] == account.phone[1..];
            assert!(is_unavailable(&profile) || is_own, "{profile:?}");
            refused += usize::from(is_unavailable(&profile));
        }
        for account in &self.accounts {
            let responses = [
                client.ask(&account.phone),
                client.rename(&account.access, "Smith"),
            ];
            for response in responses {
                let is_refused = is_unavailable(&response);
                assert!(is_refused || refused == 0, "written anyway: {response:?}");
                refused += usize::from(is_refused);
            }
        }
        refused
    }

    #[track_caller]
    fn assert_start_refused(&self) {
        let error = self.env.try_start().err().unwrap();
        assert!(error.message.contains("to restore"), "{error:?}");
    }

    /// The first and last leaf of every table and index.
    fn leaves(&self) -> Vec<(String, usize)> {
        self.restore(&self.sound);
        let connection = Connection::open(&self.env.database).unwrap();
        let sql = "SELECT name, min(pageno) FROM dbstat WHERE pagetype = 'leaf' GROUP BY name
                   UNION SELECT name, max(pageno) FROM dbstat WHERE pagetype = 'leaf' GROUP BY name";
        let mut statement = connection.prepare(sql).unwrap();
        let leaf = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get::<_, u32>(1)?));
        let rows = statement.query_map([], leaf).unwrap().map(Result::unwrap);
        rows.map(|(name, page)| (name, (page as usize - 1) * PAGE))
            .collect()
    }
}

/// Whether this is a 503; everything else is a success.
fn is_unavailable(response: &Response) -> bool {
    let refused = (response.status, response.code()) == (503, "storage_unavailable");
    assert!(refused || response.status == 200, "{response:?}");
    refused
}

#[test]
fn a_flipped_byte_in_the_header_is_refused_or_harmless() {
    sqlite_only!("damage to its file");
    let database = Database::new();
    let mut refused = 0;
    for offset in 0..HEADER {
        let Some(server) = database.start_with_flipped(offset, 0xff) else {
            refused += 1;
            continue;
        };
        // What nobody reads is found by the check after the start, sooner or later.
        let is_noticed = database.use_all(&server) > 0;
        assert!(server.stop().success());
        let errors = database.env.log_lines("nothing is written to the database");
        assert!(!is_noticed || !errors.is_empty(), "byte {offset}");
    }
    assert!(refused > 30, "{refused}");
}

#[test]
fn migrations_are_not_run_again_because_damage_hides_that_they_were() {
    sqlite_only!("damage to its file");
    let database = Database::new();
    let leaves = database.leaves();
    let history = |name: &str| name.starts_with("sqlite_autoindex_refinery");
    let (_, page) = leaves.iter().find(|(name, _)| history(name)).unwrap();
    // The count of a page's cells, a small one (the file format, section 1.6).
    let offset = page + 4;
    let count = database.sound[offset];
    let started = database.start_with_flipped(offset, count ^ (count - 1));
    assert!(started.is_none());
}

#[test]
fn a_flipped_byte_in_a_leaf_is_refused_or_503_and_nothing_is_overwritten() {
    sqlite_only!("damage to its file");
    let database = Database::new();
    let (mut refused, mut unavailable) = (0, 0);
    for (name, page) in database.leaves() {
        // 13 is a leaf of a table and 10 of an index (the file format, section 1.6).
        let kind = database.sound[page];
        assert!(page == 0 || [13, 10].contains(&kind), "{name}");
        let offset = if page == 0 { HEADER } else { page };
        let Some(server) = database.start_with_flipped(offset, 0xff) else {
            refused += 1;
            continue;
        };
        let is_noticed = database.use_all(&server) > 0;
        // Until it has stopped, its log may lack the last lines.
        server.stop();
        if is_noticed {
            unavailable += 1;
            let error = database.env.log_lines("ERROR").pop().unwrap();
            let is_advice = error.contains("put a backup copy in its place");
            assert!(is_advice, "{name}: {error}");
        }
        database.restore(&database.sound);
        assert_eq!(database.use_all(&database.env.start()), 0, "{name}");
    }
    let counts = format!("{refused} refused, {unavailable} unavailable");
    assert!(refused >= 2 && unavailable >= 6, "{counts}");
}

#[test]
fn a_database_that_is_cut_off_is_refused() {
    sqlite_only!("damage to its file");
    let database = Database::new();
    let (whole, path) = (database.sound.len(), &database.env.database);
    for missing in [1, 2048, 4095, PAGE, PAGE + 1, whole / 2, whole - PAGE] {
        let cut = &database.sound[..whole - missing];
        database.restore(cut);
        database.assert_start_refused();
        assert!(fs::read(path).unwrap() == cut, "{missing}");
    }
    // Also when there is a log, which has some of the pages, but not those.
    database.restore(&database.sound);
    let server = database.env.start();
    database.env.client(&server).log_in("+79999990000");
    // That kills it.
    drop(server);
    let file = fs::File::options().write(true).open(path).unwrap();
    file.set_len(whole as u64 - 2048).unwrap();
    database.assert_start_refused();
    database.restore(&database.sound);
    assert_eq!(database.use_all(&database.env.start()), 0);
}

/// Offset of the count of free pages (the file format, section 1.3), which nobody reads until one is needed.
const FREE_PAGES: usize = 36;

#[test]
fn damage_that_nobody_reads_is_found_after_the_start() {
    sqlite_only!("damage to its file");
    let database = Database::new();
    let server = database.start_with_flipped(FREE_PAGES + 3, 1).unwrap();
    let mut client = database.env.client(&server);
    assert_unavailable(&client.poll_readiness(503));
    let profile = client.profile(&database.accounts[0].access);
    assert_eq!(profile.status, 200);
    assert!(server.stop().success());
    database.env.read_only_error();
}

#[test]
fn a_sound_database_is_logged_as_such() {
    sqlite_only!("damage to its file");
    let folder = TempDir::new().unwrap();
    let (_server, log) = Server::with_log(folder.path());
    line_with(log, "checked the database: it is sound");
}
