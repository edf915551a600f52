//! How a transaction begins: its isolation, and the locks of what it decides on.
//!
//! A phone is a row of `locks`, which is there whether or not anybody has the
//! phone, and the user who has it; a user is their row. The rows of `locks` are
//! updated, so that whoever waited for one with an older snapshot runs again. A row that is locked
//! and read again is as the last who changed it left it (READ COMMITTED).
//! Invitations are SERIALIZABLE instead: what is decided on is a chain of any
//! length; whoever changes the rows of several users locks them together first.
//! Rows are locked in order, so that nobody waits in a circle.

use super::value::{Value, params};
use crate::domain::lock::Subject;

/// Rows of `locks` that phones share, and the numbers around them.
const PHONES: u64 = 2048;
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
pub fn locks(subjects: &[Subject], with_users: bool) -> Vec<(&'static str, Vec<Value>)> {
    let (mut rows, mut phones, mut users) = (Vec::new(), Vec::new(), Vec::new());
    for subject in subjects {
        match subject {
            Subject::Invitations => {}
            Subject::Operators => rows.push(OPERATORS),
            Subject::Prefix(prefix) => rows.push(2048 + prefix.0.rem_euclid(PREFIXES)),
            Subject::Phone(phone) => {
                let number = phone.number();
                rows.push(i64::try_from(number % PHONES).expect("it is less than that"));
                phones.push(i64::try_from(number).expect("15 digits fit an i64"));
            }
            Subject::User(user) => users.push(user.0),
        }
    }
    let statements = [
        ("UPDATE locks SET id = id WHERE id = ANY($1)", rows),
        (
            "SELECT id FROM users WHERE phone = ANY($1) ORDER BY id FOR UPDATE",
            phones,
        ),
        (
            "SELECT id FROM users WHERE id = ANY($1) ORDER BY id FOR UPDATE",
            users,
        ),
    ];
    let count = if with_users { 3 } else { 1 };
    let statements = statements.into_iter().take(count);
    let statements = statements.filter(|(_, ids)| !ids.is_empty());
    statements.map(|(sql, ids)| (sql, params![ids])).collect()
}
