//! Entering an invitation code, and the list of those who entered one's own.

use poem_openapi::{Object, OpenApi, param::Query};
use serde::Serialize;
use time::{OffsetDateTime, macros::datetime};

use super::{
    auth::Caller,
    client::Client,
    json::{Body, Fields, FromFields},
    problem::{self, Problem},
    refusal::{ANY, BODY, Groups, Refusal, Refusals, USER},
    reply::Reply,
    tag::Tag,
    types::{example, instant},
};
use crate::{
    app::events::Happened,
    domain::{
        code::InvitationCode,
        invitation::{self, RedeemError},
        lock::Subject,
        statistic::Measure,
    },
};

/// Invitees on a page, unless the client says otherwise.
const PAGE: usize = 100;

const NOT_A_CODE: &str = "must be six letters and digits";

/// The calls about invitations.
pub struct InvitationApi;

/// Somebody's invitation code.
#[derive(Object)]
#[oai(example)]
pub struct RedeemRequest {
    /// Six letters and digits (eight at most, if codes are longer here) as people
    /// type them, or a link that ends in them.
    #[oai(validator(max_length = 2048))]
    invitation_code: String,
}

impl FromFields for RedeemRequest {
    type Read = InvitationCode;

    fn from_fields(fields: &mut Fields) -> Option<InvitationCode> {
        fields.parsed("invitation_code", InvitationCode::parse, NOT_A_CODE)
    }
}

example!(RedeemRequest {
    invitation_code: "QBX27C".to_owned(),
});

/// Who the referrer is.
#[derive(Object, Serialize)]
#[oai(example)]
pub struct RedeemReply {
    /// The referrer's phone.
    invited_by: String,
}

example!(RedeemReply {
    invited_by: "79123456789".to_owned(),
});

/// A page of invitees, oldest first.
#[derive(Object, Serialize)]
#[oai(example)]
pub struct InviteesReply {
    /// Those who entered this user's code.
    invitations: Vec<InviteeEntry>,
    /// What to send as `after` for the next page; `null` on the last.
    #[oai(nullable)]
    next: Option<String>,
    /// What to send as `after` to read only those who come later.
    end: String,
}

/// One invitee.
#[derive(Object, Serialize)]
pub struct InviteeEntry {
    /// The invitee's phone.
    phone: String,
    /// When the code was entered (RFC 3339).
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
}

impl poem_openapi::types::Example for InviteesReply {
    fn example() -> Self {
        let invitee = InviteeEntry {
            phone: "79999999999".to_owned(),
            at: datetime!(2024-04-15 21:11:13 UTC),
        };
        Self {
            invitations: vec![invitee],
            next: None,
            end: "1".to_owned(),
        }
    }
}

/// What `POST /profile/invitation/` may refuse.
pub struct Redeem;

impl Refusals for Redeem {
    const KINDS: Groups = &[
        USER,
        BODY,
        &[
            &problem::INVITATION_NOT_FOUND,
            &problem::INVITATION_SELF,
            &problem::INVITATION_ALREADY_SET,
            &problem::INVITATION_CYCLE,
            &problem::RATE_LIMITED,
        ],
        ANY,
    ];
}

/// What `GET /profile/invitations/` may refuse.
pub struct Page;

impl Refusals for Page {
    const KINDS: Groups = &[USER, &[&problem::VALIDATION_FAILED], ANY];
}

#[OpenApi]
impl InvitationApi {
    /// Enter somebody's invitation code
    ///
    /// A user has one referrer, for ever. The same code again is the same
    /// answer. To try it, log in with a second phone and read its code.
    #[oai(
        path = "/profile/invitation/",
        method = "post",
        tag = "Tag::Invitations",
        operation_id = "redeem_invitation"
    )]
    async fn redeem(
        &self,
        caller: Caller,
        body: Body<RedeemRequest>,
        client: Client,
    ) -> Result<Reply<RedeemReply>, Refusal<Redeem>> {
        let service = caller.app().clone();
        let code = body.0.within(*service.config.referral.code_length);
        let code = code.map_err(|_| {
            Problem::at(&problem::VALIDATION_FAILED, "#/invitation_code", NOT_A_CODE)
        })?;
        let visitor = client.visitor(&service, None);
        let (redeemed, invitee) = caller
            .write(&[Subject::Invitations], move |tx, _, user| {
                let redeemed = invitation::redeem(tx, &service.guard, &visitor, &user, code)?;
                Ok((redeemed, user))
            })
            .await?;
        let referrer = redeemed.map_err(Problem::from)?;
        if invitee.redeemed.is_none() {
            let app = caller.app();
            let happened = Happened::at(Measure::Invitations, app.now());
            app.count(happened.of_phone(invitee.phone).of_user(invitee.id));
        }
        Ok(Reply::of(&RedeemReply {
            invited_by: referrer.phone.to_string(),
        }))
    }

    /// List those whom you invited
    ///
    /// All of them, oldest first, a page at a time.
    #[oai(
        path = "/profile/invitations/",
        method = "get",
        tag = "Tag::Invitations",
        operation_id = "list_invitations"
    )]
    async fn invitations(
        &self,
        caller: Caller,
        /// The `next` or the `end` of a page before; the first page without it.
        after: Query<Option<String>>,
        /// How many; 100 by default.
        #[oai(validator(minimum(value = "1"), maximum(value = "500")))]
        limit: Query<Option<u16>>,
    ) -> Result<Reply<InviteesReply>, Refusal<Page>> {
        let after = after.0.as_deref().map_or(Ok(0), cursor)?;
        let limit = limit.0.map_or(PAGE, usize::from);
        // One more than asked for tells whether there is another page.
        let mut invitees = caller
            .read(move |tx, _, user| Ok(tx.invitees(user.id, after, limit + 1)?))
            .await?;
        let more = invitees.len() > limit;
        invitees.truncate(limit);
        let end = invitees.last().map_or(after, |last| last.number);
        let end = end.to_string();
        let next = more.then(|| end.clone());
        let entry = |phone: String, at| InviteeEntry { phone, at };
        let invitations = invitees
            .iter()
            .map(|invitee| entry(invitee.phone.to_string(), instant(invitee.at)))
            .collect();
        Ok(Reply::of(&InviteesReply {
            invitations,
            next,
            end,
        }))
    }
}

/// The number of the last invitee that was seen, as an earlier page wrote it.
fn cursor(text: &str) -> Result<i64, Problem> {
    let number = text.parse().ok().filter(|number| *number >= 0);
    number.ok_or_else(|| {
        let reason = "is not the next of an earlier page";
        Problem::at(&problem::VALIDATION_FAILED, "#/after", reason)
    })
}

impl From<RedeemError> for Problem {
    fn from(error: RedeemError) -> Self {
        match error {
            RedeemError::Unknown => Self::new(&problem::INVITATION_NOT_FOUND),
            RedeemError::Own => Self::at(
                &problem::INVITATION_SELF,
                "#/invitation_code",
                "is your own",
            ),
            RedeemError::AlreadySet => Self::new(&problem::INVITATION_ALREADY_SET),
            RedeemError::Cycle => Self::new(&problem::INVITATION_CYCLE),
            RedeemError::Limited(reached) => Self::limited(&problem::RATE_LIMITED, reached),
        }
    }
}
