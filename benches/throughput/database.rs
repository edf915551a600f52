//! The service's rows without the service: in the same schema and with the
//! same settings. They prepare what requests need, and a loop that only commits
//! them is what the requests are compared with. It reads nothing, checks
//! nothing, waits for nobody.

use std::{iter::repeat_n, path::Path, time::Duration};

use invited::{
    clock::{Clock, SystemClock, dice},
    config::{Config, Layers},
    domain::{
        challenge::{Challenge, ChallengeId, Purpose},
        code::{InvitationCode, OneTimeCode},
        id,
        phone::Phone,
        session::{Generation, Origin, Policy, Session, SessionId},
        time::Timestamp,
        user::UserId,
    },
    token::keys::Keys,
};
use rand::{RngExt, rngs::StdRng};
use rusqlite::{Connection, Params, params};

use super::measure::{Measure, Watch};

/// The code of every challenge.
pub const CODE: &str = "0042";
pub const DAY: Duration = Duration::from_hours(24);
const DAY_MILLIS: i64 = 86_400_000;

/// Whom rows are of.
#[derive(Clone, Copy, Default)]
pub struct Subject {
    pub phone: i64,
    pub user: i64,
    /// The challenge that is answered, or the user whose code is entered.
    pub other: i64,
}

pub struct Database {
    pub connection: Connection,
    pub keys: Keys,
    /// Sessions as they are by default, but no token ends meanwhile.
    pub policy: Policy,
    /// All phones, each once, and neighbours far apart.
    pub phones: Box<dyn Iterator<Item = i64>>,
    rng: StdRng,
    /// The next identifier, later than all there are.
    next: i64,
    now: Timestamp,
}

impl Database {
    pub fn open(path: &Path, keys: &Keys) -> Self {
        let connection = Connection::open(path).unwrap();
        connection.set_prepared_statement_cache_capacity(128);
        let settings = "PRAGMA synchronous = FULL;
             PRAGMA foreign_keys = ON;
             PRAGMA cache_size = -8192;
             PRAGMA wal_autocheckpoint = 8192;
             PRAGMA journal_size_limit = 67108864;";
        connection.execute_batch(settings).unwrap();
        let mode = connection.pragma_query_value(None, "journal_mode", |row| row.get(0));
        assert_eq!(mode, Ok("wal".to_owned()));
        let (mut rng, now) = (dice(), SystemClock.now());
        let mut policy = Config::read(Layers::default()).unwrap().sessions();
        policy.access_ttl = DAY;
        Self {
            connection,
            keys: keys.clone(),
            policy,
            // It has no divisor in common with the 10^9 numbers.
            phones: Box::new((0..).map(|n| 79_000_000_000 + n * 7_368_787 % 1_000_000_000)),
            next: id::draw(now, &mut rng),
            rng,
            now,
        }
    }

    /// Writes in one transaction.
    pub fn commit<T>(&mut self, write: impl FnOnce(&mut Self) -> T) -> T {
        self.now = SystemClock.now();
        self.put("BEGIN IMMEDIATE", []);
        let written = write(self);
        self.put("COMMIT", []);
        written
    }

    /// Writes the rows of these, so many in a transaction, for as long.
    pub fn run(
        &mut self,
        subjects: &[Subject],
        batch: usize,
        time: Duration,
        write: fn(&mut Self, &Subject),
    ) -> Measure {
        let mut latencies = Vec::new();
        let watch = Watch::of("thread-self");
        self.next = id::draw(SystemClock.now(), &mut self.rng);
        for batch in subjects.chunks(batch) {
            let began = watch.elapsed();
            if began >= time {
                break;
            }
            self.commit(|database| batch.iter().for_each(|of| write(database, of)));
            let took = watch.elapsed().saturating_sub(began);
            latencies.extend(repeat_n(took, batch.len()));
        }
        Measure::of_each(latencies, &watch)
    }

    pub fn ask(&mut self, of: &Subject) {
        self.challenge(of.phone);
    }

