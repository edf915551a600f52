//! What tokens cost by themselves, on one core.

use std::{hint::black_box, time::Duration};

use invited::{
    clock::{Clock, SystemClock, dice},
    config::{Config, Layers},
    token::{access, challenge, keys::Keys},
};

use super::{
    Run,
    fixture::Fixture,
    measure::{Measure, Watch, row, section},
    prepare::People,
};

const ROUNDS: usize = 5;
/// How many are made between two looks at the clock.
const MANY: usize = 1000;
const NAMES: [&str; 4] = [
    "seal an sms-token (JWE)",
    "open an sms-token (JWE)",
    "sign access and refresh (2 JWT)",
    "verify access (JWT)",
];

pub fn rows(run: &Run, fixture: &Fixture) {
    if !NAMES.iter().any(|name| run.wants(name)) {
        return;
    }
    section("Tokens by themselves, one after the other");
    let (proof, session) = People::of(&fixture.copy()).proofs();
    let policy = Config::read(Layers::default()).unwrap().sessions();
    let (keys, at) = (Keys::draw(&mut dice()), SystemClock.now());
    let sealed = challenge::seal(&keys, &proof);
    let pair = access::issue(&keys, &session, policy);
    let works: [&dyn Fn(); 4] = [
        &|| drop(black_box(challenge::seal(&keys, &proof))),
        &|| assert!(black_box(challenge::open(&keys, &sealed, at)).is_ok()),
        &|| drop(black_box(access::issue(&keys, &session, policy))),
        &|| assert!(black_box(access::verify_access(&keys, &pair.access, at)).is_ok()),
    ];
    for (name, work) in NAMES.into_iter().zip(works) {
        if run.wants(name) {
            let rounds = (0..ROUNDS).map(|_| [repeated(run.time / 4, work), Measure::NOTHING]);
            row(name, &rounds.collect());
        }
    }
}

fn repeated(time: Duration, work: &dyn Fn()) -> Measure {
    let watch = Watch::this_thread();
    let mut done = 0;
    while watch.elapsed() < time {
        (0..MANY).for_each(|_| work());
        done += MANY;
    }
    Measure::of(done, &watch)
}
