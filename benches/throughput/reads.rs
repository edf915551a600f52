//! What a read costs over the least that a service can do: `GET /profile/`
//! against a bare endpoint that gives the same answer to anybody.
//!
//! The service keeps what it has shown, so there are rows for sessions that
//! ask again and again, and rows in which each session asks for the first time.

use std::{fs, sync::Arc};

use super::{
    Run,
    house::House,
    measure::compare,
    people::Town,
    server::{Server, bearer, request},
    table,
};

const ROUNDS: usize = 5;
const CONNECTIONS: usize = 64;

/// A row to be measured.
struct Row {
    name: &'static str,
    /// How many invitees are shown; nobody in particular, if not said.
    invitees: Option<usize>,
    /// What is asked of the bare service.
    path: &'static str,
    /// How many sessions a second are prepared, if each is to ask but once.
    sessions: Option<u128>,
}

const fn row(
    name: &'static str,
    invitees: Option<usize>,
    path: &'static str,
    sessions: Option<u128>,
) -> Row {
    Row {
        name,
        invitees,
        path,
        sessions,
    }
}

const ROWS: [Row; 7] = [
    row("GET /profile/, no invitees", Some(0), "/profile", None),
    row("GET /profile/, 100 invitees", Some(100), "/profile", None),
    row("GET /profile/, 1000 invitees", Some(1000), "/profile", None),
    row(
        "GET /profile/, 1000, against ready bytes",
        Some(1000),
        "/bytes",
        None,
    ),
    row(
        "GET /profile/ first, of anybody",
        None,
        "/profile",
        Some(15_000),
    ),
    row(
        "GET /profile/ first, 100 invitees",
        Some(100),
        "/profile",
        Some(10_000),
    ),
    row(
        "GET /profile/ first, 1000 invitees",
        Some(1000),
        "/profile",
        Some(4000),
    ),
];

/// Fills in the section's rows.
pub fn rows(run: &Run, house: &House) {
    let rows: Vec<_> = ROWS.iter().filter(|row| run.wants(row.name)).collect();
    if rows.is_empty() {
        return;
    }
    table::section(
        "Reads with 64 connections, against a bare poem-openapi endpoint with the same answer",
    );
    let house = house.copy();
    let mut town = Town::of(&house);
    let requests: Vec<_> = rows
        .iter()
        .map(|row| row.requests(run, &mut town))
        .collect();
    drop(town);
    let ours = Server::ours(house.path(), "info");
    for (row, requests) in rows.into_iter().zip(requests) {
        row.measure(run, &ours, &house, &requests);
    }
}

impl Row {
    /// How many sessions a round has.
    fn count(&self, run: &Run) -> usize {
        let sessions = self.sessions.unwrap_or(0);
        usize::try_from(sessions * run.time.as_millis() / 1000).unwrap()
    }

    /// A request to begin with, and those of all rounds if each is good once.
    fn requests(&self, run: &Run, town: &mut Town) -> Arc<[Vec<u8>]> {
        let count = 1 + self.count(run) * ROUNDS;
        let people = match self.invitees {
            Some(invitees) => vec![town.host(invitees); count],
            None => town.anybody(count),
        };
        let tokens = town.log_in(&people);
        let requests = tokens
            .iter()
            .map(|access| request("GET", "/profile/", &bearer(access), ""));
        requests.collect()
    }

    fn measure(&self, run: &Run, ours: &Server, house: &House, requests: &Arc<[Vec<u8>]>) {
        let answer = ours.ask(&requests[0]);
        let shown = self
            .invitees
            .map(|invitees| format!(r#""invited_users_count":{invitees},"#));
        assert!(
            shown.is_none_or(|shown| answer.contains(&shown)),
            "{answer}"
        );
        let file = house.path().join("answer.json");
        fs::write(&file, &answer).unwrap();
        let theirs = Server::bare(&file);
        let to_them = request("GET", self.path, "accept: application/json", "");
        assert_eq!(theirs.ask(&to_them), answer);
        // The first requests find nothing in any cache.
        ours.load_with(&requests[0], CONNECTIONS, run.time / 4);
        theirs.load_with(&to_them, CONNECTIONS, run.time / 4);
        let count = self.count(run);
        let mut rounds = (0..ROUNDS).map(|round| 1 + round * count..1 + (round + 1) * count);
        let rounds = compare(
            ROUNDS,
            || match self.sessions {
                None => ours.load_with(&requests[0], CONNECTIONS, run.time),
                Some(_) => ours.load_each(requests, &rounds.next().unwrap(), CONNECTIONS, run.time),
            },
            || theirs.load_with(&to_them, CONNECTIONS, run.time),
        );
        table::row(self.name, &rounds);
    }
}
