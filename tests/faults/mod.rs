//! Fault injection: clients record what was acknowledged while the server is
//! killed, its disk fills up or its file is damaged; afterwards every fact is
//! checked.
//!
//! `cargo test` runs a bounded form and `cargo test -- --ignored` a long one.
//! What a machine cannot do (mount, trace) is skipped, and said so.

mod checks;
mod client;
mod clock;
mod corruption;
mod disk_full;
pub mod environment;
mod file_replacement;
mod gateway;
mod indeterminate;
mod io_errors;
mod kill;
mod limits;
mod operations;
mod report;
mod state;
pub mod tmpfs;
mod wal_corruption;
mod wal_mismatch;
mod workload;

/// Writes to the terminal, also when the test passes: captured output is not seen.
pub fn say(text: &str) {
    use std::io::Write;
    let line = format!("faults: {text}\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}
