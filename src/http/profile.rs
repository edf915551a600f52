//! One's own profile.

use poem_openapi::{Object, OpenApi};
use serde::Serialize;
use time::{OffsetDateTime, macros::datetime};

use super::{
    auth::Caller,
    json::{Body, Fields, FromFields},
    page::invite,
    profile_cache::ProfileCache,
    refusal::{ANY, BODY, Groups, Refusal, Refusals, USER},
    reply::{Done, Reply},
    tag::Tag,
    types::{example, instant},
};
use crate::{
    app::events::Happened,
    config::Config,
    domain::{
        lock::Subject,
        person::{Change, Email, Name},
        profile::{self, Profile},
        statistic::Measure,
    },
};

/// The calls about the caller's own account.
#[derive(Default)]
pub struct ProfileApi {
    cache: ProfileCache,
}

/// A user as shown to themself.
#[derive(Object, Serialize)]
#[oai(example)]
pub struct ProfileReply {
    /// First name, `""` when unset.
    first_name: String,
    /// Last name, `""` when unset.
    last_name: String,
    /// E-mail address, `""` when unset.
    email: String,
    /// The phone, digits only.
    phone: String,
    /// The code that others enter to name this user as their referrer.
    invitation_code: String,
    /// The referrer's phone, `null` when there is none.
    #[oai(nullable)]
    invited_by: Option<String>,
    /// Phones of the first 1000 who entered this user's code, oldest first.
    invited_users_phones: Vec<String>,
    /// Who this is, for ever.
    id: i64,
    /// How many entered it in all.
    invited_users_count: u64,
    /// The first login (RFC 3339).
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// A link for those whom this user invites; `null` where there are no pages.
    #[oai(nullable)]
    invitation_link: Option<String>,
}

example!(ProfileReply {
    first_name: "Andrey".to_owned(),
    last_name: "Potapov".to_owned(),
    email: "potapov@mail.ru".to_owned(),
    phone: "79123456789".to_owned(),
    invitation_code: "QBX27C".to_owned(),
    invited_by: Some("79012345678".to_owned()),
    invited_users_phones: vec!["79999999999".to_owned()],
    id: 2_216_338_399_232_000,
    invited_users_count: 1,
    created_at: datetime!(2024-04-15 21:11:13 UTC),
    invitation_link: Some("https://example.com/i/QBX27C/".to_owned()),
});

impl ProfileReply {
    /// What a service that is configured so says of a user.
    pub fn of(profile: Profile, config: &Config) -> Self {
        let Profile {
            user,
            invited_by,
            invitees,
            invitees_count,
        } = profile;
        Self {
            first_name: user.first_name,
            last_name: user.last_name,
            email: user.email,
            phone: user.phone.to_string(),
            invitation_code: user.invitation_code.to_string(),
            invited_by: invited_by.map(|phone| phone.to_string()),
            invited_users_phones: invitees.iter().map(ToString::to_string).collect(),
            id: user.id.0,
            invited_users_count: invitees_count,
            created_at: instant(user.created_at),
            invitation_link: config
                .http
                .pages
                .then(|| invite::link(config, user.invitation_code)),
        }
    }
}

/// A whole profile. Members that cannot be changed are ignored, so that a
/// profile that was read can be sent back.
#[derive(Object)]
#[oai(example)]
pub struct ReplaceProfileRequest {
    /// At most 150 characters; `""` or `null` clears it.
    #[oai(nullable, validator(max_length = 150))]
    first_name: String,
    /// At most 150 characters; `""` or `null` clears it.
    #[oai(nullable, validator(max_length = 150))]
    last_name: String,
    /// At most 254 bytes; `""` or `null` clears it.
    #[oai(nullable, validator(max_length = 254))]
    email: String,
}

impl FromFields for ReplaceProfileRequest {
    type Read = Change;

    fn from_fields(fields: &mut Fields) -> Option<Change> {
        fields.require(&["first_name", "last_name", "email"]);
        ChangeProfileRequest::from_fields(fields)
    }
}

impl poem_openapi::types::Example for ReplaceProfileRequest {
    fn example() -> Self {
        let profile = ProfileReply::example();
        Self {
            first_name: profile.first_name,
            last_name: profile.last_name,
            email: profile.email,
        }
    }
}

