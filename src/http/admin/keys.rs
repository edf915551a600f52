//! Service keys.

use poem_openapi::{Object, OpenApi, param::Path};
use serde_json::json;
use time::OffsetDateTime;

use super::{
    answer::told,
    auth::Caller,
    figures::Tell,
    reason::Reason,
    refused::{CHANGE, OPERATOR, of},
    tag::Tag,
};
use crate::{
    app::admin::{Change, KeyRef, Look},
    domain::{permission::Permissions, service_key::KeyName},
    http::{
        json::{Body, Fields, FromFields},
        problem::{self, Kind, Problem},
        refusal::{ANY, BODY, Groups, Refusal, Refusals},
        reply::{Done, Reply},
        types::example,
    },
};

const SECONDS_OF_A_DAY: u64 = 86_400;
/// Most days that a key may be good for, if it expires.
const LONGEST: u64 = 3650;

/// The calls about service keys.
pub struct KeysApi;

/// A key that is wanted.
#[derive(Object)]
#[oai(example)]
pub struct KeyRequest {
    /// Letters, digits, dots, dashes and underscores.
    #[oai(validator(pattern = "^[A-Za-z0-9._-]{1,64}$"))]
    name: String,
    /// What it is to be good for.
    #[oai(validator(min_items = 1))]
    permissions: Vec<String>,
    /// For how many days; for ever without it.
    #[oai(nullable, validator(minimum(value = "1"), maximum(value = "3650")))]
    expires_in_days: Option<u16>,
}

impl FromFields for KeyRequest {
    type Read = Change;

    fn from_fields(fields: &mut Fields) -> Option<Change> {
        let is_name = |text: &str| KeyName::parse(text).ok_or(());
        let name = fields.parsed("name", is_name, "must be letters, digits, dots and dashes");
        let permissions = fields.texts("permissions").and_then(|names| {
            let read = names.join(",").parse::<Permissions>().ok();
            read.or_else(|| fields.refuse("permissions", "must be names of permissions"))
        });
        let days = fields.optional_number("expires_in_days", 1..=LONGEST);
        Some(Change::CreateKey {
            name: name?.as_str().to_owned(),
            permissions: permissions?.to_string(),
            expires_in_seconds: days.map(|days| days * SECONDS_OF_A_DAY),
        })
    }
}

example!(KeyRequest {
    name: "report".to_owned(),
    permissions: vec!["figures".to_owned()],
    expires_in_days: Some(90),
});

/// Every key.
#[derive(Object)]
pub struct KeysReply {
    /// The oldest first.
    keys: Vec<KeyEntry>,
}

/// A key.
#[derive(Object)]
pub struct KeyEntry {
    /// Which one.
    id: i64,
    /// What its operators call it.
    name: String,
    /// What it is good for.
    permissions: Vec<String>,
    /// When it was made.
    created_at: OffsetDateTime,
    /// Until when it is good; `null` if for ever.
    #[oai(nullable)]
    expires_at: Option<OffsetDateTime>,
    /// When it was used last, to the minute.
    #[oai(nullable)]
    used_at: Option<OffsetDateTime>,
    /// Whether it is: it has not expired, and the server's keys are those of its time.
    good: bool,
}

/// A key that was made.
#[derive(Object)]
pub struct NewKeyReply {
    #[oai(flatten)]
    key: KeyEntry,
    /// For `Authorization: Bearer`. It is told this once.
    secret: String,
}

const TAKEN: &[&Kind] = &[&problem::NAME_TAKEN];

/// What making a key may refuse.
pub struct Create;

impl Refusals for Create {
    const KINDS: Groups = &[OPERATOR, TAKEN, BODY, ANY];
}

/// What deleting one may refuse.
pub struct Delete;

impl Refusals for Delete {
    const KINDS: Groups = &[OPERATOR, &[&problem::NOT_FOUND], CHANGE, ANY];
}

#[OpenApi(prefix_path = "/admin/api", tag = "Tag::Operators")]
impl KeysApi {
    /// List service keys
    #[oai(path = "/keys/", method = "get", operation_id = "list_keys")]
    async fn keys(&self, caller: Caller) -> Result<Reply<KeysReply>, Refusal<Tell>> {
        let keys = caller.look(Look::ListKeys).await.map_err(Problem::from)?;
        Ok(told(&json!({ "keys": keys })))
    }

    /// Make a service key
    ///
    /// Nobody makes one that may do more than they may themselves.
    #[oai(path = "/keys/", method = "post", operation_id = "create_key")]
    async fn create(
        &self,
        caller: Caller,
        /// Why.
        #[oai(name = "X-Reason")]
        reason: Reason,
        body: Body<KeyRequest>,
    ) -> Result<Reply<NewKeyReply>, Refusal<Create>> {
        let made = caller.change(body.0, reason.0).await;
        Ok(told(&made.map_err(of("#/name", "is not a name"))?))
    }

    /// Delete a service key
    #[oai(path = "/keys/:id/", method = "delete", operation_id = "delete_key")]
    async fn delete(
        &self,
        caller: Caller,
        /// Which one.
        id: Path<i64>,
        /// Why.
        #[oai(name = "X-Reason")]
        reason: Reason,
    ) -> Result<Done, Refusal<Delete>> {
        let key = KeyRef::Id(id.0);
        let deleted = caller.change(Change::DeleteKey { key }, reason.0).await;
        deleted.map_err(Problem::from)?;
        Ok(Done)
    }
}
