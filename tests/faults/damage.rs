//! A byte of the database is not what was written there. What SQLite can tell
//! from that is refused at the start, or is 503 for whoever needs that page;
//! from the first sign on nothing is written any more; and what the sentence
//! says restores everything.

use std::fs;

use rusqlite::Connection;
use serde_json::json;
use tempfile::TempDir;

use super::{
    desk::Desk, disk::expect_unavailable, displaced::line_with, obstacle::once, site::Site,
    tally::Tally,
};
use crate::harness::{
    line::{Line, Told},
    server::{Server, put, run},
};

const PAGE: usize = 4096;
const HEADER: usize = 100;

/// A database with people in it, at rest.
struct Scene {
    site: Site,
    tally: Tally,
    people: Vec<Known>,
    sound: Vec<u8>,
}

struct Known {
    phone: String,
    access: String,
}

impl Scene {
    fn new() -> Self {
        let site = Site::new();
        let folder = site.database.parent().unwrap();
        let seed = [
            "seed",
            "--users",
            "2000",
            "--referrals",
            "1000",
            "--database",
        ];
        let database = site.database.to_str().unwrap();
        assert!(
            run(folder, &[&seed[..], &[database]].concat())
                .status
                .success()
        );
        let tally = Tally::default();
        let server = site.start();
        let mut desk = Desk::new(&server.address, &site, &tally, &[]);
        let people = (0..4).map(|number| {
            let phone = format!("+79{number:05}0000");
            let access = desk.log_in(&phone).text("access");
            Known { phone, access }
        });
        let people = people.collect();
        assert!(server.stop().success());
        let sound = fs::read(&site.database).unwrap();
        Self {
            site,
            tally,
            people,
            sound,
        }
    }

