//! Many clients at once, in calm and in trouble.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::mpsc::{Receiver, channel},
    thread::park_timeout,
    time::Duration,
};

use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::Value;

use super::{
    desk::{Desk, Referrer, Stop},
    person::Person,
    site::Site,
    tally::Tally,
};
use crate::harness::server::Server;

/// So many steps with one phone on average, then the next.
const STEPS: u32 = 16;
/// A fault that so many steps do not feel has not struck.
const PATIENCE: usize = 100_000;

pub struct Crowd {
    pub site: Site,
    pub tally: Tally,
    clients: Vec<Client>,
    /// One for each time of living, with an access token.
    referrers: Vec<Referrer>,
    tokens: Vec<String>,
}

struct Client {
    number: usize,
    people: Vec<Person>,
    dice: StdRng,
}

impl Crowd {
    pub fn new(site: Site, clients: usize) -> Self {
        let client = |number: usize| Client {
            number,
            people: Vec::new(),
            dice: StdRng::seed_from_u64(number as u64),
        };
        Self {
            site,
            tally: Tally::default(),
            clients: (0..clients).map(client).collect(),
            referrers: Vec::new(),
            tokens: Vec::new(),
        }
    }

    /// For one more client.
    pub fn desk(&self, server: &Server) -> Desk<'_> {
        Desk::new(&server.address, &self.site, &self.tally, &self.referrers)
    }

    /// Lets every client live until its first answer that did not come or was
    /// a 503, while `fault` does its work; how each of them ended.
    pub fn live(&mut self, server: &Server, fault: impl FnOnce(&Receiver<()>)) -> Vec<Stop> {
        self.invite(server);
        let (answered, answers) = channel();
        let (site, tally, referrers) = (&self.site, &self.tally, &self.referrers[..]);
        std::thread::scope(|scope| {
            let mut living = Vec::new();
            for client in &mut self.clients {
                let mut desk = Desk::new(&server.address, site, tally, referrers);
                desk.answered = Some(answered.clone());
                living.push(scope.spawn(move || client.live(&mut desk)));
            }
            // Whoever waits for answers hears when nobody is left to get any.
            drop(answered);
            fault(&answers);
            living
                .into_iter()
                .map(|client| client.join().unwrap())
                .collect()
        })
    }

    /// Somebody new for the others to be invited by.
    fn invite(&mut self, server: &Server) {
        let phone = format!("+79{:09}", 999_990_000 - self.referrers.len() * 10_000);
        let mut desk = self.desk(server);
        let access = desk.log_in(&phone).text("access");
        let code = desk.profile(&access).text("invitation_code");
        self.referrers.push(Referrer { phone, code });
        self.tokens.push(access);
    }

    /// Asks for every fact again, and that no invitee is missing or made up.
    pub fn check(&mut self, server: &Server) {
        let (site, tally, referrers) = (&self.site, &self.tally, &self.referrers[..]);
        std::thread::scope(|scope| {
            for client in &mut self.clients {
                scope.spawn(move || {
                    let mut desk = Desk::new(&server.address, site, tally, referrers);
                    client
                        .people
                        .iter_mut()
                        .for_each(|person| person.check(&mut desk));
                });
            }
        });
        let mut desk = self.desk(server);
        let mut invitees = self.invitees();
        for (referrer, access) in referrers.iter().zip(&self.tokens) {
            let told = desk.profile(access);
            let expected = invitees.remove(&referrer.phone).unwrap_or_default();
            let listed = told.json["invited_users_phones"]
                .as_array()
                .into_iter()
                .flatten();
            let listed: BTreeSet<_> = listed.filter_map(Value::as_str).collect();
            tally.check(listed == expected, || {
                let differ: Vec<_> = listed.symmetric_difference(&expected).collect();
                format!("{} and its invitees disagree: {differ:?}", referrer.phone)
            });
        }
        site.expect_no_panic();
    }

    fn invitees(&self) -> BTreeMap<String, BTreeSet<&str>> {
        let mut invitees = BTreeMap::<_, BTreeSet<_>>::new();
        for person in self.clients.iter().flat_map(|client| &client.people) {
            if let Some(referrer) = person
                .account
                .as_ref()
                .and_then(|account| account.referrer.clone())
            {
                invitees
                    .entry(referrer)
                    .or_default()
                    .insert(&person.phone[1..]);
            }
        }
        invitees
    }
}

impl Client {
    fn live(&mut self, desk: &mut Desk<'_>) -> Stop {
        for _ in 0..PATIENCE {
            if self.people.is_empty() || self.dice.random_ratio(1, STEPS) {
                self.people.push(Person::of(self.phone()));
            }
            // Now and then somebody from long ago comes back.
            let last = self.people.len() - 1;
            let chosen = if self.dice.random_ratio(1, STEPS) {
                self.dice.random_range(0..=last)
            } else {
                last
            };
            let person = &mut self.people[chosen];
            if let Err(stop) = person.step(desk, &mut self.dice) {
                return stop;
            }
        }
        panic!("the fault was not felt");
    }

    /// A phone of its own, with a prefix (the number less its last four digits) of its own.
    fn phone(&self) -> String {
        let number = self.people.len() * 64 + self.number;
        format!("+79{:05}{:04}", number % 40_000, number / 40_000)
    }
}

/// Waits for some answers a client, and then for a moment that has nothing to do with any.
pub fn some_moment(answers: &Receiver<()>, clients: usize, dice: &mut StdRng) {
    let some = dice.random_range(clients..8 * clients);
    assert_eq!(answers.iter().take(some).count(), some);
    park_timeout(Duration::from_micros(dice.random_range(0..5000)));
}
