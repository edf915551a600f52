//! For whatever watches the server: does it run, does its store answer.
//!
//! Whether the store can write is only known by writing, and that costs a
//! flush of the disk. Since anybody may ask, and all at once, it is found out
//! once a second at most, by whoever asks first; the others get that answer.

use std::{sync::Arc, time::Duration};

use poem::web::Data;
use poem_openapi::{Object, OpenApi};
use serde::Serialize;
use tokio::sync::Mutex;

use super::{
    problem::{self, Problem},
    refusal::{ANY, Groups, Refusal, Refusals},
    reply::Reply,
    tag::Tag,
};
use crate::{app::App, domain::error::StoreError};

/// How long an answer holds.
const EVERY: Duration = Duration::from_secs(1);

/// The calls of load balancers and supervisors.
#[derive(Default)]
pub struct HealthApi {
    latest: Mutex<Option<Found>>,
}

/// What was found out, and when.
struct Found {
    at: Duration,
    outcome: Result<(), StoreError>,
}

/// All is well.
#[derive(Object, Serialize)]
#[oai(example)]
pub struct HealthReply {
    /// `ok`.
    status: String,
}

impl HealthReply {
    fn ok() -> Self {
        Self {
            status: "ok".to_owned(),
        }
    }
}

impl poem_openapi::types::Example for HealthReply {
    fn example() -> Self {
        Self::ok()
    }
}

/// What `GET /health/live` may refuse.
pub struct Live;

impl Refusals for Live {
    const KINDS: Groups = &[&[&problem::MALFORMED_REQUEST, &problem::INTERNAL]];
}

/// What `GET /health/ready` may refuse.
pub struct Ready;

impl Refusals for Ready {
    const KINDS: Groups = &[ANY];
}

#[OpenApi]
impl HealthApi {
    /// Check that the process runs
    ///
    /// Asks nothing of the store.
    #[oai(
        path = "/health/live/",
        method = "get",
        tag = "Tag::Health",
        operation_id = "check_live"
    )]
    #[expect(clippy::unused_async, reason = "poem-openapi wants every handler so")]
    async fn live(&self) -> Result<Reply<HealthReply>, Refusal<Live>> {
        Ok(Reply::of(&HealthReply::ok()))
    }

    /// Check that the store answers
    ///
    /// Reads and writes, once a second at most, whoever asks.
    #[oai(
        path = "/health/ready/",
        method = "get",
        tag = "Tag::Health",
        operation_id = "check_ready"
    )]
    async fn ready(&self, app: Data<&Arc<App>>) -> Result<Reply<HealthReply>, Refusal<Ready>> {
        // Whoever comes meanwhile waits for the answer.
        let mut latest = self.latest.lock().await;
        let is_fresh = |found: &&Found| app.clock.steady().saturating_sub(found.at) < EVERY;
        let outcome = if let Some(found) = latest.as_ref().filter(is_fresh) {
            found.outcome.clone()
        } else {
            let outcome = app.store.check(app.monotonic.now()).await;
            let at = app.clock.steady();
            let found = latest.insert(Found { at, outcome });
            found.outcome.clone()
        };
        outcome.map_err(Problem::from)?;
        Ok(Reply::of(&HealthReply::ok()))
    }
}
