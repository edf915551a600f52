//! Where writes gather when tables are spread over hash partitions, and how
//! long those who want the same row wait for one another; with the rows that
//! everybody writes as one row each, and divided as they are.
//!
//! Nothing is measured: operations are drawn, and the rows that the statements
//! of `src/store/postgres` change are counted. `src/store/postgres/SCALE.md`
//! has the tables, and says what follows from them.

#![expect(clippy::unwrap_used, reason = "a bench that cannot go on should stop")]

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
};

use rand::{RngExt, SeedableRng, rngs::StdRng};

/// Operations that are drawn.
const OPERATIONS: u64 = 1_000_000;
/// How many a second they are taken to be.
const RATE: f64 = 5000.0;
const USERS: u64 = 100_000_000;
/// Those who invite others, the k-th as often as 1 / k says.
const REFERRERS: f64 = 1_000_000.0;
/// Connections of all nodes, each of which has a shard of its own.
const CONNECTIONS: usize = 64;
const PARTITIONS: [usize; 3] = [16, 64, 256];
/// How long a row is locked, in milliseconds: until the commit is on the disk, or on a standby's.
const HELD: [f64; 4] = [1.0, 2.0, 5.0, 10.0];

/// Tables of which many change the same row.
const SHARED: [&str; 4] = ["counters", "cohorts", "referrers", "locks"];

/// How the rows are divided that many write at once.
struct Layout {
    name: &'static str,
    /// Rows of each counter and cohort, of which each connection has one.
    shards: u64,
    /// Rows of each referrer.
    buckets: u64,
}

const LAYOUTS: [Layout; 4] = [
    layout("one row each", 1, 1),
    layout("64 shards", 64, 1),
    layout("1024 shards", 1024, 1),
    layout("and 64 buckets", 1024, 64),
];

const fn layout(name: &'static str, shards: u64, buckets: u64) -> Layout {
    Layout {
        name,
        shards,
        buckets,
    }
}

/// A row that is changed: its table, and its key.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Row(&'static str, u64, u64);

/// Draws operations.
struct Draw<'l> {
    rng: StdRng,
    layout: &'l Layout,
    /// How many invitations are by one code, beside its share of the others.
    campaign: f64,
    /// Of each connection.
    shards: Vec<u64>,
}

impl<'l> Draw<'l> {
    fn new(layout: &'l Layout, campaign: f64) -> Self {
        let mut rng = StdRng::seed_from_u64(15);
        let shards = (0..CONNECTIONS)
            .map(|_| rng.random_range(0..layout.shards))
            .collect();
        Self {
            rng,
            layout,
            campaign,
            shards,
        }
    }

    /// The rows that the next operation changes.
    fn next(&mut self) -> Vec<Row> {
        let (key, user) = (self.rng.random(), self.rng.random_range(0..USERS));
        let shard = self.shards[self.rng.random_range(0..CONNECTIONS)];
        let mut rows = vec![Row("commits", key, 0)];
        match self.rng.random_range(0..100) {
            // A code is asked for.
            0..35 => rows.extend([
                Row("locks", user % 2048, 0),
                Row("locks", 2048 + user / 10_000 % 2047, 0),
                Row("challenges", user, 0),
                Row("sends", user, 0),
                Row("deliveries", key, 0),
                Row("counters", 0, shard),
            ]),
            // It is confirmed, by somebody new one time in six.
            at @ 35..65 => {
                rows.extend([
                    Row("locks", user % 2048, 0),
                    Row("challenges", user, 0),
                    Row("sends", user, 0),
                    Row("sessions", key, 0),
                    Row("devices", key, 0),
                    Row("counters", 4, shard),
                ]);
                if at < 40 {
                    rows.extend([Row("users", user, 0), Row("cohorts", 0, shard)]);
                }
            }
            65..95 => rows.push(Row("sessions", key, 0)),
            // Somebody enters a code.
            _ => {
                let referrer = self.referrer();
                let bucket = self.rng.random_range(0..self.layout.buckets);
                // Who invites has mostly come lately.
                let week = if self.rng.random_bool(0.5) {
                    0
                } else {
                    referrer % 100
                };
                rows.extend([
                    Row("users", user, 0),
                    Row("referrers", referrer, bucket),
                    Row("cohorts", week, shard),
                ]);
            }
        }
        rows
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rank is at least 1, and at most their number"
    )]
    fn referrer(&mut self) -> u64 {
        if self.rng.random_bool(self.campaign) {
            return 1;
        }
        // The logarithms of such a law are spread evenly.
        REFERRERS.powf(self.rng.random_range(0.0..1.0)) as u64
    }
}

