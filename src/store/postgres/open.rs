//! Opening: whose database it is, and whether it and this machine go together.

use std::time::Duration;

use super::{migrate, server::Server, session::Session};
use crate::{
    clock::{Clock, SystemClock},
    domain::time::Timestamp,
    store::{
        error::{Flaw, OpenError},
        schema::Installation,
        transfer::database::PROGRESS,
    },
};

/// By how much the clocks may differ.
const APART: Duration = Duration::from_secs(2);
/// Tables whose rows are worth nothing without the keys they were made under.
const KEYED: [&str; 4] = ["sessions", "devices", "sends", "misses"];

/// What is known of a database that is about to be served from.
pub struct Opened {
    /// Whose it is.
    pub installation: Installation,
    /// The latest instant in any ledger.
    pub latest_time: Timestamp,
    /// The engine and its version.
    pub engine: String,
}

/// Looks at a database whose schema must be this build's.
pub fn look(server: &Server) -> Result<Opened, OpenError> {
    let session = Session::open(server)?;
    migrate::require(&session)?;
    if session.has_table(PROGRESS)? {
        return Err(session.flaw(Flaw::Unfinished));
    }
    require_encoding(&session)?;
    require_clock(&session)?;
    let latest = "SELECT greatest(coalesce((SELECT at FROM latest WHERE id = 1), 0),
                      coalesce((SELECT max(at) FROM misses), 0),
                      coalesce((SELECT until FROM dead_codes WHERE id = 1), 0),
                      coalesce((SELECT max(last) FROM counters WHERE counter IN (0, 1, 4, 5)), 0))";
    let latest = session.number(latest)?.unwrap_or(0);
    Ok(Opened {
        installation: installation(&session)?,
        latest_time: Timestamp::from_millis(latest),
        engine: engine(&session)?,
    })
}

/// The engine and its version, of all that it says of itself.
pub fn engine(session: &Session) -> Result<String, OpenError> {
    let version = session.text("SELECT version()")?;
    let end = [" (", " on ", ","]
        .iter()
        .filter_map(|mark| version.find(mark));
    Ok(version[..end.min().unwrap_or(version.len())].to_owned())
}

/// Fails unless text is stored as this build has it.
pub fn require_encoding(session: &Session) -> Result<(), OpenError> {
    let encoding = session.text("SHOW server_encoding")?;
    if encoding == "UTF8" {
        return Ok(());
    }
    Err(session.flaw(Flaw::Encoding(encoding)))
}

/// By how much this machine's clock is ahead of the server's, in milliseconds.
/// All nodes go by one server's clock, so that is how their clocks are compared.
pub fn clock_ahead(session: &Session) -> Result<i64, OpenError> {
    let sql = "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)";
    let before = SystemClock.now();
    let theirs = session.number(sql)?.unwrap_or(0);
    let after = SystemClock.now();
    Ok(i64::midpoint(before.millis(), after.millis()) - theirs)
}

fn require_clock(session: &Session) -> Result<(), OpenError> {
    let ahead = clock_ahead(session)?;
    if Duration::from_millis(ahead.unsigned_abs()) <= APART {
        return Ok(());
    }
    Err(session.flaw(Flaw::Clock(ahead)))
}

/// Whose database it is, whatever its schema. Changes nothing.
pub fn peek(server: &Server) -> Result<Installation, OpenError> {
    installation(&Session::open(server)?)
}

fn installation(session: &Session) -> Result<Installation, OpenError> {
    let has_rows = |table: &str| -> Result<bool, OpenError> {
        let sql = format!("SELECT CAST(1 AS BIGINT) FROM {table} LIMIT 1");
        Ok(session.has_table(table)? && session.number(&sql)?.is_some())
    };
    let mut installation = Installation::default();
    if has_rows("installation")? {
        installation.keys = Some(session.text("SELECT keys FROM installation WHERE id = 1")?);
    }
    // Made-up people know no keys, until somebody has served them.
    let was_served = installation.keys.is_some() || has_rows("latest")?;
    installation.is_occupied = was_served && has_rows("users")?;
    for table in KEYED {
        installation.is_occupied |= has_rows(table)?;
    }
    // Another node may serve from it, and fill it at any moment.
    installation.is_occupied |= installation.keys.is_some();
    Ok(installation)
}
