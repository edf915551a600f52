//! Faults, with an oracle: clients write down what they were told while the
//! server is killed, its disk fills up or its file is damaged; afterwards every
//! fact they hold is asked for again.
//!
//! `cargo test` runs a bounded form and `cargo test -- --ignored` a long one.
//! What a machine cannot do (mount, trace) is skipped, and said so.

mod client;
mod clock;
mod copies;
mod crowd;
mod damage;
mod desk;
mod disk;
mod displaced;
mod doubt;
mod gateway;
mod kill;
mod limits;
mod log;
mod mount;
mod obstacle;
mod oracle;
mod person;
pub mod site;
mod tally;

/// Says it on the terminal, also when the test passes: what is captured is not seen.
pub fn say(text: &str) {
    use std::io::Write;
    let line = format!("faults: {text}\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}