/// Some members of a profile. Others are left as they are.
#[derive(Object)]
#[oai(example, skip_serializing_if_is_none)]
pub struct ChangeProfileRequest {
    /// At most 150 characters; `""` or `null` clears it.
    #[oai(nullable, validator(max_length = 150))]
    first_name: Option<String>,
    /// At most 150 characters; `""` or `null` clears it.
    #[oai(nullable, validator(max_length = 150))]
    last_name: Option<String>,
    /// At most 254 bytes; `""` or `null` clears it.
    #[oai(nullable, validator(max_length = 254))]
    email: Option<String>,
}

impl FromFields for ChangeProfileRequest {
    type Read = Change;

    fn from_fields(fields: &mut Fields) -> Option<Change> {
        Some(Change {
            first_name: text_member(fields, "first_name", Name::parse),
            last_name: text_member(fields, "last_name", Name::parse),
            email: text_member(fields, "email", Email::parse),
        })
    }
}

fn text_member<T>(
    fields: &mut Fields,
    name: &str,
    parse: fn(&str) -> Result<T, &'static str>,
) -> Option<T> {
    match parse(&fields.clearable_text(name)?) {
        Ok(value) => Some(value),
        Err(reason) => fields.refuse(name, reason),
    }
}

example!(ChangeProfileRequest {
    first_name: Some("Andrey".to_owned()),
    last_name: None,
    email: None,
});

/// What reading a profile, and deleting it, may refuse.
pub struct Read;

impl Refusals for Read {
    const KINDS: Groups = &[USER, ANY];
}

/// What changing a profile may refuse.
pub struct Write;

impl Refusals for Write {
    const KINDS: Groups = &[USER, BODY, ANY];
}

#[OpenApi]
impl ProfileApi {
    /// Read your profile
    ///
    /// Names, e-mail address, invitation code, who invited you and whom you invited.
    #[oai(
        path = "/profile/",
        method = "get",
        tag = "Tag::Profile",
        operation_id = "get_profile"
    )]
    async fn get(&self, caller: Caller) -> Result<Reply<ProfileReply>, Refusal<Read>> {
        let bearer = caller.bearer();
        if self.cache.has(bearer)
            && let Some(version) = caller.version().await?
            && let Some(body) = self.cache.get(bearer, version)
        {
            return Ok(Reply::again(body));
        }
        let (version, profile) = caller
            .read_versioned(profile::ask, |tx, user| Ok(profile::read(tx, user)?))
            .await?;
        let reply = Reply::of(&ProfileReply::of(profile, &caller.app().config));
        self.cache.put(bearer, version, reply.body());
        Ok(reply)
    }

    /// Replace your names and e-mail address
    ///
    /// All three are needed; other members are ignored, so that a profile that
    /// was read can be sent back.
    #[oai(
        path = "/profile/",
        method = "put",
        tag = "Tag::Profile",
        operation_id = "put_profile"
    )]
    async fn put(
        &self,
        caller: Caller,
        body: Body<ReplaceProfileRequest>,
    ) -> Result<Reply<ProfileReply>, Refusal<Write>> {
        change(&caller, body.0).await
    }

    /// Change some of your names and e-mail address
    ///
    /// What is not named stays as it is.
    #[oai(
        path = "/profile/",
        method = "patch",
        tag = "Tag::Profile",
        operation_id = "patch_profile"
    )]
    async fn patch(
        &self,
        caller: Caller,
        body: Body<ChangeProfileRequest>,
    ) -> Result<Reply<ProfileReply>, Refusal<Write>> {
        change(&caller, body.0).await
    }

    /// Delete your account
    ///
    /// The account, its sessions and its personal data are gone at once. Those
    /// whom it invited keep their accounts; their `invited_by` becomes `null`.
    #[oai(
        path = "/profile/",
        method = "delete",
        tag = "Tag::Profile",
        operation_id = "delete_profile"
    )]
    async fn delete(&self, caller: Caller) -> Result<Done, Refusal<Read>> {
        let (phone, user) = caller
            .write(&[Subject::Invitations], |tx, _, user| {
                profile::close(tx, &user)?;
                Ok((user.phone, user.id))
            })
            .await?;
        let app = caller.app();
        let happened = Happened::at(Measure::Deleted, app.now());
        let happened = happened.of_phone(phone).of_user(user);
        app.state().count_of_prefix(happened, "");
        Ok(Done)
    }
}

async fn change(caller: &Caller, change: Change) -> Result<Reply<ProfileReply>, Refusal<Write>> {
    let profile = caller
        .write(&[], move |tx, _, user| {
            Ok(profile::change(tx, user, &change)?)
        })
        .await?;
    Ok(Reply::of(&ProfileReply::of(profile, &caller.app().config)))
}
