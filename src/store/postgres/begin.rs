//! How a transaction begins: its isolation, and the locks of what it decides on.
//!
//! A phone is a row of `locks`, which is there whether or not anybody has the
//! phone, and the user who has it; a user is their row. The rows of `locks` are
//! updated, so that whoever waited for one with an older snapshot runs again. A row that is locked
//! and read again is as the last who changed it left it (READ COMMITTED).
//! Invitations are SERIALIZABLE instead: what is decided on is a chain of any
//! length; whoever changes the rows of several users locks them together first.
//! Rows are locked in order, so that nobody waits in a circle.

use super::{
    pipeline::Request,
    user_row::select,
    value::{number, params},
};
use crate::domain::lock::Subject;

/// Rows of `locks` that phones share, and the numbers around them.
const PHONES: i64 = 2048;
const PREFIXES: i64 = 2047;
/// The row of those who operate the service.
const OPERATORS: i64 = 4095;

/// What a transaction may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Anything.
    Write,
    /// See one state, and change nothing.
    Read,
    /// One statement, which is a transaction by itself.
    Single,
}

/// The statement that begins it.
pub fn statement(mode: Mode, is_serializable: bool) -> Option<&'static str> {
    match (mode, is_serializable) {
        (Mode::Single, _) => None,
        (Mode::Read, _) => Some("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"),
        (Mode::Write, false) => Some("BEGIN"),
        (Mode::Write, true) => Some("BEGIN ISOLATION LEVEL SERIALIZABLE"),
    }
}

/// The statements that lock what it decides on: with the rows of users, unless
/// whoever changes one first wins.
pub fn locks(subjects: &[Subject], with_users: bool) -> Vec<Request> {
    let (mut rows, mut phones, mut users) = (Vec::new(), Vec::new(), Vec::new());
    for subject in subjects {
        match subject {
            Subject::Invitations => {}
            Subject::Operators => rows.push(OPERATORS),
            Subject::Prefix(prefix) => rows.push(2048 + prefix.0.rem_euclid(PREFIXES)),
            Subject::Phone(phone) => {
                rows.push(number(*phone) % PHONES);
                phones.push(number(*phone));
            }
            Subject::User(user) => users.push(user.0),
        }
    }
    let lock_rows =
        |rows| Request::new("UPDATE locks SET id = id WHERE id = ANY($1)", params![rows]);
    let mut requests: Vec<_> = some(rows).map(lock_rows).into_iter().collect();
    if with_users {
        requests.extend(some(phones).map(lock_phones));
        requests.extend(some(users).map(lock_users));
    }
    requests
}

fn some(ids: Vec<i64>) -> Option<Vec<i64>> {
    (!ids.is_empty()).then_some(ids)
}

/// Locks the rows of those who have these phones. Who has one is told at once.
fn lock_phones(phones: Vec<i64>) -> Request {
    if let [phone] = phones[..] {
        let lock = Request::new(select!("phone = $1 FOR UPDATE"), params![phone]);
        return lock.ahead_of(select!("phone = $1"));
    }
    let sql = "SELECT id FROM users WHERE phone = ANY($1) ORDER BY id FOR UPDATE";
    Request::new(sql, params![phones])
}

/// Locks the rows of users. Who one is is told at once.
fn lock_users(users: Vec<i64>) -> Request {
    if let [user] = users[..] {
        let lock = Request::new(select!("id = $1 FOR UPDATE"), params![user]);
        return lock.ahead_of(select!("id = $1"));
    }
    let sql = "SELECT id FROM users WHERE id = ANY($1) ORDER BY id FOR UPDATE";
    Request::new(sql, params![users])
}
