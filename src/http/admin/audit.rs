//! What operators did.

use poem_openapi::{Object, OpenApi, param::Query};
use serde_json::json;

use super::{
    answer::told,
    auth::Caller,
    people::{Browse, named},
    person::AuditEntry,
    tag::Tag,
};
use crate::{
    app::admin::Look,
    http::{problem::Problem, refusal::Refusal, reply::Reply},
};

/// Rows on a page, unless the caller says otherwise.
const PAGE: usize = 50;

/// The calls about the audit.
pub struct AuditApi;

/// A page of the audit.
#[derive(Object)]
pub struct AuditReply {
    /// The latest first.
    audit: Vec<AuditEntry>,
    /// What to send as `before` for the next page, `null` on the last.
    #[oai(nullable)]
    next: Option<i64>,
}

#[OpenApi(prefix_path = "/admin/api", tag = "Tag::Operators")]
impl AuditApi {
    /// Show what operators did
    #[oai(path = "/audit/", method = "get", operation_id = "show_audit")]
    async fn audit(
        &self,
        caller: Caller,
        /// To whom, by their identifier; they may be deleted.
        user: Query<Option<i64>>,
        /// The `next` of the page before; the first page without it.
        before: Query<Option<i64>>,
        /// How many; 50 by default.
        #[oai(validator(minimum(value = "1"), maximum(value = "500")))]
        limit: Query<Option<u16>>,
    ) -> Result<Reply<AuditReply>, Refusal<Browse>> {
        let limit = limit.0.map_or(PAGE, usize::from);
        let look = Look::Audit {
            who: user.0.map(named),
            before: before.0,
            limit,
        };
        let rows = caller.look(look).await.map_err(Problem::from)?;
        let ids = rows.as_array().filter(|rows| rows.len() == limit);
        let next = ids.and_then(|rows| rows.iter().filter_map(|row| row["id"].as_i64()).min());
        Ok(told(&json!({ "audit": rows, "next": next })))
    }
}
