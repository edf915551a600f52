//! How SQLite would run a statement. Builds with debug assertions, and so
//! every test, look at each statement before they run it: none may read a
//! whole table, however few rows there are yet.

use std::{
    collections::HashSet,
    sync::{LazyLock, Mutex, PoisonError},
};

use rusqlite::Connection;

/// What was looked at already.
static SEEN: LazyLock<Mutex<HashSet<String>>> = LazyLock::new(Mutex::default);

/// The step of the plan that reads a whole table or index, if there is one.
pub fn scan(connection: &Connection, sql: &str) -> rusqlite::Result<Option<String>> {
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    if seen.contains(sql) {
        return Ok(None);
    }
    let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
    let unbound = vec![rusqlite::types::Null; plan.parameter_count()];
    let steps = plan.query_map(rusqlite::params_from_iter(unbound), |row| row.get(3))?;
    for step in steps {
        let step: String = step?;
        // A table by its name; rows that are made up, or of an inner query, are in parentheses or capitals.
        let scanned = step.strip_prefix("SCAN ");
        if scanned.is_some_and(|what| what.starts_with(|c: char| c.is_ascii_lowercase())) {
            return Ok(Some(step));
        }
    }
    seen.insert(sql.to_owned());
    Ok(None)
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::store::sqlite::migrate;

    #[test]
    fn a_scan_is_found() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("plan.db");
        migrate::run(&path).unwrap();
        let connection = Connection::open(&path).unwrap();
        let step = |sql| scan(&connection, sql).unwrap().unwrap_or_default();
        assert_eq!(step("SELECT id FROM users WHERE email = ?1"), "SCAN users");
        assert!(step("SELECT count(*) FROM challenges").starts_with("SCAN challenges"));
        assert!(step("UPDATE users SET email = '' WHERE last_name = ?1").starts_with("SCAN users"));
        assert_eq!(step("SELECT id FROM users WHERE phone = ?1"), "");
    }
}
