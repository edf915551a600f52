//! What tokens cost by themselves, on one core.

use std::{hint::black_box, time::Duration};

use invited::{
    clock::{Clock, SystemClock},
    token::{
        access::{issue, verify_access},
        challenge::{open, seal},
    },
};

use super::{
    Run,
    database::Database,
    fixture::Fixture,
    measure::{Measure, Watch, row},
};

const ROUNDS: usize = 5;
/// How many are made between two looks at the clock.
const MANY: usize = 1000;

pub fn rows(run: &Run, fixture: &Fixture) {
    let mut database = Database::open(&fixture.database(), &fixture.keys);
    let (challenge, session) = database.commit(Database::proofs);
    let (keys, policy, now) = (&database.keys, database.policy, SystemClock.now());
    let token = seal(keys, &challenge);
    let access = issue(keys, &session, policy).access;
    let works: [(&str, &dyn Fn()); 4] = [
        ("seal an sms-token (JWE)", &|| {
            drop(black_box(seal(keys, &challenge)));
        }),
        ("open an sms-token (JWE)", &|| {
            assert!(black_box(open(keys, &token, now)).is_ok());
        }),
        ("sign access and refresh (2 JWT)", &|| {
            drop(black_box(issue(keys, &session, policy)));
        }),
        ("verify access (JWT)", &|| {
            assert!(black_box(verify_access(keys, &access, now)).is_ok());
        }),
    ];
    let title = "Tokens by themselves, one after the other";
    for (name, work) in run.wanted(title, works) {
        let rounds = (0..ROUNDS).map(|_| [repeated(run.time / 4, work), Measure::NOTHING]);
        row(name, &rounds.collect());
    }
}

fn repeated(time: Duration, work: &dyn Fn()) -> Measure {
    let watch = Watch::of("thread-self");
    let mut done = 0;
    while watch.elapsed() < time {
        (0..MANY).for_each(|_| work());
        done += MANY;
    }
    Measure::of(done, &watch)
}
