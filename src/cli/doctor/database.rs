//! What can be said of a database on a server, whether or not a node runs here.

use super::finding::{Finding, Level};
use crate::store::postgres::{
    condition::{self, Condition},
    server::Server,
};

/// Clocks that differ by more milliseconds are told, and by twice as many no node starts.
const APART: u64 = 1000;

/// All of it, and whether the database can be served from.
pub fn findings(server: &Server) -> (Vec<Finding>, bool) {
    match condition::look(server) {
        Ok(found) => {
            let is_usable = !found.is_standby && matches!(found.missing, Ok(0));
            (judge(&found, server), is_usable)
        }
        Err(error) => {
            let remedy = "start the server, or set --database right; with several hosts, add target_session_attrs=read-write";
            let said = error.to_string();
            (
                vec![Finding::of("database", Level::Red, said, remedy)],
                false,
            )
        }
    }
}

fn judge(found: &Condition, server: &Server) -> Vec<Finding> {
    let mut findings = vec![
        primary(found),
        server_clock(found.clock_ahead),
        durability(found),
        schema(found),
        encoding(found),
        Finding::green(
            "isolation",
            format!("is {} unless asked for", found.isolation),
        ),
        Finding::green(
            "backup",
            "is the business of the server (pg_dump, pgBackRest), beside the key file",
        ),
    ];
    findings.extend(connections(found, server));
    findings
}

fn primary(found: &Condition) -> Finding {
    let engine = &found.engine;
    if found.is_standby {
        let remedy = "name every host in the URL, with target_session_attrs=read-write";
        let said = format!("{engine}, a standby: nothing can be written");
        return Finding::of("database", Level::Red, said, remedy);
    }
    Finding::green("database", format!("{engine}, a primary"))
}

fn server_clock(ahead: i64) -> Finding {
    let said = format!("this machine's is {ahead} ms ahead of the server's");
    let level = match ahead.unsigned_abs() {
        apart if apart > 2 * APART => Level::Red,
        apart if apart > APART => Level::Yellow,
        _ => return Finding::green("server clock", said),
    };
    let remedy = "have both follow a time server (chrony, systemd-timesyncd)";
    Finding::of("server clock", level, said, remedy)
}

fn durability(found: &Condition) -> Finding {
    if found.off.is_empty() {
        return Finding::green("durability", "what is answered is on the disk before");
    }
    let said = format!(
        "{} off: what was answered may be lost with the server",
        found.off.join(", ")
    );
    let remedy = "turn that on (ALTER SYSTEM SET .. = on), and have the server read it";
    Finding::of("durability", Level::Red, said, remedy)
}

fn schema(found: &Condition) -> Finding {
    match &found.missing {
        Ok(0) => Finding::green("schema", "is up to date"),
        Ok(missing) => {
            let said = format!("is {missing} migrations behind");
            Finding::of("schema", Level::Yellow, said, "run invited migrate")
        }
        Err(error) => {
            let remedy = "give this service a database of its own, or the version that wrote it";
            Finding::of("schema", Level::Red, error.to_string(), remedy)
        }
    }
}

fn encoding(found: &Condition) -> Finding {
    let encoding = &found.encoding;
    if encoding == "UTF8" {
        return Finding::green("encoding", "is UTF8");
    }
    let said = format!("is {encoding}");
    let remedy = "create the database with the encoding UTF8";
    Finding::of("encoding", Level::Red, said, remedy)
}

fn connections(found: &Condition, server: &Server) -> Option<Finding> {
    let (used, most) = found.connections?;
    let own = i64::try_from(server.connections).unwrap_or(i64::MAX);
    let said = format!("{used} of {most} are in use, and each node opens up to {own}");
    let level = match most {
        most if most < own => Level::Red,
        most if most < used.saturating_add(own) => Level::Yellow,
        _ => return Some(Finding::green("connections", said)),
    };
    let remedy = "raise max_connections of the server, or lower store.connections of every node";
    Some(Finding::of("connections", level, said, remedy))
}
