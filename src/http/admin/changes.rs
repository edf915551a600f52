//! What operators do to people and for them.

use poem_openapi::{Object, OpenApi, param::Path, types::Any};
use serde_json::Value;

use super::{
    answer::told,
    auth::Caller,
    people::named,
    person::PersonEntry,
    reason::Reason,
    refused::{OPERATOR, PERSON, of},
    tag::Tag,
};
use crate::{
    app::admin::Change,
    http::{
        json::{Body, Fields, FromFields},
        login::PhoneRequest,
        problem::{self, Kind, Problem},
        refusal::{ANY, BODY, Groups, Refusal, Refusals},
        reply::Reply,
    },
};

/// The calls that change something about people.
pub struct ChangesApi;

/// Nothing more is to be said.
#[derive(Object)]
pub struct NothingRequest {}

impl FromFields for NothingRequest {
    type Read = ();
    const OPTIONAL: bool = true;

    fn from_fields(_: &mut Fields) -> Option<()> {
        Some(())
    }
}

/// Who invited somebody.
#[derive(Object)]
pub struct ReferrerRequest {
    /// Their phone, invitation code or identifier; `null` if nobody did.
    #[oai(nullable)]
    referrer: Option<String>,
}

impl FromFields for ReferrerRequest {
    type Read = Option<String>;

    fn from_fields(fields: &mut Fields) -> Option<Option<String>> {
        fields.require(&["referrer"]);
        Some(fields.optional_text("referrer"))
    }
}

const ALREADY: &[&Kind] = &[&problem::ALREADY_DONE];
/// What banning a person may refuse.
pub struct Ban;

impl Refusals for Ban {
    const KINDS: Groups = &[
        OPERATOR,
        PERSON,
        ALREADY,
        &[&problem::LAST_OWNER],
        BODY,
        ANY,
    ];
}

/// What most changes of a person may refuse.
pub struct ChangePerson;

impl Refusals for ChangePerson {
    const KINDS: Groups = &[OPERATOR, PERSON, ALREADY, BODY, ANY];
}

/// What moving a person to another phone may refuse.
pub struct MovePhone;

impl Refusals for MovePhone {
    const KINDS: Groups = &[
        OPERATOR,
        PERSON,
        ALREADY,
        &[&problem::PHONE_TAKEN],
        BODY,
        ANY,
    ];
}

/// What putting right who invited a person may refuse.
pub struct FixInvitation;

impl Refusals for FixInvitation {
    const KINDS: Groups = &[
        OPERATOR,
        PERSON,
        ALREADY,
        &[&problem::INVITATION_CYCLE],
        BODY,
        ANY,
    ];
}

/// What exporting a person may refuse.
pub struct Export;

impl Refusals for Export {
    const KINDS: Groups = &[OPERATOR, PERSON, &[&problem::VALIDATION_FAILED], ANY];
}

type Changed<R = ChangePerson> = Result<Reply<PersonEntry>, Refusal<R>>;

/// What is said of a phone that is none.
pub const NOT_A_PHONE: &str = "is not a phone number";
const NOBODY: &str = "is not a phone, an invitation code or an identifier of a user";

async fn change<R: Refusals>(caller: &Caller, change: Change, reason: Reason) -> Changed<R> {
    let changed = caller.change(change, reason.0).await;
    Ok(told(&changed.map_err(Problem::from)?))
}

#[OpenApi(prefix_path = "/admin/api", tag = "Tag::People")]
impl ChangesApi {
    /// Ban a person
    ///
    /// They are logged out everywhere, and log in no more.
    #[oai(
        path = "/people/:id/ban/",
        method = "post",
        operation_id = "ban_person"
    )]
    async fn ban(
        &self,
        caller: Caller,
        /// Who.
        id: Path<i64>,
        /// Why.
        #[oai(name = "X-Reason")]
        reason: Reason,
        _body: Body<NothingRequest>,
    ) -> Changed<Ban> {
        let who = named(id.0);
        change(&caller, Change::BanUser { who }, reason).await
    }

    /// Let a banned person log in again
    #[oai(
        path = "/people/:id/unban/",
        method = "post",
        operation_id = "unban_person"
    )]
    async fn unban(
        &self,
        caller: Caller,
        /// Who.
        id: Path<i64>,
        /// Why.
        #[oai(name = "X-Reason")]
        reason: Reason,
        _body: Body<NothingRequest>,
    ) -> Changed {
        let who = named(id.0);
        change(&caller, Change::UnbanUser { who }, reason).await
    }

    /// Log a person out
    ///
    /// Every session ends, and the known devices are forgotten.
    #[oai(
        path = "/people/:id/logout/",
        method = "post",
        operation_id = "log_out_person"
    )]
    async fn log_out(
        &self,
        caller: Caller,
        /// Who.
        id: Path<i64>,
        /// Why.
        #[oai(name = "X-Reason")]
        reason: Reason,
        _body: Body<NothingRequest>,
    ) -> Changed {
        let who = named(id.0);
        change(&caller, Change::LogOutUser { who }, reason).await
    }

    /// Give a person's account another phone
    ///
    /// For somebody who cannot prove the old one any more. Everybody who is
    /// logged in is logged out.
    #[oai(
        path = "/people/:id/move-phone/",
        method = "post",
        operation_id = "move_person"
    )]
    async fn move_phone(
        &self,
        caller: Caller,
        /// Who.
        id: Path<i64>,
        /// Why.
        #[oai(name = "X-Reason")]
        reason: Reason,
        body: Body<PhoneRequest>,
    ) -> Result<Reply<PersonEntry>, Refusal<MovePhone>> {
        let (who, phone) = (named(id.0), body.0);
        let moved = caller
            .change(Change::MovePhone { who, phone }, reason.0)
            .await;
        Ok(told(&moved.map_err(of("#/phone", NOT_A_PHONE))?))
    }

    /// Put right who invited a person
    #[oai(
        path = "/people/:id/invitation/",
        method = "post",
        operation_id = "fix_invitation_of"
    )]
    async fn fix_invitation(
        &self,
        caller: Caller,
        /// Who.
        id: Path<i64>,
        /// Why.
        #[oai(name = "X-Reason")]
        reason: Reason,
        body: Body<ReferrerRequest>,
    ) -> Result<Reply<PersonEntry>, Refusal<FixInvitation>> {
        let (who, referrer) = (named(id.0), body.0);
        let fix = Change::FixInvitation { who, referrer };
        let fixed = caller.change(fix, reason.0).await;
        Ok(told(&fixed.map_err(of("#/referrer", NOBODY))?["user"]))
    }

    /// Export all that is known of a person
    #[oai(
        path = "/people/:id/export/",
        method = "get",
        operation_id = "export_person"
    )]
    async fn export(
        &self,
        caller: Caller,
        /// Who.
        id: Path<i64>,
        /// Why.
        #[oai(name = "X-Reason")]
        reason: Reason,
    ) -> Result<Reply<Any<Value>>, Refusal<Export>> {
        let export = Change::ExportUser { who: named(id.0) };
        let exported = caller.change(export, reason.0).await;
        Ok(told(&exported.map_err(Problem::from)?))
    }
}
