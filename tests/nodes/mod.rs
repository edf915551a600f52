//! Several nodes on one database grant no more than one node does. These run
//! where the suite is run on PostgreSQL: a file of SQLite has one node.

mod invitations;
mod limits;
mod lost_answers;
mod round_trips;
mod sessions;
mod wire;

use std::future::Future;

use tokio::task::JoinSet;

use crate::harness::{Harness, Reply, postgres};

/// Nodes with the same settings on one database, without limits unless they are among these.
fn nodes(settings: &[(&str, &str)]) -> Option<[Harness; 3]> {
    if is_skipped() {
        return None;
    }
    let first = Harness::with(settings);
    Some([first.joined(), first.joined(), first])
}

fn is_skipped() -> bool {
    let is_skipped = !postgres::is_asked_for();
    if is_skipped {
        crate::faults::say("several nodes need a server: INVITED_TEST_STORE=postgres");
    }
    is_skipped
}

/// Does something as often, on one node after the other, all at once: what came of each.
async fn at_once<T, F>(
    nodes: &[Harness],
    times: usize,
    work: impl Fn(usize, Harness) -> F,
) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let node = |number: usize| nodes[number % nodes.len()].clone();
    let tasks: JoinSet<T> = (0..times)
        .map(|number| work(number, node(number)))
        .collect();
    tasks.join_all().await
}

/// Asks until there is an answer: where many wait for one another, some are told
/// to come again (503).
async fn again<F: Future<Output = Reply>>(ask: impl Fn() -> F) -> Reply {
    loop {
        let reply = ask().await;
        if reply.status != 503 {
            return reply;
        }
    }
}

/// Messages that went out by all nodes.
fn messages(nodes: &[Harness]) -> usize {
    nodes.iter().map(|node| node.gateway.count()).sum()
}
