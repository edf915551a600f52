//! What a read costs over the least that a service can do: `GET /profile/`
//! against a bare endpoint that gives the same answer to anybody; and what the
//! log costs.
//!
//! The service keeps what it has shown, so there are rows for sessions that
//! ask again and again, and rows in which each session asks for the first time.

use std::{fs, iter::repeat_n, sync::Arc};

use super::{
    Run, client,
    fixture::Fixture,
    measure::{compare, row, section},
    prepare::People,
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

fn name((name, ..): &Row) -> String {
    format!("GET /profile/{name}")
}

pub fn rows(run: &Run, fixture: &Fixture) {
    let rows: Vec<_> = ROWS.iter().filter(|row| run.wants(&name(row))).collect();
    if rows.is_empty() {
        return;
    }
    section("Reads with 64 connections, against a bare poem-openapi endpoint with the same answer");
    let fixture = fixture.copy();
    let mut people = People::of(&fixture);
    let requests = rows.iter().map(|row| requests(run, &mut people, row));
    let requests: Vec<_> = requests.collect();
    drop(people);
    let ours = Server::ours(fixture.path());
    for (row, requests) in rows.into_iter().zip(requests) {
        measure(run, row, &ours, &fixture, &requests);
    }
}

/// A request to begin with, and those of all rounds if each is good once.
fn requests(run: &Run, people: &mut People, (_, invitees, _, sessions): &Row) -> Arc<[Vec<u8>]> {
    let count = 1 + run.count(*sessions) * ROUNDS;
    let askers = match invitees {
        Some(invitees) => repeat_n(people.referrer(*invitees), count).collect(),
        None => people.anybody(count),
    };
    people.reads(&askers).into()
}

fn measure(run: &Run, of: &Row, ours: &Server, fixture: &Fixture, requests: &Arc<[Vec<u8>]>) {
    let (_, invitees, path, sessions) = *of;
    let answer = ours.ask(&requests[0]);
    let shown = invitees.map(|invitees| format!(r#""invited_users_count":{invitees},"#));
    let is_shown = shown.is_none_or(|shown| answer.contains(&shown));
    assert!(is_shown, "{answer}");
    let file = fixture.path().join("answer.json");
    fs::write(&file, &answer).unwrap();
    let theirs = Server::bare(&file);
    let to_them = client::request("GET", path, "accept: application/json", "");
    assert_eq!(theirs.ask(&to_them), answer);
    let (to_us, to_them) = (client::repeat(&requests[0]), client::repeat(&to_them));
    // The first requests find nothing in any cache.
    ours.load(CONNECTIONS, run.time / 4, &to_us);
    theirs.load(CONNECTIONS, run.time / 4, &to_them);
    let count = run.count(sessions);
    let rounds = compare(
        ROUNDS,
        |round| {
            let first = 1 + round * count;
            let each = client::each(requests, first..first + count);
            let requests = if sessions > 0 { &each } else { &to_us };
            ours.load(CONNECTIONS, run.time, requests)
        },
        |_| theirs.load(CONNECTIONS, run.time, &to_them),
    );
    row(&name(of), &rounds);
}

pub fn log_rows(run: &Run, fixture: &Fixture) {
    let rows = ["human", "json"].map(|format| (format, format!("GET /profile/, log as {format}")));
    if !rows.iter().any(|(_, name)| run.wants(name)) {
        return;
    }
    section("The log, against none");
    let ours = fixture.copy();
    let mut people = People::of(&ours);
    let somebody = people.referrer(0);
    let request = client::repeat(&people.reads(&[somebody])[0]);
    drop(people);
    let theirs = ours.copy();
    for (format, name) in rows.iter().filter(|(_, name)| run.wants(name)) {
        let ours = Server::logging(ours.path(), "info", format);
        let theirs = Server::logging(theirs.path(), "off", format);
        let load = |server: &Server| server.load(CONNECTIONS, run.time, &request);
        let rounds = compare(LOG_ROUNDS, |_| load(&ours), |_| load(&theirs));
        row(name, &rounds);
    }
}
