//! What changes something: each answer waits for its commit. Compared with a
//! loop that only commits the same rows.

use super::{
    Run,
    database::{Database, Subject},
    fixture::Fixture,
    measure::{compare, row},
    prepare::{Prepared, prepare},
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
    fn(&mut Database, usize) -> Vec<Prepared>,
    fn(&mut Database, &Subject),
);

const KINDS: [Kind; 5] = [
    ("POST /login/", Database::asks, Database::ask),
    (
        "POST /login/sms-confirm/, a user",
        Database::confirmations,
        Database::confirm,
    ),
    (
        "POST /login/sms-confirm/, new",
        Database::first_confirmations,
        Database::register,
    ),
    ("PATCH /profile/", Database::changes, Database::rename),
    (
        "POST /profile/invitation/",
        Database::redemptions,
        Database::redeem,
    ),
];

pub fn rows(run: &Run, fixture: &Fixture) {
    for (title, batch, levels) in SECTIONS {
        let row = |kind: &'static Kind, level: &Level| {
            let (connections, most) = *level;
            let name = format!("{} ({connections})", kind.0);
            (name, (kind, connections, run.count(most)))
        };
        let rows = KINDS.iter();
        let rows = rows.flat_map(|kind| levels.iter().map(move |level| row(kind, level)));
        let rows = run.wanted(title, rows);
        if !rows.is_empty() {
            measure(run, fixture, batch, rows);
        }
    }
}

/// Measures rows: their names, kinds, connections, and requests a round.
fn measure(run: &Run, fixture: &Fixture, batch: usize, rows: Vec<(String, (&Kind, usize, usize))>) {
    let ours = fixture.copy();
    let prepared = prepare(&ours, |database| {
        // Nobody is in two requests of a kind, whosever rows they are.
        KINDS.each_ref().map(|kind| {
            let of_kind = rows.iter().filter(|(_, row)| row.0.0 == kind.0);
            (kind.1)(database, of_kind.map(|(_, row)| row.2 * ROUNDS).sum())
        })
    });
    let mut prepared = prepared.into_iter().flatten();
    let theirs = ours.copy();
    let server = Server::ours(ours.path(), "info", "human");
    let mut database = Database::open(&theirs.database(), &theirs.keys);
    for (name, (kind, connections, count)) in rows {
        let (requests, subjects): (Vec<_>, Vec<_>) = prepared.by_ref().take(count * ROUNDS).unzip();
        let (mut requests, mut subjects) = (requests.chunks(count), subjects.chunks(count));
        let rounds = compare(
            ROUNDS,
            || {
                let requests = requests.next().unwrap().to_vec();
                server.load(connections, run.time, requests.into_iter())
            },
            || database.run(subjects.next().unwrap(), batch, run.time, kind.2),
        );
        row(&name, &rounds);
    }
}
