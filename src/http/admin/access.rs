//! What keeps people out is cleared, and what keeps them in ended.

use poem_openapi::{OpenApi, param::Path};

use super::{
    answer::told,
    auth::Caller,
    changes::{ChangePerson, NOT_A_PHONE, NothingRequest},
    people::named,
    person::UnlockedReply,
    reason::Reason,
    refused::{CHANGE, OPERATOR, of},
    tag::Tag,
};
use crate::{
    app::admin::Change,
    http::{
        json::Body,
        login::PhoneRequest,
        problem::{self, Problem},
        refusal::{ANY, Groups, Refusal, Refusals},
        reply::{Done, Reply},
    },
};

/// The calls about limits and sessions of people.
pub struct AccessApi;

/// What ending a session may refuse.
pub struct EndSession;

impl Refusals for EndSession {
    const KINDS: Groups = &[OPERATOR, &[&problem::NOT_FOUND], CHANGE, ANY];
}

type Unlocked = Result<Reply<UnlockedReply>, Refusal<ChangePerson>>;

#[OpenApi(prefix_path = "/admin/api", tag = "Tag::People")]
impl AccessApi {
    /// Clear what keeps a person out
    ///
    /// Messages that were sent to their phone and wrong guesses count no more.
    #[oai(
        path = "/people/:id/unlock/",
        method = "post",
        operation_id = "unlock_person"
    )]
    async fn unlock(
        &self,
        caller: Caller,
        /// Who.
        id: Path<i64>,
        /// Why.
        #[oai(name = "X-Reason")]
        reason: Reason,
        _body: Body<NothingRequest>,
    ) -> Unlocked {
        let who = named(id.0);
        let unlocked = caller.change(Change::UnlockUser { who }, reason.0).await;
        Ok(told(&unlocked.map_err(Problem::from)?))
    }

    /// Clear what keeps a phone out
    ///
    /// Whether or not it is a user's.
    #[oai(
        path = "/phones/unlock/",
        method = "post",
        operation_id = "unlock_phone"
    )]
    async fn unlock_phone(
        &self,
        caller: Caller,
        /// Why.
        #[oai(name = "X-Reason")]
        reason: Reason,
        body: Body<PhoneRequest>,
    ) -> Unlocked {
        let phone = format!("phone:{}", body.0);
        let reset = Change::ResetLimits { phone };
        let unlocked = caller.change(reset, reason.0).await;
        Ok(told(&unlocked.map_err(of("#/phone", NOT_A_PHONE))?))
    }

    /// End a session
    #[oai(
        path = "/sessions/:id/",
        method = "delete",
        operation_id = "end_session_of_person"
    )]
    async fn end_session(
        &self,
        caller: Caller,
        /// Which one.
        id: Path<i64>,
        /// Why.
        #[oai(name = "X-Reason")]
        reason: Reason,
    ) -> Result<Done, Refusal<EndSession>> {
        let ended = caller
            .change(Change::EndSession { id: id.0 }, reason.0)
            .await;
        ended.map_err(Problem::from)?;
        Ok(Done)
    }
}
