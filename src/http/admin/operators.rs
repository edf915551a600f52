//! Who operates the service.

use poem_openapi::{Object, OpenApi, param::Path};
use serde_json::json;
use time::OffsetDateTime;

use super::{
    answer::told,
    auth::Caller,
    figures::Tell,
    people::named,
    reason::Reason,
    refused::{CHANGE, OPERATOR, PERSON, of},
    tag::Tag,
};
use crate::{
    app::admin::{Change, Look},
    domain::permission::Role,
    http::{
        json::{Body, Fields, FromFields},
        problem::{self, Kind, Problem},
        refusal::{ANY, BODY, Groups, Refusal, Refusals},
        reply::{Done, Reply},
        types::example,
    },
};

/// The calls about operators.
pub struct OperatorsApi;

/// A role for a user.
#[derive(Object)]
#[oai(example)]
pub struct GrantRequest {
    /// Whose: a phone, an invitation code or an identifier.
    #[oai(validator(max_length = 64))]
    phone: String,
    /// `viewer`, `support` or `owner`.
    role: String,
}

impl FromFields for GrantRequest {
    type Read = (String, String);

    fn from_fields(fields: &mut Fields) -> Option<Self::Read> {
        let phone = fields.text("phone");
        let role = fields.parsed("role", str::parse::<Role>, "must be a role");
        Some((phone?, role?.name().to_owned()))
    }
}

example!(GrantRequest {
    phone: "+79123456789".to_owned(),
    role: "support".to_owned(),
});

/// Everybody with a role.
#[derive(Object)]
pub struct OperatorsReply {
    /// They, in the order in which they came.
    operators: Vec<AppointedEntry>,
}

/// A user with a role.
#[derive(Object)]
pub struct AppointedEntry {
    /// Who.
    id: i64,
    /// Masked for whoever lacks the permission `phones`.
    phone: String,
    /// First name, `""` when unset.
    first_name: String,
    /// Last name, `""` when unset.
    last_name: String,
    /// `viewer`, `support` or `owner`.
    role: String,
    /// Since when.
    granted_at: OffsetDateTime,
}

const APPOINTMENT: &[&Kind] = &[&problem::ALREADY_DONE, &problem::LAST_OWNER];

/// What granting a role may refuse.
pub struct Grant;

impl Refusals for Grant {
    const KINDS: Groups = &[OPERATOR, PERSON, APPOINTMENT, BODY, ANY];
}

/// What revoking one may refuse.
pub struct Revoke;

impl Refusals for Revoke {
    const KINDS: Groups = &[OPERATOR, PERSON, &[&problem::LAST_OWNER], CHANGE, ANY];
}

#[OpenApi(prefix_path = "/admin/api", tag = "Tag::Operators")]
impl OperatorsApi {
    /// List operators
    #[oai(path = "/operators/", method = "get", operation_id = "list_operators")]
    async fn operators(&self, caller: Caller) -> Result<Reply<OperatorsReply>, Refusal<Tell>> {
        let operators = caller.look(Look::ListOperators).await;
        let operators = operators.map_err(Problem::from)?;
        Ok(told(&json!({ "operators": operators })))
    }

    /// Grant a role
    ///
    /// To a user, in place of the role they had. Nobody grants more than they
    /// may do themselves.
    #[oai(path = "/operators/", method = "post", operation_id = "grant_role")]
    async fn grant(
        &self,
        caller: Caller,
        /// Why.
        #[oai(name = "X-Reason")]
        reason: Reason,
        body: Body<GrantRequest>,
    ) -> Result<Reply<AppointedEntry>, Refusal<Grant>> {
        let (who, role) = body.0;
        let granted = caller.change(Change::Grant { who, role }, reason.0).await;
        let expected = "is not a phone, an invitation code or an identifier";
        Ok(told(&granted.map_err(of("#/phone", expected))?))
    }

    /// Revoke a role
    ///
    /// The operator is logged out at once. The last owner cannot revoke their own.
    #[oai(
        path = "/operators/:id/",
        method = "delete",
        operation_id = "revoke_role"
    )]
    async fn revoke(
        &self,
        caller: Caller,
        /// Whose: the user's identifier.
        id: Path<i64>,
        /// Why.
        #[oai(name = "X-Reason")]
        reason: Reason,
    ) -> Result<Done, Refusal<Revoke>> {
        let who = named(id.0);
        let revoked = caller.change(Change::Revoke { who }, reason.0).await;
        revoked.map_err(Problem::from)?;
        Ok(Done)
    }
}
