//! What is measured with: people, those who are logged in, and requests of
//! each kind that writes.

use std::sync::Arc;

use invited::{
    domain::{challenge::Challenge, code::InvitationCode, session::Session},
    token::{access, challenge::seal},
};

use super::{
    client::request,
    database::{CODE, Database, Subject},
    fixture::Fixture,
};

/// Those whose invitation codes are entered.
const REFERRERS: usize = 1000;

/// A request that is good once, and whom the rows are of that it writes.
pub type Prepared = (Arc<[u8]>, Subject);

/// Has something prepared by one transaction in a fixture where no server runs.
pub fn prepare<T>(fixture: &Fixture, make: impl FnOnce(&mut Database) -> T) -> T {
    let mut database = Database::open(&fixture.database(), &fixture.keys);
    let memory = "PRAGMA cache_size = -524288";
    database.connection.execute_batch(memory).unwrap();
    database.commit(make)
}

impl Database {
    /// Phones that nobody has, and nobody was given before.
    fn newcomers(&mut self, count: usize) -> Vec<Subject> {
        let taken = "SELECT 1 FROM users WHERE phone = ?1";
        let mut taken = self.connection.prepare(taken).unwrap();
        let is_free = |phone: &i64| !taken.exists([phone]).unwrap();
        let free = self.phones.by_ref().filter(is_free).take(count);
        let newcomer = |phone| Subject {
            phone,
            ..Subject::default()
        };
        free.map(newcomer).collect()
    }

    /// So many people whom nobody invited, in no order, if there are as many.
    pub fn uninvited(&self, count: usize) -> Vec<Subject> {
        let sql = "SELECT id, phone FROM users WHERE referrer_id IS NULL ORDER BY invitation_code LIMIT ?1";
        let mut statement = self.connection.prepare(sql).unwrap();
        let users = statement.query_map([i64::try_from(count).unwrap()], |row| {
            Ok(Subject {
                user: row.get(0)?,
                phone: row.get(1)?,
                other: 0,
            })
        });
        users.unwrap().map(Result::unwrap).collect()
    }

    /// The same; others are added when they are too few.
    fn users(&mut self, count: usize) -> Vec<Subject> {
        let mut users = self.uninvited(count);
        let added = self.add(count - users.len());
        users.extend(added.into_iter().map(|(user, _)| user));
        users
    }

    /// New users, and their invitation codes.
    fn add(&mut self, count: usize) -> Vec<(Subject, InvitationCode)> {
        let newcomers = self.newcomers(count).into_iter();
        let added = newcomers.map(|of| {
            let (user, code) = self.user(of.phone);
            (Subject { user, ..of }, code)
        });
        added.collect()
    }

    /// Somebody with so many invitees.
    pub fn referrer(&mut self, invitees: usize) -> Subject {
        let people = self.add(1 + invitees);
        let (referrer, _) = people[0];
        for (invitee, _) in &people[1..] {
            let other = referrer.user;
            self.redeem(&Subject { other, ..*invitee });
        }
        referrer
    }

    /// A request for the profile of somebody, with a session of its own.
    pub fn profile(&mut self, of: Subject) -> Arc<[u8]> {
        request("GET", "/profile/", &self.log_in(of), "")
    }

    /// Phones that ask for a code.
    pub fn asks(&mut self, count: usize) -> Vec<Prepared> {
        let ask = |of: Subject| {
            let body = format!(r#"{{"phone":"+{}"}}"#, of.phone);
            let request = request("POST", "/login/", "accept: application/json", &body);
            (request, of)
        };
        self.newcomers(count).into_iter().map(ask).collect()
    }

    /// Users who confirm one.
    pub fn confirmations(&mut self, count: usize) -> Vec<Prepared> {
        let users = self.users(count);
        self.confirmations_of(users)
    }

    /// Newcomers who confirm one.
    pub fn first_confirmations(&mut self, count: usize) -> Vec<Prepared> {
        let newcomers = self.newcomers(count);
        self.confirmations_of(newcomers)
    }

    fn confirmations_of(&mut self, of: Vec<Subject>) -> Vec<Prepared> {
        let confirm = |of: Subject| {
            let challenge = self.challenge(of.phone);
            let header = format!("sms-token: {}", seal(&self.keys, &challenge));
            let body = format!(r#"{{"sms_code":"{CODE}"}}"#);
            let request = request("POST", "/login/sms-confirm/", &header, &body);
            let other = challenge.id.0;
            (request, Subject { other, ..of })
        };
        of.into_iter().map(confirm).collect()
    }

    /// Users who change their names.
    pub fn changes(&mut self, count: usize) -> Vec<Prepared> {
        let body = r#"{"first_name":"Имя","last_name":"Фамилия","email":"QBX27C@mail.ru"}"#;
        let users = self.users(count).into_iter();
        users
            .map(|of| (request("PATCH", "/profile/", &self.log_in(of), body), of))
            .collect()
    }

    /// Users who enter somebody's invitation code.
    pub fn redemptions(&mut self, count: usize) -> Vec<Prepared> {
        let users = self.users(count);
        let referrers = self.add(REFERRERS);
        let redeem = |(of, (referrer, code)): (Subject, &(Subject, InvitationCode))| {
            let body = format!(r#"{{"invitation_code":"{code}"}}"#);
            let header = self.log_in(of);
            let request = request("POST", "/profile/invitation/", &header, &body);
            let other = referrer.user;
            (request, Subject { other, ..of })
        };
        let pairs = users.into_iter().zip(referrers.iter().cycle());
        pairs.map(redeem).collect()
    }

    /// A challenge and a session of somebody.
    pub fn proofs(&mut self) -> (Challenge, Session) {
        let of = self.users(1)[0];
        let challenge = self.challenge(of.phone);
        (challenge, self.session(of.user))
    }

    /// The header of somebody who is logged in.
    fn log_in(&mut self, of: Subject) -> String {
        let session = self.session(of.user);
        let pair = access::issue(&self.keys, &session, self.policy);
        format!("authorization: Bearer {}", pair.access)
    }
}
