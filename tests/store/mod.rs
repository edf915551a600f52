//! The store: transactions, group commit, and what happens when it fails.

mod file;

use std::sync::{
    Arc,
    mpsc::{Sender, channel},
};

use futures_util::{FutureExt, future::join_all};
use invited::{
    domain::{
        challenge::{Challenge, ChallengeId, Purpose},
        code::OneTimeCode,
        error::StoreError,
        ledger::{Asker, Party, Prefix, Sent},
        money::Money,
        session::{self, Generation, Origin, Session, SessionId},
        tx::Tx,
        user,
    },
    store::{Location, Store},
};

use rand::{SeedableRng, rngs::StdRng};

use crate::harness::{ALICE, Harness, NOON};

fn phone(number: u64) -> invited::domain::phone::Phone {
    invited::domain::phone::Phone::from_digits(&(79_500_000_000 + number).to_string()).unwrap()
}

fn register(tx: &mut dyn Tx, number: u64) -> Result<user::User, StoreError> {
    user::register(tx, phone(number), 6, NOON, &mut invited::clock::dice())
}

/// Keeps the writer busy until all of `work` waits for it, so that it is one batch.
async fn at_once<T>(store: &Store, work: Vec<impl Future<Output = T>>) -> Vec<T> {
    let (started, has_started) = tokio::sync::oneshot::channel();
    let (release, released) = std::sync::mpsc::channel::<()>();
    let mut started = Some(started);
    let first = store.write(move |_| {
        let _ = started.take().map(|started| started.send(()));
        released.recv().map_err(|_| StoreError::Overloaded)
    });
    let rest = async {
        has_started.await.unwrap();
        // Work is queued when it is polled first, in order; the release comes last.
        let release = async { release.send(()).unwrap() };
        futures_util::future::join(join_all(work), release).await.0
    };
    let (first, rest) = futures_util::future::join(first, rest).await;
    first.unwrap();
    rest
}

/// Tells whether a panic dropped it.
struct Witness(Sender<bool>);

impl Drop for Witness {
    fn drop(&mut self) {
        self.0.send(std::thread::panicking()).unwrap();
    }
}

#[tokio::test]
async fn work_that_nobody_waits_for_may_be_the_last_to_let_go_of_the_store() {
    let folder = tempfile::TempDir::new().unwrap();
    let location = Location::Sqlite(folder.path().join("invited.db"));
    Store::migrate(&location).unwrap();
    let store = Arc::new(Store::open(&location).unwrap());
    let ((tell, told), (release, released)) = (channel(), channel());
    let held = (Arc::clone(&store), Witness(tell));
    let work = store.write(move |_| {
        let _held = &held;
        released.recv().map_err(|_| StoreError::Overloaded)
    });
    assert!(work.now_or_never().is_none());
    drop(store);
    release.send(()).unwrap();
    assert!(!told.recv().unwrap(), "the writer panicked");
}

#[tokio::test]
async fn a_forgotten_challenges_identifier_is_taken_while_its_message_counts() {
    let challenge = Challenge {
        id: ChallengeId(17),
        phone: phone(1),
        purpose: Purpose::Login,
        code: OneTimeCode::parse("0042").unwrap(),
        created_at: NOON,
        expires_at: NOON,
        wrong_guesses: 0,
        spent: false,
        asker: None,
        source: None,
        is_of_dead_codes: false,
    };
    let sent = Sent {
        challenge: challenge.id,
        at: NOON,
        asker: Asker {
            party: Party(1),
            known: false,
        },
        prefix: Prefix(1),
        cost: Money::default(),
        network: None,
    };
    let work = move |tx: &mut dyn Tx| {
        let first = tx.insert_challenge(&challenge)?;
        tx.insert_send(&sent)?;
        tx.delete_challenge(challenge.id)?;
        Ok::<_, StoreError>((first, tx.insert_challenge(&challenge)?))
    };
    let inserted = Harness::new().app.store.write(work).await.unwrap();
    assert_eq!(inserted, (true, false));
}

#[tokio::test]
async fn a_session_whose_identifier_is_taken_draws_another() {
    let harness = Harness::new();
    let store = &harness.app.store;
    let begin = || {
        // Whoever begins with the same draws is in the way of the one before.
        let mut rng = StdRng::seed_from_u64(1);
        store.write(move |tx| {
            let user = match tx.user_by_phone(phone(1))? {
                Some(user) => user,
                None => register(tx, 1)?,
            };
            let session = Session {
                id: SessionId(0),
                user: user.id,
                created_at: NOON,
                used_at: NOON,
                expires_at: NOON,
                origin: Origin::default(),
                device: None,
                current: Generation::from_bits(2),
                issued_at: NOON,
                previous: None,
                is_used: true,
            };
            let session = session::insert(tx, session, NOON, &mut rng)?;
            Ok::<_, StoreError>(session.id)
        })
    };
    let (first, second) = (begin().await.unwrap(), begin().await.unwrap());
    assert_ne!(first, second);
    let count = "SELECT count(*) FROM sessions";
    assert_eq!(harness.intruder().number(count), 2);
}

