//! What is measured with: people, those who are logged in, and requests of
//! each kind that writes.

use std::{iter::Map, ops::RangeFrom};

use invited::{
    domain::{
        challenge::{Challenge, Purpose},
        id, invitation,
        phone::Phone,
        proof::{self, Wanted},
        session::{Generation, Origin, Session, SessionId},
        user::{self, UserId},
    },
    token::{access, challenge::seal},
};
use rusqlite::Connection;

use super::{
    client::request,
    fixture::{Fixture, Service, Transaction},
};

/// Those whose invitation codes are entered.
const REFERRERS: usize = 1000;

#[derive(Clone)]
pub struct Person {
    pub id: UserId,
    pub phone: Phone,
    pub code: String,
}

/// A request that is good once, and what the rows are of that it writes.
#[derive(Clone, Default)]
pub struct Prepared {
    pub request: Vec<u8>,
    pub phone: i64,
    pub user: i64,
    /// The challenge that it answers, or the user whose code it enters.
    pub other: i64,
}

impl AsRef<[u8]> for Prepared {
    fn as_ref(&self) -> &[u8] {
        &self.request
    }
}

/// Everybody there is, and phones that nobody has.
pub struct People {
    pub service: Service,
    database: Connection,
    numbers: Map<RangeFrom<i64>, fn(i64) -> i64>,
}

impl People {
    /// The people of a fixture, while no server runs there.
    pub fn of(fixture: &Fixture) -> Self {
        Self {
            service: fixture.open(),
            database: Connection::open(fixture.database()).unwrap(),
            // It has no divisor in common with the 10^9 numbers, so that each
            // comes once, and neighbours are far apart.
            numbers: (0..).map(|n| 79_000_000_000 + n * 7_368_787 % 1_000_000_000),
        }
    }

    /// Phones that nobody has, and nobody was given before.
    fn phones(&mut self, count: usize) -> Vec<Phone> {
        let taken = "SELECT 1 FROM users WHERE phone = ?1";
        let mut taken = self.database.prepare(taken).unwrap();
        let is_free = |number: &i64| !taken.exists([number]).unwrap();
        let free = self.numbers.by_ref().filter(is_free);
        free.take(count).map(phone).collect()
    }

    /// So many people whom nobody invited, in no order, if there are as many.
    fn uninvited(&self, count: usize) -> Vec<Person> {
        let sql = "SELECT id, phone, invitation_code FROM users WHERE referrer_id IS NULL ORDER BY invitation_code LIMIT ?1";
        let mut statement = self.database.prepare(sql).unwrap();
        let people = statement.query_map([i64::try_from(count).unwrap()], |row| {
            Ok(Person {
                id: UserId(row.get(0)?),
                phone: phone(row.get(1)?),
                code: row.get(2)?,
            })
        });
        people.unwrap().map(Result::unwrap).collect()
    }

    /// The same; others are added when they are too few.
    fn people(&mut self, count: usize) -> Vec<Person> {
        let mut people = self.uninvited(count);
        let missing = self.phones(count - people.len());
        people.extend(self.service.make(&missing, register));
        people
    }

    /// The same, again and again when they are too few.
    pub fn anybody(&self, count: usize) -> Vec<Person> {
        let people = self.uninvited(count);
        people.into_iter().cycle().take(count).collect()
    }

    /// Somebody with so many invitees.
    pub fn referrer(&mut self, invitees: usize) -> Person {
        let phones = self.phones(1 + invitees);
        let mut made = self.service.make(&[phones], |transaction, phones| {
            let register = |phone| register(transaction, phone);
            let people: Vec<_> = phones.into_iter().map(register).collect();
            let (referrer, now) = (people[0].clone(), transaction.now());
            for invitee in &people[1..] {
                let bound = invitation::bind(transaction.tx, invitee.id, referrer.id, now);
                assert!(bound.unwrap());
            }
            referrer
        });
        made.remove(0)
    }

    /// Requests for the profiles of these people, each with a session of its own.
    pub fn reads(&self, people: &[Person]) -> Vec<Vec<u8>> {
        self.service.make(people, |transaction, person| {
            request("GET", "/profile/", &log_in(transaction, &person), "")
        })
    }

