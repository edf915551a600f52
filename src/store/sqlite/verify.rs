//! Looks through a database for whatever must not be in it: SQLite's own checks,
//! references to nobody, and what the rules rely on.

use std::{path::Path, sync::Arc};

use rusqlite::{Connection, ErrorCode};

use super::{
    migrate,
    open::{self, Absent},
};
use crate::store::{
    error::{OpenError, VerifyError},
    progress::Progress,
};

/// Steps of SQLite's between two looks whether to stop.
const STEPS: i32 = 100_000;
/// KiB of pages that are held meanwhile. Every entry of an index is looked up from
/// its row, in no order: with what a connection has by itself, half of the time of
/// a database of a million people went into reading the same pages again.
const CACHE: i64 = 64 * 1024;

/// What must not be found, and a query that has a row where it is.
const FORBIDDEN: [(&str, &str); 6] = [
    (
        "an invitee without a number, or two with the same",
        "SELECT 1 FROM users WHERE referrer_id IS NOT NULL GROUP BY referrer_id, referral_number
         HAVING count(*) > 1 OR min(referral_number) < 1",
    ),
    (
        "a number of invitees that does not add up",
        "SELECT 1 FROM users AS referrer
         WHERE max(last_number_gone, coalesce((SELECT max(referral_number) FROM users
                       WHERE referrer_id = referrer.id), 0)) - invitees_gone
            <> (SELECT count(*) FROM users WHERE referrer_id = referrer.id)",
    ),
    (
        "an invitation that binds nobody",
        "SELECT 1 FROM users WHERE referrer_id IS NOT NULL AND family_id IS NULL",
    ),
    (
        "a family that stands for one as high as itself",
        "SELECT 1 FROM families AS upper JOIN families AS lower ON upper.id = lower.parent_id
         WHERE lower.rank >= upper.rank",
    ),
    (
        "an identifier that was used up, in use",
        "SELECT 1 FROM users JOIN retired_users USING (id)",
    ),
    (
        "an invitation code that was used up, in use",
        "SELECT 1 FROM users JOIN retired_users USING (invitation_code)",
    ),
];

/// See [`crate::store::Store::verify`].
pub fn verify(path: &Path, progress: &Arc<Progress>) -> Result<(), VerifyError> {
    let (_lock, connection) = open::exclusively(path, Absent::Refuse)?;
    migrate::require(path, &connection)?;
    let stop = Arc::clone(progress);
    let failed = |error: rusqlite::Error| match error.sqlite_error_code() {
        Some(ErrorCode::OperationInterrupted) => VerifyError::Stopped,
        _ => OpenError::sqlite(path, &error).into(),
    };
    connection
        .progress_handler(STEPS, Some(move || stop.is_stopped()))
        .map_err(failed)?;
    connection
        .pragma_update(None, "cache_size", -CACHE)
        .map_err(failed)?;
    match look_through(&connection).map_err(failed)? {
        None => Ok(()),
        Some(found) => Err(VerifyError::Unsound(found)),
    }
}

/// What was found, if anything was.
fn look_through(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let first = |row: &rusqlite::Row<'_>| row.get::<_, String>(0);
    let found = connection.query_row("PRAGMA integrity_check(1)", [], first)?;
    if found != "ok" {
        return Ok(found.lines().next_back().map(str::to_owned));
    }
    if connection.prepare("PRAGMA foreign_key_check")?.exists([])? {
        return Ok(Some("there is a reference to what is not there".to_owned()));
    }
    for (what, query) in FORBIDDEN {
        if connection.prepare(query)?.exists([])? {
            return Ok(Some(format!("there is {what}")));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::open::exclusively;

    /// What is said of a database with these rows.
    fn verified(rows: &str) -> Result<(), String> {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("invited.db");
        migrate::run(&path).unwrap();
        let (lock, connection) = exclusively(&path, Absent::Refuse).unwrap();
        let user = "INSERT INTO users (id, phone, invitation_code, first_name, last_name, email, created_at,
                                       referrer_id, referral_number, redeemed_at, family_id) VALUES ";
        let rows = rows.replace("user ", user);
        connection
            .execute_batch(&format!("PRAGMA foreign_keys = OFF; {rows}"))
            .unwrap();
        drop((connection, lock));
        verify(&path, &Arc::default()).map_err(|error| error.to_string())
    }

    #[test]
    fn what_the_rules_rely_on_is_looked_at() {
        let anna = "INSERT INTO families VALUES (1, NULL, 0);
                    user (1, 71, 'A', '', '', '', 0, NULL, NULL, NULL, 1);";
        let boris = "user (2, 72, 'B', '', '', '', 0, 1, 1, 0, 1);";
        assert_eq!(verified(&format!("{anna}{boris}")), Ok(()));
        for (rows, found) in [
            (
                "user (3, 73, 'C', '', '', '', 0, 1, 1, 0, 1);",
                "an invitee without a number, or two with the same",
            ),
            (
                "user (3, 73, 'C', '', '', '', 0, 1, 3, 0, 1);",
                "a number of invitees that does not add up",
            ),
            (
                "user (3, 73, 'C', '', '', '', 0, 1, 2, 0, NULL);",
                "an invitation that binds nobody",
            ),
            (
                "INSERT INTO families VALUES (4, 1, 0);",
                "a family that stands for one as high as itself",
            ),
            (
                "INSERT INTO retired_users VALUES (2, 'Z');",
                "an identifier that was used up, in use",
            ),
            (
                "INSERT INTO retired_users VALUES (9, 'B');",
                "an invitation code that was used up, in use",
            ),
            (
                "user (3, 73, 'C', '', '', '', 0, NULL, NULL, NULL, 77);",
                "a reference to what is not there",
            ),
        ] {
            let said = verified(&format!("{anna}{boris}{rows}"));
            assert_eq!(said, Err(format!("there is {found}")), "{rows}");
        }
    }
}
