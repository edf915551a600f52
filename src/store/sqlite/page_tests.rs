//! What a page costs: steps of the engine, which are the same however many
//! people there are. A scan would be found by itself ([`super::plan`]), a search
//! in an index that does not fit would not.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use rusqlite::Connection;
use tempfile::TempDir;

use super::{migrate, transaction::Transaction};
use crate::domain::{
    cohort::Cohorts,
    error::StoreError,
    search::{Digits, Search},
    tree::Tree,
    user::{UserId, Users},
};

/// The first, who invited all others.
const HUB: UserId = UserId(1);

/// A page: how many rows it has.
type Page = fn(&mut Transaction<'_>, i64) -> Result<usize, StoreError>;

const PAGES: [(&str, Page); 9] = [
    ("roots", |tx, _| Ok(tx.roots(UserId(0), 10)?.len())),
    ("first invitees", |tx, _| Ok(tx.branch(HUB, 0, 10)?.len())),
    ("last invitees", |tx, people| {
        Ok(tx.branch(HUB, people - 11, 10)?.len())
    }),
    ("people", |tx, people| {
        Ok(tx.users(UserId(people - 10), false, 10)?.len())
    }),
    ("a beginning", |tx, _| {
        Ok(tx.users_by_digits(Digits::First(7_900_000_005), 20)?.len())
    }),
    ("an end", |tx, _| {
        let (digits, count) = (50, 4);
        let last = Digits::Last { digits, count };
        Ok(tx.users_by_digits(last, 20)?.len())
    }),
    ("a longer end", |tx, _| {
        let (digits, count) = (50, 7);
        let last = Digits::Last { digits, count };
        Ok(tx.users_by_digits(last, 20)?.len())
    }),
    ("a masked phone", |tx, _| {
        let (first, hidden, last) = (7900, 5, 50);
        let masked = Digits::Masked {
            first,
            hidden,
            last,
        };
        Ok(tx.users_by_digits(masked, 1)?.len())
    }),
    ("cohorts", |tx, _| Ok(tx.cohorts()?.len())),
];

fn of_people(folder: &TempDir, people: i64) -> Connection {
    let path = folder.path().join("pages.db");
    migrate::run(&path).unwrap();
    let connection = Connection::open(&path).unwrap();
    let rows = format!(
        "INSERT INTO families (id, rank) VALUES (1, 1);
         WITH RECURSIVE NUMBERS (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM NUMBERS WHERE n < {people})
         INSERT INTO users (id, phone, invitation_code, first_name, last_name, email, created_at, family_id,
                            referrer_id, redeemed_at, referral_number)
         SELECT n, 79000000000 + n, printf('%06d', n), '', '', '', 0, 1, iif(n > 1, 1, NULL), iif(n > 1, 0, NULL),
                iif(n > 1, n - 1, NULL)
         FROM NUMBERS;
         INSERT INTO cohorts (week, accounts) VALUES (0, {people})"
    );
    connection.execute_batch(&rows).unwrap();
    connection
}

/// The rows of each page, and the steps that it takes.
fn costs(people: i64) -> Vec<(&'static str, usize, usize)> {
    let folder = TempDir::new().unwrap();
    let connection = of_people(&folder, people);
    let measured = PAGES.iter().map(|(name, page)| {
        let mut transaction = Transaction::new(&connection);
        // Once to look at the plan, which takes steps too.
        page(&mut transaction, people).unwrap();
        let steps = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&steps);
        let count = move || {
            counted.fetch_add(1, Ordering::Relaxed);
            false
        };
        connection.progress_handler(1, Some(count)).unwrap();
        let rows = page(&mut transaction, people).unwrap();
        connection
            .progress_handler(1, None::<fn() -> bool>)
            .unwrap();
        (*name, rows, steps.load(Ordering::Relaxed))
    });
    measured.collect()
}

#[test]
fn a_page_takes_as_many_steps_however_many_people_there_are() {
    let few = costs(100);
    assert!(few.iter().all(|(_, rows, steps)| *rows > 0 && *steps > 0));
    assert_eq!(costs(9000), few);
}
