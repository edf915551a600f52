//! Many clients at once, while a fault is injected.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::mpsc::{Receiver, channel},
    thread::park_timeout,
    time::Duration,
};

use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::Value;

use super::{
    client::{Client, Interruption, Referrer},
    environment::TestEnv,
    state::PhoneState,
};
use crate::harness::server::Server;

/// So many operations with one phone on average, then the next.
const STEPS: u32 = 16;
/// A fault that so many steps do not meet was not injected.
const MAX_STEPS: usize = 100_000;

pub struct Workload {
    pub env: TestEnv,
    workers: Vec<Worker>,
    /// One for each run, with an access token.
    referrers: Vec<Referrer>,
    tokens: Vec<String>,
}

struct Worker {
    number: usize,
    phones: Vec<PhoneState>,
    rng: StdRng,
}

impl Workload {
    pub fn new(env: TestEnv, workers: usize) -> Self {
        let worker = |number: usize| Worker {
            number,
            phones: Vec::new(),
            rng: StdRng::seed_from_u64(number as u64),
        };
        Self {
            env,
            workers: (0..workers).map(worker).collect(),
            referrers: Vec::new(),
            tokens: Vec::new(),
        }
    }

    /// Runs every worker until its first request without a response or with a
    /// 503, and injects a fault meanwhile; what interrupted each of them.
    pub fn run(&mut self, server: &Server, seed: u64, inject: impl FnOnce()) -> Vec<Interruption> {
        self.add_referrer(server);
        let (sender, responses) = channel();
        let (env, referrers, count) = (&self.env, &self.referrers[..], self.workers.len());
        std::thread::scope(|scope| {
            let mut threads = Vec::new();
            for worker in &mut self.workers {
                let mut client = Client::new(server, env, referrers);
                client.responses = Some(sender.clone());
                threads.push(scope.spawn(move || worker.run(&mut client)));
            }
            // Waiting for responses fails when no worker is left to get any.
            drop(sender);
            random_moment(&responses, count, &mut StdRng::seed_from_u64(seed));
            inject();
            let ended = threads.into_iter().map(|thread| thread.join().unwrap());
            ended.collect()
        })
    }

    /// Runs on a server of its own, which is killed.
    pub fn run_and_kill(&mut self, seed: u64) {
        let server = self.env.start();
        self.run(&server, seed, || server.signal("-KILL"));
    }

    /// A new account for the others to be invited by.
    fn add_referrer(&mut self, server: &Server) {
        let phone = format!("+79{:09}", 999_990_000 - self.referrers.len() * 10_000);
        let mut client = self.env.client(server);
        let access = client.log_in(&phone).text("access");
        let code = client.profile(&access).text("invitation_code");
        self.referrers.push(Referrer { phone, code });
        self.tokens.push(access);
    }

    /// Checks every fact, and that no invitee is missing or made up.
    pub fn check(&mut self, server: &Server) {
        let (env, referrers) = (&self.env, &self.referrers[..]);
        std::thread::scope(|scope| {
            for worker in &mut self.workers {
                scope.spawn(move || {
                    let mut client = Client::new(server, env, referrers);
                    let phones = worker.phones.iter_mut();
                    phones.for_each(|phone| phone.check(&mut client));
                });
            }
        });
        let (mut client, mut invitees) = (env.client(server), self.invitees());
        for (referrer, access) in referrers.iter().zip(&self.tokens) {
            let profile = client.profile(access);
            let listed = profile.json["invited_users_phones"].as_array();
            let listed = listed.into_iter().flatten().filter_map(Value::as_str);
            let listed: BTreeSet<_> = listed.collect();
            let expected = invitees.remove(&*referrer.phone).unwrap_or_default();
            env.report.check(listed == expected, || {
                let differ: Vec<_> = listed.symmetric_difference(&expected).collect();
                format!("{} and its invitees disagree: {differ:?}", referrer.phone)
            });
        }
        env.assert_no_panic();
    }

    /// The same on a server of its own.
    pub fn start_and_check(&mut self) -> Server {
        let server = self.env.start();
        self.check(&server);
        server
    }

    #[track_caller]
    pub fn assert_no_violation(&self, fault: &str) {
        self.env.report.assert_no_violation(fault);
    }

    fn invitees(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let mut invitees = BTreeMap::<_, BTreeSet<_>>::new();
        for state in self.workers.iter().flat_map(|worker| &worker.phones) {
            let account = state.account.as_ref();
            if let Some(referrer) = account.and_then(|account| account.referrer.as_deref()) {
                invitees
                    .entry(referrer)
                    .or_default()
                    .insert(&state.phone[1..]);
            }
        }
        invitees
    }
}

impl Worker {
    fn run(&mut self, client: &mut Client<'_>) -> Interruption {
        for _ in 0..MAX_STEPS {
            if self.phones.is_empty() || self.rng.random_ratio(1, STEPS) {
                self.phones.push(PhoneState::new(self.next_phone()));
            }
            // Now and then an old one is used again.
            let last = self.phones.len() - 1;
            let chosen = if self.rng.random_ratio(1, STEPS) {
                self.rng.random_range(0..=last)
            } else {
                last
            };
            if let Err(interruption) = self.phones[chosen].step(client, &mut self.rng) {
                return interruption;
            }
        }
        panic!("no operation met the fault");
    }

    /// A phone of its own, with a prefix (the number less its last four digits) of its own.
    fn next_phone(&self) -> String {
        let number = self.phones.len() * 64 + self.number;
        format!("+79{:05}{:04}", number % 40_000, number / 40_000)
    }
}

/// Waits for some responses a worker, and then for a moment that has nothing to do with any.
fn random_moment(responses: &Receiver<()>, workers: usize, rng: &mut StdRng) {
    let some = rng.random_range(workers..8 * workers);
    assert_eq!(responses.iter().take(some).count(), some);
    park_timeout(Duration::from_micros(rng.random_range(0..5000)));
}
