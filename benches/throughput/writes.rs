//! What changes something: each answer waits for its commit. Compared with a
//! loop that only commits the same rows.

use std::sync::Arc;

use super::{
    Run,
    house::House,
    measure::{Rounds, compare},
    people::Town,
    pieces::Piece,
    raw::Raw,
    server::Server,
    table,
};

const ROUNDS: usize = 3;
/// So many connections, and the most requests a second that are prepared for
/// them: who is faster has a shorter round.
const LEVELS: [(usize, u128); 4] = [(1, 3000), (16, 6000), (64, 6000), (256, 6000)];
/// The level at which the loop commits many at once.
const BATCHED: (usize, u128) = (64, 6000);
const BATCH: usize = 100;

/// A kind of request.
struct Kind {
    name: &'static str,
    prepare: fn(&mut Town, usize) -> Vec<Piece>,
    write: fn(&mut Raw, &Piece),
}

const KINDS: [Kind; 5] = [
    Kind {
        name: "POST /login/",
        prepare: Town::askers,
        write: Raw::ask,
    },
    Kind {
        name: "POST /login/sms-confirm/, a user",
        prepare: Town::returning,
        write: Raw::confirm,
    },
    Kind {
        name: "POST /login/sms-confirm/, new",
        prepare: Town::newcomers,
        write: Raw::register,
    },
    Kind {
        name: "PATCH /profile/",
        prepare: Town::renaming,
        write: Raw::rename,
    },
    Kind {
        name: "POST /profile/invitation/",
        prepare: Town::guests,
        write: Raw::redeem,
    },
];

/// A kind with the requests that are left of it.
struct Stock {
    kind: &'static Kind,
    pieces: Arc<[Piece]>,
    used: usize,
}

/// Fills in the section's rows.
pub fn rows(run: &Run, house: &House) {
    let (single, batched): (Vec<_>, Vec<_>) = wanted(run).partition(|row| row.batch == 1);
    if single.is_empty() && batched.is_empty() {
        return;
    }
    let ours = house.copy();
    let mut stocks = stocks(
        run,
        &ours,
        &single.iter().chain(&batched).collect::<Vec<_>>(),
    );
    let theirs = ours.copy();
    let mut field = Field {
        run,
        server: Server::ours(ours.path(), "info"),
        raw: Raw::open(&theirs.database()),
    };
    for (rows, name) in [
        (
            single,
            "Writes (by connections at once), against a loop without HTTP that commits the same rows, one request's at a time",
        ),
        (
            batched,
            "Writes (by connections at once), against the same loop with a hundred requests' rows in each commit",
        ),
    ] {
        if !rows.is_empty() {
            table::section(name);
        }
        for row in rows {
            let stock = stocks
                .iter_mut()
                .find(|stock| std::ptr::eq(stock.kind, row.kind))
                .unwrap();
            let rounds = field.measure(&row, stock);
            table::row(&row.name(), &rounds);
        }
    }
}

/// A row to be measured.
struct Row {
    kind: &'static Kind,
    connections: usize,
    most: u128,
    batch: usize,
}

impl Row {
    fn name(&self) -> String {
        format!("{} ({})", self.kind.name, self.connections)
    }

    /// How many requests a round has at most.
    fn pieces(&self, run: &Run) -> usize {
        usize::try_from(self.most * run.time.as_millis() / 1000).unwrap()
    }
}

fn wanted(run: &Run) -> impl Iterator<Item = Row> {
    let levels = LEVELS
        .map(|level| (level, 1))
        .into_iter()
        .chain([(BATCHED, BATCH)]);
    let rows = KINDS.iter().flat_map(move |kind| {
        levels.clone().map(move |((connections, most), batch)| Row {
            kind,
            connections,
            most,
            batch,
        })
    });
    rows.filter(|row| run.wants(&row.name()))
}

/// Prepares all requests of the rows.
fn stocks(run: &Run, house: &House, rows: &[&Row]) -> Vec<Stock> {
    let mut town = Town::of(house);
    let stock = |kind: &'static Kind| {
        let of_kind = rows.iter().filter(|row| std::ptr::eq(row.kind, kind));
        let count: usize = of_kind.map(|row| row.pieces(run) * ROUNDS).sum();
        (count > 0).then(|| Stock {
            kind,
            pieces: (kind.prepare)(&mut town, count).into(),
            used: 0,
        })
    };
    KINDS.iter().filter_map(stock).collect()
}

/// Both sides.
struct Field<'r> {
    run: &'r Run,
    server: Server,
    raw: Raw,
}

impl Field<'_> {
    fn measure(&mut self, row: &Row, stock: &mut Stock) -> Rounds {
        let count = row.pieces(self.run);
        let used = stock.used;
        let rounds = (0..ROUNDS).map(|round| used + round * count);
        let (mut ours, mut theirs) = (rounds.clone(), rounds);
        stock.used += count * ROUNDS;
        let (server, raw, time) = (&self.server, &mut self.raw, self.run.time);
        compare(
            ROUNDS,
            || {
                let first = ours.next().unwrap();
                server.load_each(
                    &stock.pieces,
                    &(first..first + count),
                    row.connections,
                    time,
                )
            },
            || {
                let first = theirs.next().unwrap();
                raw.run(
                    &stock.pieces[first..first + count],
                    row.batch,
                    time,
                    row.kind.write,
                )
            },
        )
    }
}
