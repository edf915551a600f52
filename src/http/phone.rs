//! Moving one's account to another phone.

use poem_openapi::{Object, OpenApi};

use super::{
    auth::Caller,
    client::{Client, TokenHeader},
    json::{Body, Fields, FromFields},
    problem::{self, Problem},
    profile::ProfileReply,
    proof::{ASK, CONFIRM, ChallengeReply, Proof, deliver, opened, overrun, refused, wanted},
    refusal::{ANY, BODY, Groups, Refusal, Refusals, USER},
    reply::Reply,
    tag::Tag,
    types::example,
};
use crate::{
    app::{delivery, notice},
    domain::{
        challenge::Purpose,
        lock::Subject,
        profile::{self, PhoneChange},
        proof,
    },
};

/// The calls that change the caller's phone.
pub struct PhoneApi;

/// A phone to move the account to.
#[derive(Object)]
#[oai(example)]
pub struct NewPhoneRequest {
    /// In international form, or as it is dialled in the default region.
    #[oai(validator(max_length = 64))]
    phone: String,
}

impl FromFields for NewPhoneRequest {
    type Read = String;

    fn from_fields(fields: &mut Fields) -> Option<String> {
        fields.text("phone")
    }
}

example!(NewPhoneRequest {
    phone: "+79161112233".to_owned(),
});

/// The code that came to the new phone.
#[derive(Object)]
#[oai(example, skip_serializing_if_is_none)]
pub struct ConfirmPhoneRequest {
    /// As many digits as the answer before said, leading zeros included.
    #[oai(validator(pattern = "^[0-9]{4,10}$"))]
    sms_code: String,
    /// The token, for those who do not send it as a header.
    #[oai(nullable)]
    sms_token: Option<String>,
}

impl FromFields for ConfirmPhoneRequest {
    type Read = Proof;

    fn from_fields(fields: &mut Fields) -> Option<Proof> {
        Proof::from_fields(fields)
    }
}

example!(ConfirmPhoneRequest {
    sms_code: "1234".to_owned(),
    sms_token: None,
});

/// What asking for a code to another phone may refuse.
pub struct AskPhone;

impl Refusals for AskPhone {
    const KINDS: Groups = &[USER, FRESH, BODY, ASK, ANY];
}

/// What confirming another phone may refuse.
pub struct ConfirmPhone;

impl Refusals for ConfirmPhone {
    const KINDS: Groups = &[USER, FRESH, BODY, CONFIRM, &[&problem::PHONE_TAKEN], ANY];
}

/// What is refused for the sake of an account whose access token was stolen.
const FRESH: &[&problem::Kind] = &[&problem::FRESH_LOGIN_REQUIRED];

#[OpenApi]
impl PhoneApi {
    /// Ask for a code to a new phone
    ///
    /// The account moves to that phone once the code is confirmed. Both calls
    /// need a session that a code has begun a short while ago (within the last
    /// 15 minutes, unless the operator set another time).
    #[oai(
        path = "/profile/phone/",
        method = "post",
        tag = "Tag::Profile",
        operation_id = "change_phone"
    )]
    async fn ask_phone(
        &self,
        caller: Caller,
        body: Body<NewPhoneRequest>,
        client: Client,
    ) -> Result<Reply<ChallengeReply>, Refusal<AskPhone>> {
        let app = caller.app();
        let visitor = client.visitor(app, None);
        let reader = client.reader();
        let purpose = Purpose::PhoneChange(caller.user());
        let wanted = wanted(app, &client, visitor.now, &body.0, purpose)?;
        let (service, who, mut rng) = (app.clone(), visitor.clone(), app.dice());
        let opened = caller
            .write_fresh(&[Subject::Phone(wanted.phone)], move |tx, _| {
                Ok(proof::open(tx, &service.guard, &who, &wanted, &mut rng)?)
            })
            .await
            .map_err(|problem| overrun(app, problem))?;
        Ok(Reply::of(
            &deliver(app, visitor, opened, reader, "/profile/phone/confirm/").await?,
        ))
    }

    /// Confirm the code and change your phone
    ///
    /// Every other session of the account ends, every other known device is
    /// forgotten, and a message tells the old phone of it. Whether the phone belongs to another account is told to those
    /// only who have proved that they hold it.
    #[oai(
        path = "/profile/phone/confirm/",
        method = "post",
        tag = "Tag::Profile",
        operation_id = "confirm_new_phone"
    )]
    async fn confirm_phone(
        &self,
        caller: Caller,
        body: Body<ConfirmPhoneRequest>,
        /// The token that the call before answered. It may be sent in the body
        /// instead; if both are sent, they must be equal.
        #[oai(name = "sms-token")]
        token: TokenHeader,
        client: Client,
    ) -> Result<Reply<ProfileReply>, Refusal<ConfirmPhone>> {
        let app = caller.app().clone();
        let (visitor, reader) = (client.visitor(&app, None), client.reader());
        let purpose = Purpose::PhoneChange(caller.user());
        let answer = opened(&app, &visitor, token, body.0, purpose)?;
        let phone = answer.phone;
        // Or hanging up at the right moment would keep the notice from being sent.
        let moving = delivery::finish(async move {
            let (app, who) = (caller.app().clone(), visitor.clone());
            let service = app.clone();
            let (outcome, notice) = caller
                .write_fresh(&[Subject::Phone(phone)], move |tx, login| {
                    let (guard, answer) = (&service.guard, &answer);
                    let outcome = profile::change_phone(tx, guard, &who, &login, answer)?;
                    let notice = match &outcome {
                        PhoneChange::Changed { left, .. } => {
                            notice::begin(&service, tx, &who, *left)?
                        }
                        _ => None,
                    };
                    Ok((outcome, notice))
                })
                .await?;
            if let Some(notice) = notice {
                notice::send(&app, visitor, notice, reader).await;
            }
            Ok::<_, Problem>(outcome)
        });
        let outcome = moving.await.map_err(Problem::from)??;
        match outcome {
            PhoneChange::Changed { profile, left } => {
                if let Some(left) = left {
                    let (from, to) = (left.masked(), profile.user.phone.masked());
                    tracing::info!(from, to, "an account has moved to another phone");
                }
                Ok(Reply::of(&ProfileReply::of(*profile, &app.config)))
            }
            PhoneChange::Taken => Err(Problem::new(&problem::PHONE_TAKEN).into()),
            PhoneChange::Refused(rejection) => Err(refused(&app, phone, rejection).into()),
        }
    }
}
