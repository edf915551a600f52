//! People to measure with.

use std::path::{Path, PathBuf};

use invited::{
    domain::{
        id, invitation,
        phone::Phone,
        session::{Generation, Origin, Session, SessionId},
        user::{self, User, UserId},
    },
    token::access,
};
use rusqlite::Connection;

use super::house::{Desk, House, Workshop};

/// Somebody.
#[derive(Clone)]
pub struct Person {
    /// Which user.
    pub id: i64,
    /// Their phone.
    pub phone: Phone,
    /// Their invitation code.
    pub code: String,
}

impl From<User> for Person {
    fn from(user: User) -> Self {
        Self {
            id: user.id.0,
            phone: user.phone,
            code: user.invitation_code.to_string(),
        }
    }
}

/// Everybody there is, and phones that nobody has.
pub struct Town {
    /// Where they are made.
    pub workshop: Workshop,
    database: PathBuf,
    phones: i64,
    /// Those who were seeded and invited by nobody, in no order, and who was added since.
    people: Vec<Person>,
}

impl Town {
    /// The people of a house, while no server runs there.
    pub fn of(house: &House) -> Self {
        Self {
            workshop: house.open(),
            database: house.database(),
            phones: 0,
            people: Vec::new(),
        }
    }

    /// So many people whom nobody invited. When those who were seeded are too
    /// few, others are added.
    pub fn people(&mut self, count: usize) -> Vec<Person> {
        if self.people.is_empty() {
            self.people = uninvited(&self.database, count);
        }
        let missing = self.phones(count.saturating_sub(self.people.len()));
        self.people.extend(
            self.workshop
                .make(&missing, |desk, phone| register(desk, *phone)),
        );
        self.people[..count].to_vec()
    }

    /// Phones that nobody has, and nobody was given before.
    pub fn phones(&mut self, count: usize) -> Vec<Phone> {
        let connection = Connection::open(&self.database).unwrap();
        let taken = "SELECT EXISTS (SELECT 1 FROM users WHERE phone = ?1)";
        let mut taken = connection.prepare(taken).unwrap();
        let mut phones = Vec::with_capacity(count);
        while phones.len() < count {
            // It has no divisor in common with the 10^9 numbers, so that each
            // comes once, and neighbours are far apart.
            let number = 79_000_000_000 + self.phones * 7_368_787 % 1_000_000_000;
            self.phones += 1;
            if !taken
                .query_one([number], |row| row.get::<_, bool>(0))
                .unwrap()
            {
                phones.push(Phone::from_digits(&number.to_string()).unwrap());
            }
        }
        phones
    }

    /// Somebody with so many invitees.
    pub fn host(&mut self, invitees: usize) -> Person {
        let phones = self.phones(1 + invitees);
        let hosts = self.workshop.make(&[phones], |desk, phones| {
            let mut people = phones
                .iter()
                .map(|phone| register(desk, *phone))
                .collect::<Vec<_>>();
            let host = people.remove(0);
            for invitee in people {
                let now = desk.now();
                let (invitee, host) = (UserId(invitee.id), UserId(host.id));
                assert!(invitation::bind(desk.tx, invitee, host, now).unwrap());
            }
            host
        });
        hosts.into_iter().next().unwrap()
    }

    /// So many of those who were seeded, again and again if they are fewer.
    pub fn anybody(&mut self, count: usize) -> Vec<Person> {
        let people = uninvited(&self.database, count);
        people.into_iter().cycle().take(count).collect()
    }

    /// Access tokens, each of a session of its own.
    pub fn log_in(&mut self, people: &[Person]) -> Vec<String> {
        self.workshop.make(people, log_in)
    }
}

fn uninvited(database: &Path, count: usize) -> Vec<Person> {
    let connection = Connection::open(database).unwrap();
    let sql = "SELECT id, phone, invitation_code FROM users WHERE referrer_id IS NULL ORDER BY invitation_code LIMIT ?1";
    let mut statement = connection.prepare(sql).unwrap();
    let people = statement.query_map([i64::try_from(count).unwrap()], |row| {
        Ok(Person {
            id: row.get(0)?,
            phone: Phone::from_digits(&row.get::<_, i64>(1)?.to_string()).unwrap(),
            code: row.get(2)?,
        })
    });
    people.unwrap().map(Result::unwrap).collect()
}

/// Adds a user.
pub fn register(desk: &mut Desk<'_>, phone: Phone) -> Person {
    let now = desk.now();
    user::register(desk.tx, phone, now, &mut desk.rng)
        .unwrap()
        .into()
}

/// An access token. A user has more sessions here than `session::begin` lets them have.
pub fn log_in(desk: &mut Desk<'_>, person: &Person) -> String {
    let (policy, now) = (desk.app.config.sessions(), desk.now());
    let mut session = Session {
        id: SessionId(0),
        user: UserId(person.id),
        created_at: now,
        used_at: now,
        expires_at: now + policy.refresh_ttl,
        origin: Origin::default(),
        device: None,
        current: Generation::draw(&mut desk.rng),
        issued_at: now,
        previous: None,
        is_used: true,
    };
    while !desk.tx.insert_session(&session).unwrap() {
        session.id = SessionId(id::draw(now, &mut desk.rng));
    }
    access::issue(desk.app.context().keys(), &session, policy).access
}
