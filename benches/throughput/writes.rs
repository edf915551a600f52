//! What changes something: each answer waits for its commit. Compared with a
//! loop that only commits the same rows.

use std::sync::Arc;

use super::{
    Run, client,
    commit_loop::CommitLoop,
    fixture::Fixture,
    measure::{Rounds, compare, row, section},
    prepare::{People, Prepared},
    server::Server,
};

const ROUNDS: usize = 3;
/// So many connections, and the most requests a second that are prepared for
/// them: who is faster has a shorter round.
type Level = (usize, u128);
/// What stands above the rows; how many requests' rows the loop commits at once.
const SECTIONS: [(&str, usize, &[Level]); 2] = [
    (
        "Writes (by connections at once), against a loop without HTTP that commits the same rows, one request's at a time",
        1,
        &[(1, 3000), (16, 6000), (64, 6000), (256, 6000)],
    ),
    (
        "Writes (by connections at once), against the same loop with a hundred requests' rows in each commit",
        100,
        &[(64, 6000)],
    ),
];

/// A kind of request: its name, how it is prepared, and what it writes.
type Kind = (
    &'static str,
    fn(&mut People, usize) -> Vec<Prepared>,
    fn(&mut CommitLoop, &Prepared),
);

const KINDS: [Kind; 5] = [
    ("POST /login/", People::ask, CommitLoop::ask),
    (
        "POST /login/sms-confirm/, a user",
        People::confirm,
        CommitLoop::confirm,
    ),
    (
        "POST /login/sms-confirm/, new",
        People::register,
        CommitLoop::register,
    ),
    ("PATCH /profile/", People::rename, CommitLoop::rename),
    (
        "POST /profile/invitation/",
        People::redeem,
        CommitLoop::redeem,
    ),
];

/// A row to be measured, with the requests of all rounds.
struct Row {
    name: String,
    kind: &'static Kind,
    connections: usize,
    /// How many requests' rows the loop commits at once.
    batch: usize,
    count: usize,
    requests: Arc<[Prepared]>,
}

pub fn rows(run: &Run, fixture: &Fixture) {
    let mut sections = SECTIONS.map(|(name, batch, levels)| (name, wanted(run, batch, levels)));
    if sections.iter().all(|(_, rows)| rows.is_empty()) {
        return;
    }
    let ours = fixture.copy();
    prepare(
        &ours,
        sections.iter_mut().flat_map(|(_, rows)| rows).collect(),
    );
    let theirs = ours.copy();
    let server = Server::ours(ours.path());
    let mut commit_loop = CommitLoop::open(&theirs.database());
    for (name, rows) in &sections {
        if !rows.is_empty() {
            section(name);
        }
        for of in rows {
            row(&of.name, &of.measure(run, &server, &mut commit_loop));
        }
    }
}

fn wanted(run: &Run, batch: usize, levels: &[Level]) -> Vec<Row> {
    let rows = KINDS.iter().flat_map(|kind| {
        levels.iter().map(move |(connections, most)| Row {
            name: format!("{} ({connections})", kind.0),
            kind,
            connections: *connections,
            batch,
            count: run.count(*most),
            requests: Arc::default(),
        })
    });
    rows.filter(|row| run.wants(&row.name)).collect()
}

/// Prepares the requests of all rows; nobody is in two of a kind.
fn prepare(fixture: &Fixture, mut rows: Vec<&mut Row>) {
    let mut people = People::of(fixture);
    for kind in &KINDS {
        let of_kind = rows.iter_mut().filter(|row| row.kind.0 == kind.0);
        let of_kind: Vec<_> = of_kind.collect();
        let count = of_kind.iter().map(|row| row.count * ROUNDS).sum();
        let mut all = (kind.1)(&mut people, count).into_iter();
        for row in of_kind {
            row.requests = all.by_ref().take(row.count * ROUNDS).collect();
        }
    }
}

impl Row {
    fn measure(&self, run: &Run, server: &Server, commit_loop: &mut CommitLoop) -> Rounds {
        let requests = |round: usize| round * self.count..(round + 1) * self.count;
        compare(
            ROUNDS,
            |round| {
                let each = client::each(&self.requests, requests(round));
                server.load(self.connections, run.time, &each)
            },
            |round| {
                let of_round = &self.requests[requests(round)];
                commit_loop.run(of_round, self.batch, run.time, self.kind.2)
            },
        )
    }
}
