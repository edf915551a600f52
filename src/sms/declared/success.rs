//! When an answer says that the message was taken. A status of success is not
//! enough: vendors accept what has failed already, and say so inside.

use regex::Regex;
use serde_json::Value;

use super::{
    answer::{Answer, Pointer, plain, pointers},
    spec::{ErrorSpec, Flaw, OkSpec, OneOrMore},
    variables::Variables,
};
use crate::sms::message::Message;

/// What has to be so.
pub struct Success {
    status: Vec<u16>,
    pointer: Option<Pointer>,
    /// What may stand there; anything where there are none.
    equals: Vec<String>,
    pattern: Option<Regex>,
    absent: Vec<Pointer>,
    unless: Vec<(Pointer, Vec<String>)>,
}

impl Success {
    /// Reads the rule.
    pub fn read(spec: &OkSpec, error: &ErrorSpec, variables: &Variables<'_>) -> Result<Self, Flaw> {
        let is_asked = spec.equals.is_some() || spec.exists.is_some();
        match (
            &spec.pointer,
            spec.equals.is_some() && spec.exists.is_some(),
        ) {
            (None, _) if is_asked => return Err(Flaw::at("ok", "needs a pointer")),
            (Some(_), _) if !is_asked => {
                return Err(Flaw::at("ok.pointer", "needs equals, or exists = true"));
            }
            (_, true) => return Err(Flaw::at("ok", "must have one of equals and exists")),
            _ => {}
        }
        if spec.exists == Some(false) {
            return Err(Flaw::at("ok.exists", "can only be true"));
        }
        let pattern = spec.pattern.as_deref().map(Regex::new).transpose();
        Ok(Self {
            status: spec
                .status
                .clone()
                .map(OneOrMore::into_vec)
                .unwrap_or_default(),
            pointer: spec
                .pointer
                .as_deref()
                .map(|text| Pointer::read("ok.pointer", text, variables))
                .transpose()?,
            equals: spec.equals.as_ref().map(words).unwrap_or_default(),
            pattern: pattern.map_err(|_| Flaw::at("ok.pattern", "is not a regular expression"))?,
            absent: match (&spec.absent, &spec.equals) {
                (Some(absent), _) => pointers("ok.absent", Some(absent), variables)?,
                (None, Some(_)) => Vec::new(),
                (None, None) => pointers("error.pointer", error.pointer.as_ref(), variables)?,
            },
            unless: spec
                .unless
                .iter()
                .map(|(text, value)| {
                    let pointer = Pointer::read("ok.unless", text, variables)?;
                    Ok((pointer, words(value)))
                })
                .collect::<Result<_, Flaw>>()?,
        })
    }

    /// Whether it goes by what an answer says, and not by its status alone.
    pub fn looks_inside(&self) -> bool {
        self.pointer.is_some() || self.pattern.is_some()
    }

    /// Whether an answer says so.
    pub fn holds(&self, answer: &Answer, message: &Message) -> bool {
        let status = if self.status.is_empty() {
            (200..300).contains(&answer.status)
        } else {
            self.status.contains(&answer.status)
        };
        let found = self
            .pointer
            .as_ref()
            .map(|pointer| pointer.find(answer, message));
        let pointed = match (found, self.equals.as_slice()) {
            (None, _) => true,
            (Some(found), []) => found.is_some_and(is_something),
            (Some(found), wanted) => found.and_then(plain).is_some_and(|it| wanted.contains(&it)),
        };
        let failed = |(pointer, words): &(Pointer, Vec<String>)| {
            let found = pointer.find(answer, message).and_then(plain);
            found.is_some_and(|found| words.contains(&found))
        };
        let has_error = |pointer: &Pointer| pointer.find(answer, message).is_some_and(is_error);
        let refused = self.absent.iter().any(has_error) || self.unless.iter().any(failed);
        let matched = self
            .pattern
            .as_ref()
            .is_none_or(|pattern| pattern.is_match(answer.text.raw()));
        status && pointed && matched && !refused
    }
}

/// The word, or words, that a setting lists.
fn words(value: &toml::Value) -> Vec<String> {
    match value {
        toml::Value::String(text) => vec![text.clone()],
        toml::Value::Array(values) => values.iter().flat_map(words).collect(),
        other => vec![other.to_string()],
    }
}

/// Whether a value is more than an empty place.
fn is_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

/// Whether it tells of an error where errors stand: some vendors write none as zero.
fn is_error(value: &Value) -> bool {
    is_something(value) && !plain(value).is_some_and(|text| text == "0" || text == "false")
}
