//! Looking for people, and at one.

use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};

use super::{
    answer::told,
    auth::Caller,
    person::{PeopleReply, PersonReply},
    reason::Reason,
    refused::{CHANGE, OPERATOR, PERSON},
    tag::Tag,
};
use crate::{
    app::admin::{Change, Look},
    http::{
        problem::{self, Problem},
        refusal::{ANY, Groups, Refusal, Refusals},
        reply::{Done, Reply},
    },
};

/// People on a page, unless the caller says otherwise.
const PAGE: usize = 50;

/// The calls that show people.
pub struct PeopleApi;

/// What looking through a list may refuse.
pub struct Browse;

impl Refusals for Browse {
    const KINDS: Groups = &[OPERATOR, &[&problem::VALIDATION_FAILED], ANY];
}

/// What looking at one person may refuse.
pub struct LookAt;

impl Refusals for LookAt {
    const KINDS: Groups = &[OPERATOR, PERSON, &[&problem::VALIDATION_FAILED], ANY];
}

/// What deleting a person may refuse.
pub struct Delete;

impl Refusals for Delete {
    const KINDS: Groups = &[OPERATOR, PERSON, &[&problem::LAST_OWNER], CHANGE, ANY];
}

/// How a person is named by their identifier.
pub fn named(id: i64) -> String {
    format!("id:{id}")
}

#[OpenApi(prefix_path = "/admin/api", tag = "Tag::People")]
impl PeopleApi {
    /// Find people
    ///
    /// By invitation code or identifier, by a part of a name or an e-mail
    /// address, or by a masked phone; with the permission `phones` by a phone or a
    /// part of it too. All of them without a query.
    #[oai(path = "/people/", method = "get", operation_id = "find_people")]
    async fn people(
        &self,
        caller: Caller,
        /// Whom to look for.
        query: Query<Option<String>>,
        /// Whether only those who are banned.
        banned: Query<Option<bool>>,
        /// The `next` of the page before; the first page without it.
        after: Query<Option<i64>>,
        /// How many; 50 by default.
        #[oai(validator(minimum(value = "1"), maximum(value = "500")))]
        limit: Query<Option<u16>>,
    ) -> Result<Reply<PeopleReply>, Refusal<Browse>> {
        let look = Look::People {
            query: query.0,
            banned: banned.0.unwrap_or(false),
            after: after.0.unwrap_or(0),
            limit: limit.0.map_or(PAGE, usize::from),
        };
        Ok(told(&caller.look(look).await.map_err(Problem::from)?))
    }

    /// Look at a person
    ///
    /// The audit is told who looked at whom, and why.
    #[oai(path = "/people/:id/", method = "get", operation_id = "show_person")]
    async fn person(
        &self,
        caller: Caller,
        /// Who.
        id: Path<i64>,
        /// Why.
        #[oai(name = "X-Reason")]
        reason: Reason,
    ) -> Result<Reply<PersonReply>, Refusal<LookAt>> {
        let who = named(id.0);
        let look = Change::LookAtUser { who };
        let shown = caller.change(look, reason.0).await;
        Ok(told(&shown.map_err(Problem::from)?))
    }

    /// Delete a person's account
    ///
    /// With its personal data, as they could themselves.
    #[oai(
        path = "/people/:id/",
        method = "delete",
        operation_id = "delete_person"
    )]
    async fn delete(
        &self,
        caller: Caller,
        /// Who.
        id: Path<i64>,
        /// Why.
        #[oai(name = "X-Reason")]
        reason: Reason,
    ) -> Result<Done, Refusal<Delete>> {
        let delete = Change::DeleteUser { who: named(id.0) };
        let deleted = caller.change(delete, reason.0).await;
        deleted.map_err(Problem::from)?;
        Ok(Done)
    }
}