    pub fn confirm(&mut self, of: &Subject) {
        let spent = "UPDATE challenges SET spent = 1 WHERE phone = ?1 AND spent = 0";
        self.put(spent, [of.phone]);
        self.put("UPDATE sends SET confirmed = 1 WHERE id = ?1", [of.other]);
        self.count(4, &[DAY_MILLIS / 24, DAY_MILLIS]);
        self.session(of.user);
        let hash: [u8; 32] = self.rng.random();
        self.put(
            "INSERT INTO devices (hash, user_id, created_at, used_at) VALUES (?1, ?2, ?3, ?3)",
            params![hash, of.user, self.now.millis()],
        );
    }

    pub fn register(&mut self, of: &Subject) {
        let (user, _) = self.user(of.phone);
        self.confirm(&Subject { user, ..*of });
    }

    pub fn rename(&mut self, of: &Subject) {
        self.put(
            "UPDATE users SET first_name = ?2, last_name = ?3, email = ?4 WHERE id = ?1",
            params![of.user, "Имя", "Фамилия", "QBX27C@mail.ru"],
        );
    }

    pub fn redeem(&mut self, of: &Subject) {
        self.put(
            "UPDATE users SET referrer_id = ?2, redeemed_at = ?3, referral_number = 1 + max(
                 coalesce((SELECT max(referral_number) FROM users WHERE referrer_id = ?2), 0),
                 (SELECT last_number_gone FROM users WHERE id = ?2))
             WHERE id = ?1",
            params![of.user, of.other, self.now.millis()],
        );
    }

    /// A code was sent to the phone.
    pub fn challenge(&mut self, phone: i64) -> Challenge {
        let code = OneTimeCode::parse(CODE).unwrap();
        let to = Phone::from_digits(&phone.to_string()).unwrap();
        let (id, now, until) = (self.draw(), self.now.millis(), self.now + DAY);
        let party = self.rng.random_range(0..i64::MAX);
        let prefix = (phone / 10_000).wrapping_mul(0x9e37_79b9_7f4a_7c15_u64.cast_signed()) >> 1;
        self.put(
            "INSERT INTO challenges (id, phone, code, created_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![id, phone, CODE, now, until.millis()],
        );
        self.put(
            "INSERT INTO sends (id, at, party, known, prefix, cost) VALUES (?1, ?2, ?3, 0, ?4, 0)",
            [id, now, party, prefix],
        );
        self.count(0, &[DAY_MILLIS]);
        Challenge {
            id: ChallengeId(id),
            ..Challenge::of(to, Purpose::Login, code, None, self.now, until)
        }
    }

    /// A new user, and the invitation code.
    pub fn user(&mut self, phone: i64) -> (i64, InvitationCode) {
        let id = self.draw();
        // Among many users, now and then a code is drawn that somebody has.
        loop {
            let code = InvitationCode::draw(6, &mut self.rng);
            let added = self.put(
                "INSERT INTO users (id, phone, invitation_code, first_name, last_name, email, created_at)
                 VALUES (?1, ?2, ?3, '', '', '', ?4) ON CONFLICT (invitation_code) DO NOTHING",
                params![id, phone, code.as_str(), self.now.millis()],
            );
            if added > 0 {
                return (id, code);
            }
        }
    }

    pub fn session(&mut self, user: i64) -> Session {
        let session = Session {
            id: SessionId(self.draw()),
            user: UserId(user),
            created_at: self.now,
            used_at: self.now,
            expires_at: self.now + DAY,
            origin: Origin::default(),
            device: None,
            current: Generation::draw(&mut self.rng),
            issued_at: self.now,
            previous: None,
            is_used: true,
        };
        let generation = session.current.refresh_jti().to_be_bytes();
        let (now, until) = (self.now.millis(), session.expires_at.millis());
        self.put(
            "INSERT INTO sessions (id, user_id, created_at, used_at, expires_at, user_agent, ip, current_generation, issued_at)
             VALUES (?1, ?2, ?3, ?3, ?4, '', '127.0.0.1', ?5, ?3)",
            params![session.id.0, user, now, until, generation],
        );
        session
    }

    fn count(&mut self, counter: i64, spans: &[i64]) {
        for span in spans {
            self.put(
                "INSERT INTO counters (counter, span, start, last, count, amount)
                 VALUES (?1, ?2, ?3 / (?2 / 40) * (?2 / 40), ?3, 1, 0)
                 ON CONFLICT DO UPDATE SET last = excluded.last, count = count + 1",
                [counter, *span, self.now.millis()],
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
