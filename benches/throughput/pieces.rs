//! What people are about to send: requests of each kind that writes.

use invited::{
    domain::{
        challenge::{self, Purpose, Wanted},
        phone::Phone,
    },
    token::challenge::seal,
};

use super::{
    house::Desk,
    people::{Person, Town, log_in, register},
    server::{bearer, request},
};

/// Those whose invitation codes are entered.
const HOSTS: usize = 1000;
/// A header that says nothing.
const ACCEPT: &str = "accept: application/json";

/// A request that is good once, and what the rows are of that it writes.
#[derive(Clone)]
pub struct Piece {
    /// The request.
    pub request: Vec<u8>,
    /// The phone that it is about.
    pub phone: i64,
    /// The user that it is about.
    pub user: i64,
    /// The challenge that it answers, or the user whose code it enters.
    pub other: i64,
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.request
    }
}

impl Town {
    /// Those who ask for a code.
    pub fn askers(&mut self, count: usize) -> Vec<Piece> {
        let piece = |phone: Phone| Piece {
            request: request(
                "POST",
                "/login/",
                ACCEPT,
                &format!(r#"{{"phone":"+{phone}"}}"#),
            ),
            phone: number(phone),
            user: 0,
            other: 0,
        };
        self.phones(count).into_iter().map(piece).collect()
    }

    /// Users who confirm one.
    pub fn returning(&mut self, count: usize) -> Vec<Piece> {
        let people = self.people(count);
        let confirm = |desk: &mut Desk<'_>, person: &Person| Piece {
            user: person.id,
            ..confirmation(desk, person.phone)
        };
        self.workshop.make(&people, confirm)
    }

    /// Newcomers who confirm one.
    pub fn newcomers(&mut self, count: usize) -> Vec<Piece> {
        let phones = self.phones(count);
        self.workshop
            .make(&phones, |desk, phone| confirmation(desk, *phone))
    }

    /// Users who change their names.
    pub fn renaming(&mut self, count: usize) -> Vec<Piece> {
        let people = self.people(count);
        self.workshop.make(&people, |desk, person| {
            let body = format!(
                r#"{{"first_name":"Имя","last_name":"Фамилия","email":"{}@mail.ru"}}"#,
                person.code
            );
            let access = log_in(desk, person);
            piece(
                person,
                request("PATCH", "/profile/", &bearer(&access), &body),
            )
        })
    }

    /// Users who enter somebody's invitation code.
    pub fn guests(&mut self, count: usize) -> Vec<Piece> {
        let phones = self.phones(HOSTS);
        let hosts = self
            .workshop
            .make(&phones, |desk, phone| register(desk, *phone));
        let people = self.people(count).into_iter().enumerate();
        let pairs: Vec<_> = people
            .map(|(at, person)| (person, hosts[at % HOSTS].clone()))
            .collect();
        self.workshop.make(&pairs, |desk, (person, host)| {
            let body = format!(r#"{{"invitation_code":"{}"}}"#, host.code);
            let access = log_in(desk, person);
            let request = request("POST", "/profile/invitation/", &bearer(&access), &body);
            Piece {
                other: host.id,
                ..piece(person, request)
            }
        })
    }
}

fn piece(person: &Person, request: Vec<u8>) -> Piece {
    Piece {
        request,
        phone: number(person.phone),
        user: person.id,
        other: 0,
    }
}

fn number(phone: Phone) -> i64 {
    i64::try_from(phone.number()).unwrap()
}

/// Asks for a code, and is about to confirm it.
fn confirmation(desk: &mut Desk<'_>, phone: Phone) -> Piece {
    let wanted = Wanted {
        phone,
        purpose: Purpose::Login,
        fixed: None,
        source: None,
        dispatch: None,
        longest: usize::MAX,
    };
    let opened = challenge::open(
        desk.tx,
        &desk.app.guard,
        &desk.visitor,
        &wanted,
        &mut desk.rng,
    );
    let challenge = opened.unwrap().challenge;
    let header = format!("sms-token: {}", seal(desk.app.context().keys(), &challenge));
    let body = format!(r#"{{"sms_code":"{}"}}"#, challenge.code.reveal());
    Piece {
        request: request("POST", "/login/sms-confirm/", &header, &body),
        phone: number(phone),
        user: 0,
        other: challenge.id.0,
    }
}
