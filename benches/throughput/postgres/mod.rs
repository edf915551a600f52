//! The same service on PostgreSQL: beside itself on SQLite, beside what
//! PostgreSQL's own benchmark commits, and two nodes beside one.
//!
//! Who asks, who answers and the database all run on the same cores.

mod cluster;
mod requests;

use std::{iter::repeat, sync::Arc, thread};

use invited::store::{Location, Store};
use tokio::runtime::Builder;

use self::{
    cluster::Cluster,
    requests::{Kind, Preparation},
};
use super::{
    Run,
    fixture::Fixture,
    measure::{Measure, Rounds, compare, row},
    server::Server,
};

const ROUNDS: usize = 3;
const CONNECTIONS: usize = 64;
/// To the database, by all nodes together: what one has by default.
const TO_DATABASE: usize = 16;

/// What stands in the second column.
#[derive(Clone, Copy)]
enum Beside {
    Sqlite,
    /// With so many branches. In one, its clients wait for one another.
    Pgbench(&'static str),
    OneNode,
}

const SECTIONS: [(&str, &str, Beside, &[Kind]); 4] = [
    (
        "PostgreSQL with 64 connections, against SQLite",
        "postgres: ",
        Beside::Sqlite,
        &[
            Kind::Kept,
            Kind::First,
            Kind::Ask,
            Kind::Confirm,
            Kind::ConfirmNew,
            Kind::Refresh,
            Kind::Redeem,
        ],
    ),
    (
        "PostgreSQL with 64 connections, against pgbench (64 clients, all by default) on the same server",
        "postgres: pgbench, ",
        Beside::Pgbench("1"),
        &[Kind::Confirm, Kind::ConfirmNew],
    ),
    (
        "PostgreSQL with 64 connections, against pgbench (64 clients in 50 branches) on the same server",
        "postgres: pgbench 50, ",
        Beside::Pgbench("50"),
        &[Kind::Confirm, Kind::ConfirmNew],
    ),
    (
        "Two nodes on PostgreSQL with 32 connections each, against one with 64, as many to the database in all",
        "postgres: two nodes, ",
        Beside::OneNode,
        &[Kind::Kept, Kind::First, Kind::Confirm],
    ),
];

pub fn rows(run: &Run, fixture: &Fixture, users: u64) {
    let mut cluster = None;
    for (title, prefix, beside, kinds) in SECTIONS {
        let kinds = Kind::ALL
            .into_iter()
            .filter(|(kind, ..)| kinds.contains(kind));
        let rows =
            kinds.map(|(kind, name, a_second)| (format!("{prefix}{name}"), (kind, a_second)));
        let rows = run.wanted(title, rows);
        if rows.is_empty() {
            continue;
        }
        let cluster = match cluster.get_or_insert_with(|| filled(users)) {
            Ok(cluster) => cluster,
            Err(why) => return println!("skipped: {why}"),
        };
        let sides = Sides::new(cluster, fixture);
        for (name, (kind, a_second)) in rows {
            row(&name, &sides.compare(run, beside, kind, a_second));
        }
    }
}

fn filled(users: u64) -> Result<Cluster, String> {
    let cluster = Cluster::start()?;
    cluster.make("invited");
    let location = cluster.url("invited").parse::<Location>()?;
    Store::migrate(&location).map_err(|error| error.to_string())?;
    cluster.fill("invited", users);
    for (.., beside, _) in SECTIONS {
        if let Beside::Pgbench(scale) = beside {
            cluster.fill_for_pgbench(scale);
        }
    }
    Ok(cluster)
}

/// Where the service runs.
struct Sides<'c> {
    cluster: &'c Cluster,
    /// On SQLite.
    folder: Fixture,
    url: String,
}

type Requests = Vec<Arc<[u8]>>;

impl<'c> Sides<'c> {
    fn new(cluster: &'c Cluster, fixture: &Fixture) -> Self {
        Self {
            cluster,
            folder: fixture.copy(),
            url: cluster.url("invited"),
        }
    }

    fn compare(&self, run: &Run, beside: Beside, kind: Kind, a_second: u128) -> Rounds {
        // One that is asked again and again, or so many for each round.
        let count = run.count(a_second).max(1);
        let prepare = |location: &str| {
            let requests = self.prepared(location, kind, count * ROUNDS);
            requests
                .chunks(count)
                .map(<[_]>::to_vec)
                .collect::<Vec<_>>()
                .into_iter()
        };
        let (mut ours, sqlite) = (prepare(&self.url), self.folder.database());
        let mut theirs = match beside {
            Beside::Sqlite => prepare(sqlite.to_str().unwrap()),
            Beside::OneNode => prepare(&self.url),
            Beside::Pgbench(_) => Vec::new().into_iter(),
        };
        let server =
            |database, nodes| Server::of(self.folder.path(), database, TO_DATABASE / nodes);
        let number = 1 + usize::from(matches!(beside, Beside::OneNode));
        let nodes: Vec<_> = (0..number).map(|_| server(&self.url, number)).collect();
        let other = match beside {
            Beside::Sqlite => Some(server("invited.db", 1)),
            Beside::OneNode => Some(server(&self.url, 1)),
            Beside::Pgbench(_) => None,
        };
        let ask_us = || {
            let requests = ours.next().unwrap();
            match &nodes[..] {
                [first, second] => ask_both(run, [first, second], kind, &requests),
                nodes => ask(run, &nodes[0], kind, CONNECTIONS, requests),
            }
        };
        let ask_them = || match (beside, &other) {
            (Beside::Pgbench(scale), _) => self.cluster.pgbench(scale, CONNECTIONS, run.time),
            (_, other) => {
                let requests = theirs.next().unwrap();
                ask(run, other.as_ref().unwrap(), kind, CONNECTIONS, requests)
            }
        };
        compare(ROUNDS, ask_us, ask_them)
    }

    /// Requests, and what they need, where no server of ours uses the file.
    fn prepared(&self, location: &str, kind: Kind, count: usize) -> Requests {
        let store = Store::open_to_fill(&location.parse::<Location>().unwrap()).unwrap();
        let keys = self.folder.keys.clone();
        let preparing = store.write(move |tx| Preparation::new(tx, &keys).requests(kind, count));
        let runtime = Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(preparing).unwrap()
    }
}

fn ask(run: &Run, server: &Server, kind: Kind, connections: usize, requests: Requests) -> Measure {
    if kind == Kind::Kept {
        return server.load(connections, run.time, repeat(Arc::clone(&requests[0])));
    }
    server.load(connections, run.time, requests.into_iter())
}

/// Half of them to each, at the same time.
fn ask_both(run: &Run, nodes: [&Server; 2], kind: Kind, requests: &Requests) -> Measure {
    let (one, other) = requests.split_at(requests.len() / 2);
    // One that is asked again and again is not divided.
    let one = if one.is_empty() { other } else { one };
    let ask = |node, requests: &[_]| ask(run, node, kind, CONNECTIONS / 2, requests.to_vec());
    Measure::both(thread::scope(|scope| {
        let first = scope.spawn(|| ask(nodes[0], one));
        [ask(nodes[1], other), first.join().unwrap()]
    }))
}