    /// Phones that ask for a code.
    pub fn ask(&mut self, count: usize) -> Vec<Prepared> {
        let ask = |phone: Phone| {
            let body = format!(r#"{{"phone":"+{phone}"}}"#);
            Prepared {
                request: request("POST", "/login/", "accept: application/json", &body),
                phone: number(phone),
                ..Prepared::default()
            }
        };
        self.phones(count).into_iter().map(ask).collect()
    }

    /// Users who confirm one.
    pub fn confirm(&mut self, count: usize) -> Vec<Prepared> {
        let people = self.people(count);
        self.service.make(&people, |transaction, person| Prepared {
            user: person.id.0,
            ..confirmation(transaction, person.phone)
        })
    }

    /// Newcomers who confirm one.
    pub fn register(&mut self, count: usize) -> Vec<Prepared> {
        let phones = self.phones(count);
        self.service.make(&phones, confirmation)
    }

    /// Users who change their names.
    pub fn rename(&mut self, count: usize) -> Vec<Prepared> {
        let people = self.people(count);
        self.service.make(&people, |transaction, person| {
            let email = format!("{}@mail.ru", person.code);
            let body = format!(r#"{{"first_name":"Имя","last_name":"Фамилия","email":"{email}"}}"#);
            Prepared {
                request: request("PATCH", "/profile/", &log_in(transaction, &person), &body),
                user: person.id.0,
                ..Prepared::default()
            }
        })
    }

    /// Users who enter somebody's invitation code.
    pub fn redeem(&mut self, count: usize) -> Vec<Prepared> {
        let people = self.people(count);
        let phones = self.phones(REFERRERS);
        let referrers = self.service.make(&phones, register);
        let referrers = referrers.into_iter().cycle();
        let pairs: Vec<_> = people.into_iter().zip(referrers).collect();
        self.service
            .make(&pairs, |transaction, (person, referrer)| {
                let body = format!(r#"{{"invitation_code":"{}"}}"#, referrer.code);
                let header = log_in(transaction, &person);
                Prepared {
                    request: request("POST", "/profile/invitation/", &header, &body),
                    user: person.id.0,
                    other: referrer.id.0,
                    ..Prepared::default()
                }
            })
    }

    /// A challenge and a session of somebody.
    pub fn proofs(&mut self) -> (Challenge, Session) {
        let people = self.people(1);
        let mut made = self.service.make(&people, |transaction, person| {
            let challenge = challenge(transaction, person.phone);
            (challenge, session(transaction, person.id))
        });
        made.remove(0)
    }
}

fn phone(number: i64) -> Phone {
    Phone::from_digits(&number.to_string()).unwrap()
}

fn number(phone: Phone) -> i64 {
    i64::try_from(phone.number()).unwrap()
}

fn register(transaction: &mut Transaction<'_>, phone: Phone) -> Person {
    let now = transaction.now();
    let user = user::register(transaction.tx, phone, now, &mut transaction.rng).unwrap();
    Person {
        id: user.id,
        phone: user.phone,
        code: user.invitation_code.to_string(),
    }
}

/// A session. A user has more of them here than `session::begin` lets them have.
fn session(transaction: &mut Transaction<'_>, user: UserId) -> Session {
    let now = transaction.now();
    let mut session = Session {
        id: SessionId(0),
        user,
        created_at: now,
        used_at: now,
        expires_at: now + transaction.app.config.sessions().refresh_ttl,
        origin: Origin::default(),
        device: None,
        current: Generation::draw(&mut transaction.rng),
        issued_at: now,
        previous: None,
        is_used: true,
    };
    while !transaction.tx.insert_session(&session).unwrap() {
        session.id = SessionId(id::draw(now, &mut transaction.rng));
    }
    session
}

/// The header of somebody who is logged in.
fn log_in(transaction: &mut Transaction<'_>, person: &Person) -> String {
    let session = session(transaction, person.id);
    let app = transaction.app;
    let pair = access::issue(app.context().keys(), &session, app.config.sessions());
    format!("authorization: Bearer {}", pair.access)
}

fn challenge(transaction: &mut Transaction<'_>, phone: Phone) -> Challenge {
    let wanted = Wanted {
        phone,
        purpose: Purpose::Login,
        fixed: None,
        source: None,
        dispatch: None,
        longest: usize::MAX,
    };
    let Transaction {
        tx,
        app,
        visitor,
        rng,
    } = transaction;
    let opened = proof::open(*tx, &app.guard, visitor, &wanted, rng);
    opened.unwrap().challenge
}

/// A code was asked for, and is about to be confirmed.
fn confirmation(transaction: &mut Transaction<'_>, phone: Phone) -> Prepared {
    let challenge = challenge(transaction, phone);
    let token = seal(transaction.app.context().keys(), &challenge);
    let header = format!("sms-token: {token}");
    let body = format!(r#"{{"sms_code":"{}"}}"#, challenge.code.reveal());
    Prepared {
        request: request("POST", "/login/sms-confirm/", &header, &body),
        phone: number(phone),
        other: challenge.id.0,
        ..Prepared::default()
    }
}
