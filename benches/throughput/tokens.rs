//! What tokens cost by themselves, on one core.

use std::{hint::black_box, time::Duration};

use invited::{
    clock::{Clock, SystemClock, dice},
    domain::{
        challenge::{Challenge, ChallengeId, Purpose},
        code::OneTimeCode,
        phone::Phone,
        session::{Generation, Origin, Policy, Session, SessionId},
        user::UserId,
    },
    token::{access, challenge, keys::Keys},
};

use super::{
    Run,
    measure::{Measure, Watch},
    table,
};

const ROUNDS: usize = 5;
/// How many are made between two looks at the clock.
const MANY: usize = 1000;

/// Fills in the section's rows.
pub fn rows(run: &Run) {
    let keys = Keys::draw(&mut dice());
    let at = SystemClock.now();
    let challenge = challenge_at();
    let session = session_at();
    let sealed = challenge::seal(&keys, &challenge);
    let pair = access::issue(&keys, &session, POLICY);
    let seal = || {
        black_box(challenge::seal(&keys, &challenge));
    };
    let open = || {
        black_box(challenge::open(&keys, &sealed, at)).unwrap();
    };
    let sign = || {
        black_box(access::issue(&keys, &session, POLICY));
    };
    let verify = || {
        black_box(access::verify_access(&keys, &pair.access, at)).unwrap();
    };
    let rows: [(&str, &dyn Fn()); 4] = [
        ("seal an sms-token (JWE)", &seal),
        ("open an sms-token (JWE)", &open),
        ("sign access and refresh (2 JWT)", &sign),
        ("verify access (JWT)", &verify),
    ];
    let rows: Vec<_> = rows
        .into_iter()
        .filter(|(name, _)| run.wants(name))
        .collect();
    if !rows.is_empty() {
        table::section("Tokens by themselves, one after the other");
    }
    for (name, work) in rows {
        let rounds = (0..ROUNDS).map(|_| [repeated(run.time / 4, work), NOTHING]);
        table::row(name, &rounds.collect());
    }
}

const NOTHING: Measure = Measure {
    rate: f64::NAN,
    cpu: f64::NAN,
    quantiles: [f64::NAN; 3],
};
const POLICY: Policy = Policy {
    access_ttl: Duration::from_mins(150),
    refresh_ttl: Duration::from_hours(24),
    session_ttl: Duration::from_hours(90 * 24),
    grace: Duration::from_secs(10),
    fresh_for: Duration::from_mins(15),
};

fn repeated(time: Duration, work: &dyn Fn()) -> Measure {
    let watch = Watch::this_thread();
    let mut done = 0;
    while watch.elapsed() < time {
        (0..MANY).for_each(|_| work());
        done += MANY;
    }
    Measure::of(done, watch.elapsed(), watch.busy())
}

fn challenge_at() -> Challenge {
    let now = SystemClock.now();
    Challenge {
        id: ChallengeId(17),
        phone: Phone::from_digits("79123456789").unwrap(),
        purpose: Purpose::Login,
        code: OneTimeCode::parse("0042").unwrap(),
        created_at: now,
        expires_at: now + Duration::from_mins(3),
        wrong_guesses: 0,
        spent: false,
        asker: None,
        source: None,
        sent_at: None,
    }
}

fn session_at() -> Session {
    let now = SystemClock.now();
    Session {
        id: SessionId(17),
        user: UserId(17),
        created_at: now,
        used_at: now,
        expires_at: now + POLICY.refresh_ttl,
        origin: Origin::default(),
        device: None,
        current: Generation::draw(&mut dice()),
        issued_at: now,
        previous: None,
        is_used: true,
    }
}
