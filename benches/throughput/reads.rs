//! What a read costs over the least that a service can do: `GET /profile/`
//! against a bare endpoint that gives the same answer to anybody; and what the
//! log costs.
//!
//! The service keeps what it has shown, so there are rows for sessions that
//! ask again and again, and rows in which each session asks for the first time.

use std::{iter::repeat, sync::Arc};

use super::{
    Run, client,
    database::Database,
    fixture::Fixture,
    measure::{Rounds, compare, row},
    prepare::prepare,
    server::Server,
};

const ROUNDS: usize = 5;
/// So little is to be seen that chance would hide it in fewer.
const LOG_ROUNDS: usize = 15;
const CONNECTIONS: usize = 64;

/// A row to be measured: what follows `GET /profile/` in its name; how many
/// invitees are shown, nobody in particular if not said; what is asked of the
/// bare service; how many sessions a second are prepared, each to ask once, or
/// none, and one asks again and again.
type Row = (&'static str, Option<usize>, &'static str, u128);

const ROWS: [Row; 7] = [
    (", no invitees", Some(0), "/profile", 0),
    (", 100 invitees", Some(100), "/profile", 0),
    (", 1000 invitees", Some(1000), "/profile", 0),
    (", 1000, against ready bytes", Some(1000), "/bytes", 0),
    (" first, of anybody", None, "/profile", 15_000),
    (" first, 100 invitees", Some(100), "/profile", 10_000),
    (" first, 1000 invitees", Some(1000), "/profile", 4000),
];

pub fn rows(run: &Run, fixture: &Fixture) {
    let title =
        "Reads with 64 connections, against a bare poem-openapi endpoint with the same answer";
    let rows = ROWS.map(|row| (format!("GET /profile/{}", row.0), row));
    let rows = run.wanted(title, rows);
    if rows.is_empty() {
        return;
    }
    let fixture = fixture.copy();
    let requests: Vec<_> = prepare(&fixture, |database| {
        let requests = rows.iter().map(|(_, row)| requests(run, database, row));
        requests.collect()
    });
    let ours = Server::ours(fixture.path(), "info", "human");
    for ((name, of), requests) in rows.iter().zip(requests) {
        row(name, &measure(run, &ours, of, &requests));
    }
}

/// A request to begin with, and those of all rounds if each is good once.
fn requests(run: &Run, database: &mut Database, of: &Row) -> Vec<Arc<[u8]>> {
    let (_, invitees, _, sessions) = *of;
    let count = 1 + run.count(sessions) * ROUNDS;
    let askers = match invitees {
        Some(invitees) => vec![database.referrer(invitees)],
        None => database.uninvited(count),
    };
    let askers = askers.into_iter().cycle().take(count);
    askers.map(|asker| database.profile(asker)).collect()
}

fn measure(run: &Run, ours: &Server, of: &Row, requests: &[Arc<[u8]>]) -> Rounds {
    let (_, invitees, path, sessions) = *of;
    let answer = ours.ask(&requests[0]);
    let shown = invitees.map(|invitees| format!(r#""invited_users_count":{invitees},"#));
    let is_shown = shown.is_none_or(|shown| answer.contains(&shown));
    assert!(is_shown, "{answer}");
    let theirs = Server::bare(&answer);
    let to_them = client::request("GET", path, "accept: application/json", "");
    assert_eq!(theirs.ask(&to_them), answer);
    let (to_us, to_them) = (repeat(Arc::clone(&requests[0])), repeat(to_them));
    // The first requests find nothing in any cache.
    ours.load(CONNECTIONS, run.time / 4, to_us.clone());
    theirs.load(CONNECTIONS, run.time / 4, to_them.clone());
    let mut sessions = requests[1..].chunks(run.count(sessions).max(1));
    let ask_us = || match sessions.next().map(<[_]>::to_vec) {
        Some(each) => ours.load(CONNECTIONS, run.time, each.into_iter()),
        None => ours.load(CONNECTIONS, run.time, to_us.clone()),
    };
    let ask_them = || theirs.load(CONNECTIONS, run.time, to_them.clone());
    compare(ROUNDS, ask_us, ask_them)
}

pub fn log_rows(run: &Run, fixture: &Fixture) {
    let rows = ["human", "json"].map(|format| (format!("GET /profile/, log as {format}"), format));
    let rows = run.wanted("The log, against none", rows);
    if rows.is_empty() {
        return;
    }
    let ours = fixture.copy();
    let request = prepare(&ours, |database| {
        let somebody = database.referrer(0);
        database.profile(somebody)
    });
    let theirs = ours.copy();
    for (name, format) in rows {
        let ours = Server::ours(ours.path(), "info", format);
        let theirs = Server::ours(theirs.path(), "off", format);
        let request = repeat(Arc::clone(&request));
        let load = |server: &Server| server.load(CONNECTIONS, run.time, request.clone());
        let rounds = compare(LOG_ROUNDS, || load(&ours), || load(&theirs));
        row(&name, &rounds);
    }
}
