//! What a provider answers, and where something stands in it.

use serde_json::Value;

use super::{
    spec::{Flaw, OneOrMore},
    template::{Show, Template},
    variables::Variables,
};
use crate::sms::{
    error::{Failure, SmsError},
    message::Message,
    redaction::{Filter, ProviderText},
};

/// An answer, as it came.
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body, as text.
    pub text: ProviderText,
    json: Value,
}

/// Why a message was not taken, in words that are not to be shown as they are.
pub struct Refusal {
    /// What it means.
    pub error: SmsError,
    /// The status of the answer, if there was one.
    pub status: Option<u16>,
    /// The provider's code for it.
    pub code: Option<ProviderText>,
    /// What was said.
    pub said: ProviderText,
}

impl Refusal {
    /// Means `error`, in these words.
    pub fn of(error: SmsError, status: Option<u16>, said: String) -> Self {
        Self {
            error,
            status,
            code: None,
            said: ProviderText::new(said),
        }
    }

    /// What may be told of it.
    pub fn shown(&self, filter: &Filter) -> Failure {
        let code = self
            .code
            .as_ref()
            .map(|code| format!("code {}", filter.line(code)));
        let status = self.status.map(|status| format!("HTTP {status}"));
        let head: Vec<_> = status.into_iter().chain(code).collect();
        let said = Some(filter.line(&self.said)).filter(|said| !said.is_empty());
        let parts = Some(head.join(", ")).filter(|head| !head.is_empty());
        let parts: Vec<_> = parts
            .into_iter()
            .chain(said.map(|said| said.to_string()))
            .collect();
        Failure::of(self.error, parts.join(": "))
    }
}

impl Answer {
    /// An answer with this status and body.
    pub fn new(status: u16, text: String) -> Self {
        let json = serde_json::from_str(&text).unwrap_or_default();
        let text = ProviderText::new(text);
        Self { status, text, json }
    }
}

/// Where something stands in an answer: a JSON pointer (RFC 6901) that may have placeholders.
pub struct Pointer(Template);

impl Pointer {
    /// Reads one that stands at `path`.
    pub fn read(path: &str, text: &str, variables: &Variables<'_>) -> Result<Self, Flaw> {
        if !text.starts_with('/') {
            return Err(Flaw::at(
                path,
                "must be a JSON pointer, as in \"/message/id\"",
            ));
        }
        let template = Template::read(text, variables).map_err(|reason| Flaw::at(path, reason))?;
        Ok(Self(template))
    }

    /// What stands there.
    pub fn find<'a>(&self, answer: &'a Answer, message: &Message) -> Option<&'a Value> {
        let escape = |text: &str| text.replace('~', "~0").replace('/', "~1");
        answer
            .json
            .pointer(&self.0.fill(message, Show::Secrets, escape))
    }
}

/// The pointers that stand at `path`.
pub fn pointers(
    path: &str,
    texts: Option<&OneOrMore<String>>,
    variables: &Variables<'_>,
) -> Result<Vec<Pointer>, Flaw> {
    let texts = texts.cloned().map(OneOrMore::into_vec).unwrap_or_default();
    let pointers = texts
        .iter()
        .map(|text| Pointer::read(path, text, variables));
    pointers.collect()
}

/// A text, number or truth as text.
pub fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}
