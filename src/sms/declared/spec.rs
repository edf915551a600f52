//! How a gateway is written down: the keys of `[sms.gateway.NAME]` and of a preset.

use std::collections::BTreeMap;

use serde::{Deserialize, de::DeserializeOwned};
use toml::{Table, Value};

use super::variables::Setting;
use crate::{domain::delivery::Reported, sms::error::SmsError};

/// A mistake in a gateway: under which of its keys, and what it is.
#[derive(Debug)]
pub struct Flaw {
    /// The keys that lead there.
    pub path: Vec<String>,
    /// The end of a sentence that begins with them.
    pub reason: String,
}

impl Flaw {
    /// A mistake at `path`, written with dots.
    pub fn at(path: &str, reason: impl Into<String>) -> Self {
        let keys = path.split('.').filter(|key| !key.is_empty());
        Self {
            path: keys.map(str::to_owned).collect(),
            reason: reason.into(),
        }
    }

    /// A mistake in the member of a table, which may be called anything.
    pub fn member(section: &str, name: &str, reason: impl Into<String>) -> Self {
        let mut flaw = Self::at(section, reason);
        flaw.path.push(name.to_owned());
        flaw
    }

    /// The same mistake, seen from further out.
    pub fn under(mut self, key: &str) -> Self {
        self.path.insert(0, key.to_owned());
        self
    }
}

/// Keys around the request.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Definition {
    /// What it is, in a line.
    pub about: String,
    /// The vendor's own pages.
    pub documentation: Vec<String>,
    /// What the operator is asked for.
    pub settings: BTreeMap<String, Setting>,
    /// Whether the vendor takes a repeated `{{request_id}}` for the same message.
    pub idempotent: bool,
    /// Where the code stands that the provider chose.
    pub code: Option<String>,
    /// Where the provider's name of the message stands.
    pub id: Option<String>,
    /// Where it says what it cost.
    pub cost: Option<String>,
    /// The longest code that it brings.
    pub digits: Option<usize>,
    /// A request that costs nothing.
    pub check: Option<Table>,
    /// How it reports.
    pub receipt: Option<ReceiptSpec>,
}

const FRAME: [&str; 10] = [
    "about",
    "documentation",
    "settings",
    "idempotent",
    "code",
    "id",
    "cost",
    "digits",
    "check",
    "receipt",
];

impl Definition {
    /// Takes its keys out of a gateway's.
    pub fn take(table: &mut Table) -> Result<Self, Flaw> {
        let own = FRAME
            .iter()
            .filter_map(|key| table.remove(*key).map(|value| ((*key).to_owned(), value)));
        read(own.collect())
    }
}

/// A request, and how its answer is read.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallSpec {
    pub url: String,
    pub method: Option<String>,
    #[serde(default)]
    pub secret_in_url: bool,
    #[serde(default)]
    pub query: BTreeMap<String, String>,
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    pub basic: Option<BasicSpec>,
    pub sign: Option<SignSpec>,
    #[serde(default)]
    pub body: BodySpec,
    #[serde(default)]
    pub ok: OkSpec,
    #[serde(default)]
    pub error: ErrorSpec,
    pub balance: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BasicSpec {
    pub user: String,
    pub password: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BodySpec {
    pub json: Option<Value>,
    pub form: Option<BTreeMap<String, String>>,
    pub text: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OkSpec {
    pub status: Option<OneOrMore<u16>>,
    pub pointer: Option<String>,
    /// What stands there: a word, or any of several.
    pub equals: Option<Value>,
    pub exists: Option<bool>,
    pub pattern: Option<String>,
    /// Where nothing may stand but none, nothing or zero. Without `equals` that
    /// is so of where errors stand, unless this says otherwise.
    pub absent: Option<OneOrMore<String>>,
    /// What may not stand where: of messages that are accepted and have failed.
    pub unless: BTreeMap<String, Value>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ErrorSpec {
    pub pointer: Option<OneOrMore<String>>,
    pub message: Option<OneOrMore<String>>,
    pub map: BTreeMap<String, SmsError>,
    pub patterns: BTreeMap<String, SmsError>,
    pub default: Option<SmsError>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiptSpec {
    pub from: Encoding,
    pub id: String,
    pub state: String,
    pub items: Option<String>,
    #[serde(default)]
    pub answer: String,
    pub signature: Option<Signature>,
    pub map: BTreeMap<String, Reported>,
}

/// Where the members of a report stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    Json,
    Form,
    Query,
}

/// How a report shows whose it is, beside the secret in its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signature {
    /// `X-Twilio-Signature`.
    Twilio,
    /// `X-Request-Signature`.
    Telegram,
    /// `webhook-signature`.
    #[serde(rename = "standard-webhooks")]
    StandardWebhooks,
}

/// How a request shows whose it is.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignSpec {
    pub kind: SignKind,
    pub secret: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum SignKind {
    #[serde(rename = "standard-webhooks")]
    StandardWebhooks,
}

/// A value, or a list of them.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum OneOrMore<T> {
    One(T),
    More(Vec<T>),
}

impl<T> OneOrMore<T> {
    pub fn into_vec(self) -> Vec<T> {
        match self {
            Self::One(one) => vec![one],
            Self::More(more) => more,
        }
    }
}

/// Reads a table as `T`, whose keys are all that it may have.
pub fn read<T: DeserializeOwned>(table: Table) -> Result<T, Flaw> {
    serde_path_to_error::deserialize(table).map_err(|error| {
        let path = error.path().to_string();
        let text = error.into_inner().message().to_owned();
        let key = path.rsplit('.').next().unwrap_or_default();
        match text.strip_prefix(&format!("unknown field `{key}`, ")) {
            Some(expected) => Flaw::at(&path, format!("is not a key here: {expected}")),
            None if path == "." => Flaw::at("", text),
            None => Flaw::at(&path, format!("is not right: {text}")),
        }
    })
}

/// `over` laid over `under`, table by table.
pub fn overlay(under: &mut Table, over: Table) {
    for (key, value) in over {
        match (under.get_mut(&key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => overlay(below, above),
            (_, value) => {
                under.insert(key, value);
            }
        }
    }
}
