//! How a database on a server is, for those who look after it.

use super::{
    migrate,
    open::{clock_ahead, engine},
    server::Server,
    session::Session,
};
use crate::store::error::OpenError;

/// Settings that are to be on, or what was answered may be lost with the server.
const DURABLE: [&str; 3] = ["fsync", "full_page_writes", "synchronous_commit"];

/// How a database on a server is.
pub struct Condition {
    /// The engine and its version.
    pub engine: String,
    /// Whether nothing can be written.
    pub is_standby: bool,
    /// By how much this machine's clock is ahead of the server's, in milliseconds.
    pub clock_ahead: i64,
    /// Connections in use, and how many there may be, as far as the engine tells.
    pub connections: Option<(i64, i64)>,
    /// The settings that are off and must not be.
    pub off: Vec<&'static str>,
    /// How many migrations are missing.
    pub missing: Result<usize, OpenError>,
    /// How text is stored.
    pub encoding: String,
    /// How transactions are isolated that do not say so.
    pub isolation: String,
}

/// Looks at it. Changes nothing.
///
/// # Errors
/// When it cannot be reached.
pub fn look(server: &Server) -> Result<Condition, OpenError> {
    let session = Session::open(server)?;
    // What an engine does not know is left out.
    let shown = |name: &str| session.text(&format!("SHOW {name}")).unwrap_or_default();
    let used = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'";
    let used = session.number(used).ok().flatten();
    let off = |name: &&str| shown(name) == "off";
    Ok(Condition {
        engine: engine(&session)?,
        is_standby: shown("transaction_read_only") == "on",
        clock_ahead: clock_ahead(&session)?,
        connections: used.zip(shown("max_connections").parse().ok()),
        off: DURABLE.into_iter().filter(off).collect(),
        missing: migrate::missing(&session).map(|missing| missing.len()),
        encoding: shown("server_encoding"),
        isolation: shown("default_transaction_isolation"),
    })
}
