//! For whatever watches the server: does it run, does its store answer.

use poem::web::Data;
use poem_openapi::{Object, OpenApi};
use serde::Serialize;

use super::{
    Tag,
    json::Reply,
    problem::{self, Problem},
    refusal::{ANY, Groups, Refusal, Refusals},
};
use crate::app::Context;

/// The calls of load balancers and supervisors.
pub struct HealthApi;

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
    /// Reads, and writes down that this instant was.
    #[oai(
        path = "/health/ready/",
        method = "get",
        tag = "Tag::Health",
        operation_id = "check_ready"
    )]
    async fn ready(&self, app: Data<&Context>) -> Result<Reply<HealthReply>, Refusal<Ready>> {
        let at = app.0.ratchet.now();
        app.0.store.check(at).await.map_err(Problem::from)?;
        Ok(Reply::of(&HealthReply::ok()))
    }
}
