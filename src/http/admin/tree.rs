//! The tree of who invited whom, a page of one branch at a time.

use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
};
use time::OffsetDateTime;

use super::{
    answer::told,
    auth::Caller,
    people::{Browse, named},
    refused::{OPERATOR, PERSON},
    tag::Tag,
};
use crate::{
    app::admin::Look,
    http::{
        problem::{self, Problem},
        refusal::{ANY, Groups, Refusal, Refusals},
        reply::Reply,
    },
};

/// Nodes on a page, unless the caller says otherwise.
const PAGE: usize = 100;

/// The calls about the tree.
pub struct TreeApi;

/// Somebody in the tree.
#[derive(Object)]
pub struct NodeEntry {
    /// Who.
    id: i64,
    /// Masked for whoever lacks the permission `phones`; `null` of those who are deleted.
    #[oai(nullable)]
    phone: Option<String>,
    /// First name, `""` when unset.
    first_name: String,
    /// When they were invited, `null` at the top.
    #[oai(nullable)]
    invited_at: Option<OffsetDateTime>,
    /// How many they invited who are still there.
    invited_users_count: u64,
}

/// A page of the top of the tree.
#[derive(Object)]
pub struct RootsReply {
    /// Whom nobody invited and who invited somebody.
    people: Vec<NodeEntry>,
    /// What to send as `after` for the next page, `null` on the last.
    #[oai(nullable)]
    next: Option<i64>,
}

/// A page of a branch.
#[derive(Object)]
pub struct BranchReply {
    /// Whom a person invited, oldest first.
    invitees: Vec<NodeEntry>,
    /// What to send as `after` for the next page, `null` on the last.
    #[oai(nullable)]
    next: Option<i64>,
}

/// The way from the top of the tree to a person.
#[derive(Object)]
pub struct LineageReply {
    /// Each invited the next, and the person is the last; of more than 1000 these.
    lineage: Vec<NodeEntry>,
}

/// What `GET people/{id}/invitees/` and `lineage/` may refuse.
pub struct Branch;

impl Refusals for Branch {
    const KINDS: Groups = &[OPERATOR, PERSON, &[&problem::VALIDATION_FAILED], ANY];
}

#[OpenApi(prefix_path = "/admin/api", tag = "Tag::People")]
impl TreeApi {
    /// List the top of the tree
    #[oai(path = "/roots/", method = "get", operation_id = "list_roots")]
    async fn roots(
        &self,
        caller: Caller,
        /// The `next` of the page before; the first page without it.
        after: Query<Option<i64>>,
        /// How many; 100 by default.
        #[oai(validator(minimum(value = "1"), maximum(value = "500")))]
        limit: Query<Option<u16>>,
    ) -> Result<Reply<RootsReply>, Refusal<Browse>> {
        let after = after.0.unwrap_or(0);
        let limit = limit.0.map_or(PAGE, usize::from);
        let roots = caller.look(Look::Roots { after, limit }).await;
        Ok(told(&roots.map_err(Problem::from)?))
    }

    /// List whom a person invited
    #[oai(
        path = "/people/:id/invitees/",
        method = "get",
        operation_id = "list_invitees"
    )]
    async fn invitees(
        &self,
        caller: Caller,
        /// Who.
        id: Path<i64>,
        /// The `next` of the page before; the first page without it.
        after: Query<Option<i64>>,
        /// How many; 100 by default.
        #[oai(validator(minimum(value = "1"), maximum(value = "500")))]
        limit: Query<Option<u16>>,
    ) -> Result<Reply<BranchReply>, Refusal<Branch>> {
        let look = Look::Invitees {
            who: named(id.0),
            after: after.0.unwrap_or(0),
            limit: limit.0.map_or(PAGE, usize::from),
        };
        Ok(told(&caller.look(look).await.map_err(Problem::from)?))
    }

    /// Tell who leads to a person
    ///
    /// From the top of the tree, a step an invitation.
    #[oai(
        path = "/people/:id/lineage/",
        method = "get",
        operation_id = "show_lineage"
    )]
    async fn lineage(
        &self,
        caller: Caller,
        /// Who.
        id: Path<i64>,
    ) -> Result<Reply<LineageReply>, Refusal<Branch>> {
        let look = Look::Lineage { who: named(id.0) };
        Ok(told(&caller.look(look).await.map_err(Problem::from)?))
    }
}
