//! The schema's history. Nodes that migrate at once wait for one another by an
//! advisory lock, which CockroachDB does not have: there one migrates.

use tokio_postgres::SimpleQueryRow;

use super::{server::Server, session::Session};
use crate::store::{
    error::{Flaw, OpenError},
    schema::Migration,
};

mod embedded {
    refinery::embed_migrations!("migrations/postgres");
}

/// "invd", as the number of the lock.
const LOCK: i64 = 0x696e_7664;

/// Fails unless the schema is exactly this build's.
pub fn require(session: &Session) -> Result<(), OpenError> {
    match missing(session)?.len() {
        0 => Ok(()),
        missing => Err(session.flaw(Flaw::OldSchema(missing))),
    }
}

/// The migrations that the database lacks. Changes nothing.
pub fn pending(server: &Server) -> Result<Vec<Migration>, OpenError> {
    missing(&Session::open(server)?)
}

/// Applies the migrations that the database lacks.
pub fn run(server: &Server) -> Result<Vec<Migration>, OpenError> {
    let session = Session::open(server)?;
    let has_locks = !session.is_cockroach()?;
    apply(session, has_locks)
}

/// The same before the database is served from; none without locks.
pub fn run_to_serve(server: &Server) -> Result<Vec<Migration>, OpenError> {
    let session = Session::open(server)?;
    if session.is_cockroach()? {
        return Ok(Vec::new());
    }
    apply(session, true)
}

fn apply(mut session: Session, is_locked: bool) -> Result<Vec<Migration>, OpenError> {
    if missing(&session)?.is_empty() {
        // A pooler might take the lock on one connection, and give it back on another.
        return Ok(Vec::new());
    }
    if is_locked {
        session.execute(&format!("SELECT pg_advisory_lock({LOCK})"))?;
    }
    let missing = missing(&session)?;
    if !missing.is_empty() {
        let runner = embedded::migrations::runner().set_grouped(true);
        let ran = session
            .runtime
            .block_on(runner.run_async(&mut session.client));
        let failed = |reason| session.flaw(Flaw::Closed(format!("migrating failed: {reason}")));
        ran.map_err(failed)?;
    }
    if is_locked {
        session.execute(&format!("SELECT pg_advisory_unlock({LOCK})"))?;
    }
    Ok(missing)
}

/// The same of a session.
pub fn missing(session: &Session) -> Result<Vec<Migration>, OpenError> {
    let all = all();
    let name = |one: &refinery::Migration| Migration(one.to_string());
    if !session.has_table("refinery_schema_history")? {
        if session.has_table("users")? {
            return Err(session.flaw(Flaw::Foreign));
        }
        return Ok(all.iter().map(name).collect());
    }
    let sql = "SELECT version, checksum FROM refinery_schema_history ORDER BY version";
    let applied = session.rows(sql)?;
    let is_own = |(row, one): (&SimpleQueryRow, &refinery::Migration)| {
        let (version, checksum) = (one.version().to_string(), one.checksum().to_string());
        (row.get(0), row.get(1)) == (Some(&*version), Some(&*checksum))
    };
    if applied.len() > all.len() || !applied.iter().zip(&all).all(is_own) {
        return Err(session.flaw(Flaw::OtherSchema));
    }
    Ok(all[applied.len()..].iter().map(name).collect())
}

/// In the order in which they are applied; refinery lists V11 before V2.
fn all() -> Vec<refinery::Migration> {
    let mut all = embedded::migrations::runner().get_migrations().clone();
    all.sort_by_key(refinery::Migration::version);
    all
}
