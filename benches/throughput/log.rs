//! What the log costs.

use super::{
    Run,
    house::House,
    measure::compare,
    people::Town,
    server::{Server, bearer, request},
    table,
};

const ROUNDS: usize = 3;
const CONNECTIONS: usize = 64;

/// Fills in the section's row.
pub fn rows(run: &Run, house: &House) {
    let name = "GET /profile/, log at info";
    if !run.wants(name) {
        return;
    }
    table::section("The log, against none");
    let ours = house.copy();
    let mut town = Town::of(&ours);
    let host = town.host(0);
    let access = town.log_in(&[host]).concat();
    drop(town);
    let theirs = ours.copy();
    let request = request("GET", "/profile/", &bearer(&access), "");
    let (ours, theirs) = (
        Server::ours(ours.path(), "info"),
        Server::ours(theirs.path(), "off"),
    );
    let rounds = compare(
        ROUNDS,
        || ours.load_with(&request, CONNECTIONS, run.time),
        || theirs.load_with(&request, CONNECTIONS, run.time),
    );
    table::row(name, &rounds);
}
