//! The store: transactions, group commit, and what happens when it fails.

use futures_util::future::join_all;
use invited::{
    domain::{
        tx::{StoreError, Tx},
        user,
    },
    store::{Location, OpenError, Store},
};

use crate::harness::{ALICE, BOB, Harness, NOON};

fn phone(number: u64) -> invited::domain::phone::Phone {
    invited::domain::phone::Phone::from_digits(&(79_500_000_000 + number).to_string()).unwrap()
}

fn register(tx: &mut dyn Tx, number: u64) -> Result<user::User, StoreError> {
    user::register(tx, phone(number), NOON, &mut invited::clock::dice())
}

#[tokio::test]
async fn a_closure_that_fails_takes_back_its_own_changes_only() {
    let house = Harness::new();
    let store = &house.app.store;
    let work = (0..20).map(|number| {
        store.write(move |tx| {
            register(tx, number)?;
            if number % 2 == 1 {
                Err(StoreError::Broken("on purpose".to_owned()))
            } else {
                Ok(())
            }
        })
    });
    let kept = join_all(work)
        .await
        .iter()
        .filter(|outcome| outcome.is_ok())
        .count();
    assert_eq!(kept, 10);
    let present = async |number| {
        store
            .read(move |tx| tx.user_by_phone(phone(number)))
            .await
            .unwrap()
            .is_some()
    };
    for number in 0..20 {
        assert_eq!(present(number).await, number % 2 == 0);
    }
}

#[tokio::test]
async fn a_closure_that_panics_harms_nobody_else() {
    let house = Harness::new();
    let store = &house.app.store;
    let panics = store.write(|tx| {
        register(tx, 1)?;
        assert!(!tx.any_user()?, "on purpose");
        Ok::<_, StoreError>(())
    });
    let (panicked, fine) =
        futures_util::future::join(panics, store.write(|tx| register(tx, 2))).await;
    assert!(panicked.is_err() && fine.is_ok());
    let present = |number| store.read(move |tx| tx.user_by_phone(phone(number)));
    assert!(present(1).await.unwrap().is_none() && present(2).await.unwrap().is_some());
}

#[tokio::test]
async fn a_reader_cannot_write() {
    let house = Harness::new();
    assert!(house.app.store.read(|tx| register(tx, 1)).await.is_err());
    assert!(!house.app.store.read(|tx| tx.any_user()).await.unwrap());
}

#[tokio::test]
async fn a_phone_belongs_to_one_user_whatever_the_rules_say() {
    let house = Harness::new();
    house.app.store.write(|tx| register(tx, 1)).await.unwrap();
    assert!(matches!(
        house.app.store.write(|tx| register(tx, 1)).await,
        Err(StoreError::Broken(_))
    ));
}

#[tokio::test]
async fn an_identifier_and_a_code_are_never_given_twice() {
    let house = Harness::new();
    let store = &house.app.store;
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
    let house = Harness::new();
    house.ask(ALICE).await;
    house.login(ALICE).await;
    let counts = async || {
        let now = NOON;
        let read = house.app.store.read(move |tx| {
            let alice = tx.user_by_phone(phone_of(ALICE))?.map(|user| user.id);
            let sessions = alice.map_or(Ok(Vec::new()), |id| tx.sessions_of(id, now))?;
            Ok::<_, StoreError>((
                tx.unexpired_challenges(phone_of(ALICE), now)?.len(),
                sessions.len(),
            ))
        });
        read.await.unwrap()
    };
    assert_eq!(counts().await, (2, 1));
    house.advance(2 * 86_400);
    house.login(BOB).await;
    assert_eq!(counts().await, (0, 0));
}

fn phone_of(text: &str) -> invited::domain::phone::Phone {
    invited::domain::phone::Phone::parse(text, invited::domain::phone::Region::RU).unwrap()
}

#[tokio::test]
async fn a_store_is_opened_once_at_a_time() {
    let folder = tempfile::TempDir::new().unwrap();
    let location = Location::Sqlite(folder.path().join("invited.db"));
    Store::migrate(&location).unwrap();
    let first = Store::open(&location).unwrap();
    assert!(matches!(Store::open(&location), Err(OpenError::InUse(_))));
    drop(first);
    Store::open(&location).unwrap();
}

#[tokio::test]
async fn what_is_not_our_database_is_left_as_it_is() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("other");
    let location = Location::Sqlite(path.clone());
    for garbage in [&b"x"[..], b"just some text", &[0; 4096], b"SQLite format 3\0 but not really, and long enough to be read as a header of a file............"] {
        std::fs::write(&path, garbage).unwrap();
        assert!(matches!(Store::migrate(&location), Err(OpenError::Damaged(_))), "{garbage:?}");
        assert_eq!(std::fs::read(&path).unwrap(), garbage);
    }
    std::fs::remove_file(&path).unwrap();
    let foreign = rusqlite::Connection::open(&path).unwrap();
    foreign.execute_batch("CREATE TABLE theirs (x)").unwrap();
    drop(foreign);
    let before = std::fs::read(&path).unwrap();
    assert!(matches!(
        Store::migrate(&location),
        Err(OpenError::Foreign(_))
    ));
    assert_eq!(std::fs::read(&path).unwrap(), before);
}