/// What the operations changed.
struct Changes {
    /// Of each number of partitions, how many rows in each of them.
    partitions: [Vec<u64>; PARTITIONS.len()],
    /// How often each row of those that many change.
    rows: HashMap<Row, u64>,
}

impl Changes {
    fn drawn(layout: &Layout, campaign: f64) -> Self {
        let mut draw = Draw::new(layout, campaign);
        let mut changes = Self {
            partitions: PARTITIONS.map(|count| vec![0; count]),
            rows: HashMap::new(),
        };
        for _ in 0..OPERATIONS {
            draw.next().into_iter().for_each(|row| changes.add(row));
        }
        changes
    }

    fn add(&mut self, row: Row) {
        let mut hasher = DefaultHasher::new();
        (row.1, row.2).hash(&mut hasher);
        let hash = usize::try_from(hasher.finish() >> 32).unwrap();
        for partitions in &mut self.partitions {
            let count = partitions.len();
            partitions[hash % count] += 1;
        }
        if SHARED.contains(&row.0) {
            *self.rows.entry(row).or_default() += 1;
        }
    }

    /// The hottest row of a table: how often it is changed in a second.
    fn hottest(&self, table: &str) -> f64 {
        let of_table = self.rows.iter().filter(|(row, _)| row.0 == table);
        let most = of_table.map(|(_, count)| *count).max().unwrap_or(0);
        float(most) / float(OPERATIONS) * RATE
    }
}

fn float(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap())
}

/// How long one more waits for a row on average, in milliseconds, as a queue
/// whose service always takes the same time (M/D/1); `None` if it only grows.
fn wait(a_second: f64, held: f64) -> Option<f64> {
    let utilisation = a_second * held / 1000.0;
    (utilisation < 1.0).then(|| utilisation / (2.0 * (1.0 - utilisation)) * held)
}

fn main() {
    println!("{RATE} operations a second by {CONNECTIONS} connections.");
    for (name, campaign) in [("", 0.0), (", half of the invitations by one code", 0.5)] {
        let changes = LAYOUTS
            .each_ref()
            .map(|layout| Changes::drawn(layout, campaign));
        println!(
            "\nThe hottest partition{name}: its share of the rows that are written, and how often the mean"
        );
        partitions(&changes);
        println!(
            "\nThe hottest row{name}: changes a second, and ms of waiting if each holds it for {HELD:?} ms"
        );
        rows(&changes);
    }
}

fn partitions(changes: &[Changes; LAYOUTS.len()]) {
    for (at, count) in PARTITIONS.into_iter().enumerate() {
        print!("{count:<4}");
        for (layout, changes) in LAYOUTS.iter().zip(changes) {
            let of = &changes.partitions[at];
            let share = float(*of.iter().max().unwrap()) / float(of.iter().sum());
            let ratio = share * float(count as u64);
            print!("{:>17}{:6.2} %{ratio:6.2}", layout.name, share * 100.0);
        }
        println!();
    }
}

fn rows(changes: &[Changes; LAYOUTS.len()]) {
    for table in SHARED {
        let mut before = 0.0;
        for (layout, changes) in LAYOUTS.iter().zip(changes) {
            let a_second = changes.hottest(table);
            // Of the layouts that are the same to it, the first.
            if (a_second - before).abs() > a_second / 50.0 {
                let waits = HELD.map(|held| match wait(a_second, held) {
                    Some(wait) => format!("{wait:9.2}"),
                    None => format!("{:>9}", "no end"),
                });
                println!(
                    "{table:10}{:>17}{a_second:9.1}{}",
                    layout.name,
                    waits.concat()
                );
            }
            before = a_second;
        }
    }
}
