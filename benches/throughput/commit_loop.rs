//! What the service's rows would cost without the service: a loop on SQLite
//! that commits them, one request's after the other, in the same schema and
//! with the same settings. It reads nothing, checks nothing, waits for nobody.

use std::{iter::repeat_n, path::Path, time::Duration};

use invited::{
    clock::{Clock, SystemClock, dice},
    domain::{code::InvitationCode, id},
};
use rand::{RngExt, rngs::StdRng};
use rusqlite::{Connection, Params, params};

use super::{
    measure::{Measure, Watch},
    prepare::Prepared,
};

const DAY: i64 = 86_400_000;

pub struct CommitLoop {
    connection: Connection,
    rng: StdRng,
    /// The next identifier, later than all there are.
    next: i64,
    at: i64,
}

impl CommitLoop {
    pub fn open(database: &Path) -> Self {
        let connection = Connection::open(database).unwrap();
        connection.set_prepared_statement_cache_capacity(128);
        connection
            .execute_batch(
                "PRAGMA synchronous = FULL;
                 PRAGMA foreign_keys = ON;
                 PRAGMA cache_size = -8192;
                 PRAGMA wal_autocheckpoint = 8192;
                 PRAGMA journal_size_limit = 67108864;",
            )
            .unwrap();
        let mode: String = connection
            .pragma_query_value(None, "journal_mode", |row| row.get(0))
            .unwrap();
        assert_eq!(mode, "wal");
        Self {
            connection,
            rng: dice(),
            next: 0,
            at: 0,
        }
    }

    /// Writes the rows of these, so many in a transaction, for as long.
    pub fn run(
        &mut self,
        requests: &[Prepared],
        batch: usize,
        time: Duration,
        write: fn(&mut Self, &Prepared),
    ) -> Measure {
        let mut latencies = Vec::new();
        let watch = Watch::this_thread();
        self.next = id::draw(SystemClock.now(), &mut self.rng);
        for batch in requests.chunks(batch) {
            let began = watch.elapsed();
            if began >= time {
                break;
            }
            self.at = SystemClock.now().millis();
            self.put("BEGIN IMMEDIATE", []);
            for request in batch {
                write(self, request);
            }
            self.put("COMMIT", []);
            let took = watch.elapsed().saturating_sub(began);
            latencies.extend(repeat_n(took, batch.len()));
        }
        Measure::of_each(latencies, &watch)
    }

    pub fn ask(&mut self, of: &Prepared) {
        let (id, party) = (self.draw(), self.rng.random_range(0..i64::MAX));
        let prefix = (of.phone / 10_000).wrapping_mul(0x9e37_79b9_7f4a_7c15_u64.cast_signed()) >> 1;
        self.put(
            "INSERT INTO challenges (id, phone, code, created_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![id, of.phone, "0042", self.at, self.at + DAY],
        );
        self.put(
            "INSERT INTO sends (id, at, party, known, prefix, cost) VALUES (?1, ?2, ?3, 0, ?4, 0)",
            params![id, self.at, party, prefix],
        );
        self.count(0, &[DAY]);
    }

    pub fn confirm(&mut self, of: &Prepared) {
        self.put(
            "UPDATE challenges SET spent = 1 WHERE phone = ?1 AND spent = 0",
            [of.phone],
        );
        self.put("UPDATE sends SET confirmed = 1 WHERE id = ?1", [of.other]);
        self.count(4, &[DAY / 24, DAY]);
        self.log_in(of.user);
    }

    pub fn register(&mut self, of: &Prepared) {
        let user = self.draw();
        // Among many users, now and then a code is drawn that somebody has.
        let mut added = 0;
        while added == 0 {
            let code = InvitationCode::draw(&mut self.rng);
            added = self.put(
                "INSERT INTO users (id, phone, invitation_code, first_name, last_name, email, created_at)
                 VALUES (?1, ?2, ?3, '', '', '', ?4) ON CONFLICT (invitation_code) DO NOTHING",
                params![user, of.phone, code.as_str(), self.at],
            );
        }
        let of = Prepared { user, ..of.clone() };
        self.confirm(&of);
    }

    pub fn rename(&mut self, of: &Prepared) {
        self.put(
            "UPDATE users SET first_name = ?2, last_name = ?3, email = ?4 WHERE id = ?1",
            params![of.user, "Имя", "Фамилия", "QBX27C@mail.ru"],
        );
    }

    pub fn redeem(&mut self, of: &Prepared) {
        self.put(
            "UPDATE users SET referrer_id = ?2, redeemed_at = ?3, referral_number = 1 + max(
                 coalesce((SELECT max(referral_number) FROM users WHERE referrer_id = ?2), 0),
                 (SELECT last_number_gone FROM users WHERE id = ?2))
             WHERE id = ?1",
            params![of.user, of.other, self.at],
        );
    }

    fn log_in(&mut self, user: i64) {
        let (id, generation, hash): (_, [u8; 16], [u8; 32]) =
            (self.draw(), self.rng.random(), self.rng.random());
        self.put(
            "INSERT INTO sessions (id, user_id, created_at, used_at, expires_at, user_agent, ip, current_generation, issued_at)
             VALUES (?1, ?2, ?3, ?3, ?4, '', '127.0.0.1', ?5, ?3)",
            params![id, user, self.at, self.at + DAY, generation],
        );
        self.put(
            "INSERT INTO devices (hash, user_id, created_at, used_at) VALUES (?1, ?2, ?3, ?3)",
            params![hash, user, self.at],
        );
    }

    fn count(&mut self, counter: i64, spans: &[i64]) {
        for span in spans {
            self.put(
                "INSERT INTO counters (counter, span, start, last, count, amount)
                 VALUES (?1, ?2, ?3 / (?2 / 40) * (?2 / 40), ?3, 1, 0)
                 ON CONFLICT DO UPDATE SET last = excluded.last, count = count + 1",
                [counter, *span, self.at],
            );
        }
    }

    fn draw(&mut self) -> i64 {
        self.next += 1;
        self.next
    }

    /// Writes, and says how many rows.
    fn put(&self, sql: &str, params: impl Params) -> usize {
        let mut statement = self.connection.prepare_cached(sql).unwrap();
        statement.execute(params).unwrap()
    }
}