#[tokio::test]
async fn of_a_batch_only_what_failed_is_taken_back() {
    let harness = Harness::new();
    let store = &harness.app.store;
    let work = (0..20).map(|number| {
        store.write(move |tx| {
            register(tx, number)?;
            match number % 3 {
                0 => Ok(()),
                1 => Err(StoreError::Broken("on purpose".to_owned())),
                _ => panic!("on purpose"),
            }
        })
    });
    let outcomes = at_once(store, work.collect()).await;
    for (number, outcome) in (0..).zip(outcomes) {
        let kept = store
            .read(move |tx| tx.user_by_phone(phone(number)))
            .await
            .unwrap()
            .is_some();
        assert_eq!(
            (outcome.is_ok(), kept),
            (number % 3 == 0, number % 3 == 0),
            "{number}"
        );
    }
}

#[tokio::test]
async fn alone_what_failed_is_taken_back() {
    let harness = Harness::new();
    let store = &harness.app.store;
    for panics in [false, true] {
        let failing = store.write(move |tx| {
            register(tx, 1)?;
            assert!(!panics, "on purpose");
            Err::<(), _>(StoreError::Broken("on purpose".to_owned()))
        });
        assert!(failing.await.is_err());
        assert!(!store.read(|tx| tx.any_user()).await.unwrap());
    }
    store.write(|tx| register(tx, 2)).await.unwrap();
}

#[tokio::test]
async fn when_the_store_cannot_write_even_a_right_code_is_answered_503() {
    let harness = Harness::new();
    let token = harness.ask(ALICE).await;
    let intruder = harness.intruder();
    intruder.hold_writes();
    let reply = harness.confirm(&token, &harness.code()).await;
    reply.refused(503, "storage_unavailable");
    assert_eq!(reply.header("retry-after"), Some("5"));
    intruder.release_writes();
    harness.confirm(&token, &harness.code()).await.ok();
}

#[tokio::test]
async fn a_user_has_twenty_devices() {
    let harness = Harness::with(&[(
        "INVITED_TEST_NUMBERS__79990000001",
        r#"{ code = "1234", until = 2027-01-01T00:00:00Z }"#,
    )]);
    for _ in 0..25 {
        let token = harness.ask("+79990000001").await;
        harness.confirm(&token, "1234").await.ok();
        harness.advance(1);
    }
    let count = "SELECT count(*) FROM devices";
    assert_eq!(harness.intruder().number(count), 20);
}

#[tokio::test]
async fn a_reader_cannot_write() {
    let harness = Harness::new();
    assert!(harness.app.store.read(|tx| register(tx, 1)).await.is_err());
    assert!(!harness.app.store.read(|tx| tx.any_user()).await.unwrap());
}

#[tokio::test]
async fn a_phone_belongs_to_one_user_whatever_the_rules_say() {
    let harness = Harness::new();
    harness.app.store.write(|tx| register(tx, 1)).await.unwrap();
    assert!(matches!(
        harness.app.store.write(|tx| register(tx, 1)).await,
        Err(StoreError::Broken(_))
    ));
}

#[tokio::test]
async fn an_identifier_and_a_code_are_never_given_twice() {
    let harness = Harness::new();
    let store = &harness.app.store;
    let gone = store
        .write(|tx| {
            let user = register(tx, 1)?;
            tx.delete_user(&user)?;
            Ok::<_, StoreError>(user)
        })
        .await
        .unwrap();
    let other = store.write(|tx| register(tx, 2)).await.unwrap();
    for again in [
        user::User {
            phone: phone(3),
            invitation_code: other.invitation_code,
            id: user::UserId(1),
            ..other.clone()
        },
        user::User {
            phone: phone(3),
            invitation_code: gone.invitation_code,
            id: user::UserId(1),
            ..other.clone()
        },
        user::User {
            phone: phone(3),
            invitation_code: "AAAAAA".parse_code(),
            id: gone.id,
            ..other.clone()
        },
        user::User {
            phone: phone(3),
            invitation_code: "AAAAAA".parse_code(),
            id: other.id,
            ..other.clone()
        },
    ] {
        assert!(!store.write(move |tx| tx.insert_user(&again)).await.unwrap());
    }
}

trait ParseCode {
    fn parse_code(&self) -> invited::domain::code::InvitationCode;
}

impl ParseCode for str {
    fn parse_code(&self) -> invited::domain::code::InvitationCode {
        invited::domain::code::InvitationCode::parse(self).unwrap()
    }
}

#[tokio::test]
async fn what_expired_is_forgotten() {
    let harness = Harness::new();
    harness.login(ALICE).await;
    harness.advance(40 * 86_400);
    let now = harness.app.now().millis();
    let sql = format!(
        "SELECT (SELECT count(*) FROM challenges WHERE expires_at < {now})
             + (SELECT count(*) FROM sessions WHERE expires_at < {now})
             + (SELECT count(*) FROM sends WHERE at < {now})
             + (SELECT count(*) FROM counters WHERE last < {now})"
    );
    let intruder = harness.intruder();
    let left = || intruder.number(&sql);
    assert_eq!(left(), 5);
    // Now and then somebody sweeps; that nobody did in so many logins does not happen.
    for number in 0..2000 {
        harness.login(&format!("+7916{number:07}")).await;
        if left() == 0 {
            return;
        }
    }
    panic!("{} are left", left());
}