    /// As the sentence says: the database and its side files away, a copy in its place.
    fn restore(&self, bytes: &[u8]) {
        for suffix in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(self.site.beside(suffix));
        }
        put(&self.site.database, bytes);
    }

    /// Starts on a database with a byte flipped. A refusal says how to restore, and changes nothing.
    fn start_with(&self, place: usize, mask: u8) -> Option<Server> {
        let mut damaged = self.sound.clone();
        damaged[place] ^= mask;
        self.restore(&damaged);
        match self.site.try_start() {
            Ok(server) => Some(server),
            Err(refusal) => {
                let says =
                    refusal.told.contains("to restore") && refusal.told.contains("backup copy");
                assert!(
                    says && refusal.status.code() == Some(1),
                    "byte {place}: {refusal:?}"
                );
                assert!(
                    fs::read(&self.site.database).unwrap() == damaged,
                    "byte {place}"
                );
                None
            }
        }
    }

    fn desk(&self, server: &Server) -> Desk<'_> {
        Desk::new(&server.address, &self.site, &self.tally, &[])
    }

    /// Reads and writes as everybody; how many times the damage was in the way.
    fn try_everything(&self, server: &Server) -> usize {
        let mut desk = self.desk(server);
        let mut refused = 0;
        for known in &self.people {
            let told = desk.profile(&known.access);
            refused += usize::from(is_refused(&told));
            assert!(
                told.status == 503 || told.json["phone"] == known.phone[1..],
                "{told:?}"
            );
        }
        for known in &self.people {
            let token = desk.answer("POST", "/login/", &[], &json!({ "phone": known.phone }));
            let bearer = format!("Bearer {}", known.access);
            let body = json!({ "last_name": "Smith" });
            let changed = desk.answer("PATCH", "/profile/", &[("authorization", &bearer)], &body);
            for told in [token, changed] {
                let refusal = is_refused(&told);
                assert!(
                    refusal || refused == 0,
                    "written after damage had shown: {told:?}"
                );
                refused += usize::from(refusal);
            }
        }
        refused
    }

    /// The first and last leaf of every table and index.
    fn leaves(&self) -> Vec<(String, usize)> {
        self.restore(&self.sound);
        let connection = Connection::open(&self.site.database).unwrap();
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
fn is_refused(told: &Told) -> bool {
    let refused = (told.status, told.code()) == (503, "storage_unavailable");
    assert!(refused || told.status == 200, "{told:?}");
    refused
}

#[test]
fn a_flipped_byte_in_the_header_is_refused_or_harmless() {
    let scene = Scene::new();
    let mut refused = 0;
    for place in 0..HEADER {
        match scene.start_with(place, 0xff) {
            // What nobody reads is found by the check after the start, sooner or later.
            Some(server) => {
                let is_in_the_way = scene.try_everything(&server) > 0;
                assert!(server.stop().success());
                let found = scene.site.log_lines("nothing is written to the database");
                assert!(!is_in_the_way || !found.is_empty(), "byte {place}");
            }
            None => refused += 1,
        }
    }
    assert!(refused > 30, "{refused}");
}

#[test]
fn migrations_are_not_run_again_because_damage_hides_that_they_were() {
    let scene = Scene::new();
    let leaves = scene.leaves();
    let history = |name: &str| name.starts_with("sqlite_autoindex_refinery");
    let (_, page) = leaves.iter().find(|(name, _)| history(name)).unwrap();
    // The count of a page's cells, a small one (the file format, section 1.6).
    let place = page + 4;
    let count = scene.sound[place];
    assert!(scene.start_with(place, count ^ (count - 1)).is_none());
}

#[test]
fn a_flipped_byte_in_a_leaf_is_refused_or_503_and_nothing_is_overwritten() {
    let scene = Scene::new();
    let (mut refused, mut unavailable) = (0, 0);
    for (name, page) in scene.leaves() {
        // 13 is a leaf of a table and 10 of an index (the file format, section 1.6).
        assert!(page == 0 || [13, 10].contains(&scene.sound[page]), "{name}");
        let place = if page == 0 { HEADER } else { page };
        let Some(server) = scene.start_with(place, 0xff) else {
            refused += 1;
            continue;
        };
        let is_noticed = scene.try_everything(&server) > 0;
        // Until it has stopped, its log may lack the last lines.
        server.stop();
        if is_noticed {
            unavailable += 1;
            let words = scene.site.last_error();
            assert!(
                words.contains("put a backup copy in its place"),
                "{name}: {words}"
            );
        }
        scene.restore(&scene.sound);
        assert_eq!(scene.try_everything(&scene.site.start()), 0, "{name}");
    }
    assert!(
        refused >= 2 && unavailable >= 6,
        "{refused} refused, {unavailable} unavailable"
    );
}

#[test]
fn a_database_that_is_cut_off_is_refused() {
    let scene = Scene::new();
    let (whole, database) = (scene.sound.len(), &scene.site.database);
    for missing in [1, 2048, 4095, PAGE, PAGE + 1, whole / 2, whole - PAGE] {
        let cut = &scene.sound[..whole - missing];
        scene.restore(cut);
        let refusal = scene.site.try_start().err().unwrap();
        assert!(
            refusal.told.contains("to restore"),
            "{missing}: {refusal:?}"
        );
        assert!(fs::read(database).unwrap() == cut, "{missing}");
    }
    // Also when there is a log, which has some of the pages, but not those.
    scene.restore(&scene.sound);
    let server = scene.site.start();
    scene.desk(&server).log_in("+79999990000");
    server.signal("-KILL");
    drop(server);
    let file = fs::File::options().write(true).open(database).unwrap();
    file.set_len(whole as u64 - 2048).unwrap();
    let refusal = scene.site.try_start().err().unwrap();
    assert!(refusal.told.contains("to restore"), "{refusal:?}");
    scene.restore(&scene.sound);
    assert_eq!(scene.try_everything(&scene.site.start()), 0);
}

/// How many pages are free (the file format, section 1.3), which nobody reads until one is needed.
const FREE_PAGES: usize = 36;

#[test]
fn damage_that_nobody_reads_is_found_after_the_start() {
    let scene = Scene::new();
    let server = scene.start_with(FREE_PAGES + 3, 1).unwrap();
    let mut line = Line::to(&server.address);
    let ready = || {
        let told = line.call("GET", "/health/ready", &[], &json!(null));
        told.unwrap()
    };
    expect_unavailable(&once(ready, 503));
    let told = scene.desk(&server).profile(&scene.people[0].access);
    assert_eq!(told.status, 200);
    assert!(server.stop().success());
    let errors = scene
        .site
        .log_lines("nothing is written to the database any more");
    assert_eq!(errors.len(), 1, "{errors:?}");
}

#[test]
fn that_nothing_was_found_is_said() {
    let folder = TempDir::new().unwrap();
    let (_server, log) = Server::with_log(folder.path());
    line_with(log, "checked the database: it is sound");
}
