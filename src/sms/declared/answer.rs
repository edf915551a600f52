//! What a provider's answer means.

use std::collections::BTreeMap;

use regex::Regex;
use serde_json::Value;

use super::{
    blank::{Blank, Show},
    spec::{ErrorSpec, Flaw, OkSpec, OneOrMore},
    terms::Terms,
};
use crate::sms::{Failure, Message, SmsError};

/// How much of what a provider says is passed on to the operator.
const EXCERPT: usize = 200;
/// An answer, as it came.
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body, as text.
    pub text: String,
    json: Value,
}

impl Answer {
    /// An answer with this status and body.
    pub fn new(status: u16, text: String) -> Self {
        let json = serde_json::from_str(&text).unwrap_or_default();
        Self { status, text, json }
    }

    fn excerpt(&self) -> String {
        let words: Vec<_> = self.text.split_whitespace().collect();
        words.join(" ").chars().take(EXCERPT).collect()
    }
}

/// Where something stands in an answer: a JSON pointer (RFC 6901) that may have holes.
pub struct Pointer(Blank);

impl Pointer {
    /// Reads one that stands at `path`.
    pub fn read(path: &str, text: &str, terms: &Terms<'_>) -> Result<Self, Flaw> {
        if !text.starts_with('/') {
            return Err(Flaw::at(
                path,
                "must be a JSON pointer, as in \"/message/id\"",
            ));
        }
        let blank = Blank::read(text, terms).map_err(|reason| Flaw::at(path, reason))?;
        Ok(Self(blank))
    }

    /// What stands there.
    pub fn find<'a>(&self, answer: &'a Answer, message: &Message) -> Option<&'a Value> {
        let escape = |text: &str| text.replace('~', "~0").replace('/', "~1");
        answer
            .json
            .pointer(&self.0.fill(message, Show::Secrets, escape))
    }
}

/// When it says that the message was taken.
struct Success {
    status: Vec<u16>,
    pointer: Option<Pointer>,
    equals: Option<String>,
    pattern: Option<Regex>,
}

impl Success {
    fn read(spec: &OkSpec, terms: &Terms<'_>) -> Result<Self, Flaw> {
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
                .map(|text| Pointer::read("ok.pointer", text, terms))
                .transpose()?,
            equals: spec.equals.as_ref().map(|value| match value {
                toml::Value::String(text) => text.clone(),
                other => other.to_string(),
            }),
            pattern: pattern.map_err(|_| Flaw::at("ok.pattern", "is no regular expression"))?,
        })
    }

    fn holds(&self, answer: &Answer, message: &Message) -> bool {
        let status = if self.status.is_empty() {
            (200..300).contains(&answer.status)
        } else {
            self.status.contains(&answer.status)
        };
        let found = self
            .pointer
            .as_ref()
            .map(|pointer| pointer.find(answer, message));
        let pointed = match (found, &self.equals) {
            (None, _) => true,
            (Some(found), Some(wanted)) => found.and_then(plain).as_ref() == Some(wanted),
            (Some(found), None) => found.is_some_and(|value| !value.is_null()),
        };
        let matched = self
            .pattern
            .as_ref()
            .is_none_or(|pattern| pattern.is_match(&answer.text));
        status && pointed && matched
    }
}

/// What it means when it does not.
struct Errors {
    pointers: Vec<Pointer>,
    messages: Vec<Pointer>,
    map: BTreeMap<String, SmsError>,
    /// What the text of an answer means.
    patterns: Vec<(Regex, SmsError)>,
    default: Option<SmsError>,
}

impl Errors {
    fn read(spec: &ErrorSpec, terms: &Terms<'_>) -> Result<Self, Flaw> {
        let pointers = |path: &str, texts: &Option<OneOrMore<String>>| {
            let texts = texts.clone().map(OneOrMore::into_vec).unwrap_or_default();
            let pointers = texts.iter().map(|text| Pointer::read(path, text, terms));
            pointers.collect::<Result<Vec<_>, _>>()
        };
        Ok(Self {
            pointers: pointers("error.pointer", &spec.pointer)?,
            messages: pointers("error.message", &spec.message)?,
            map: spec.map.clone(),
            patterns: spec
                .patterns
                .iter()
                .map(|(pattern, error)| match Regex::new(pattern) {
                    Ok(pattern) => Ok((pattern, *error)),
                    Err(_) => Err(Flaw::at(
                        "error.patterns",
                        "has what is no regular expression",
                    )),
                })
                .collect::<Result<_, _>>()?,
            default: spec.default,
        })
    }

    fn by_text(&self, text: &str) -> Option<SmsError> {
        let mut patterns = self.patterns.iter();
        let found = patterns.find(|(pattern, _)| pattern.is_match(text));
        found.map(|(_, error)| *error)
    }

    fn failure(&self, answer: &Answer, message: &Message) -> Failure {
        let first = |pointers: &[Pointer]| {
            let mut found = pointers
                .iter()
                .filter_map(|pointer| pointer.find(answer, message));
            found.find_map(plain)
        };
        let code = first(&self.pointers);
        let mapped = |key: &str| self.map.get(key).copied();
        let status = format!("status:{}", answer.status);
        let error = code
            .as_deref()
            .and_then(mapped)
            .or_else(|| self.by_text(&answer.text))
            .or_else(|| mapped(&status))
            .or_else(|| by_status(answer.status))
            .or(self.default)
            .unwrap_or(if (400..500).contains(&answer.status) {
                // The request was refused, most likely for what is in it.
                SmsError::Unreachable
            } else {
                SmsError::Unknown
            });
        let mut detail = format!("HTTP {}", answer.status);
        if let Some(code) = code {
            detail = format!("{detail}, code {code}");
        }
        let said = first(&self.messages).unwrap_or_else(|| answer.excerpt());
        let said: String = said
            .chars()
            .filter(|c| !c.is_control())
            .take(EXCERPT)
            .collect();
        if !said.is_empty() {
            detail = format!("{detail}: {said}");
        }
        Failure { error, detail }
    }
}

/// What the status alone says for sure.
fn by_status(status: u16) -> Option<SmsError> {
    match status {
        300..=399 | 401 | 402 => Some(SmsError::Misconfigured),
        429 => Some(SmsError::Throttled),
        _ => None,
    }
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

/// How answers to one request are read.
pub struct Reading {
    ok: Success,
    errors: Errors,
    balance: Option<Pointer>,
}

impl Reading {
    /// Reads how to read.
    pub fn read(
        ok: &OkSpec,
        error: &ErrorSpec,
        balance: Option<&String>,
        terms: &Terms<'_>,
    ) -> Result<Self, Flaw> {
        Ok(Self {
            ok: Success::read(ok, terms)?,
            errors: Errors::read(error, terms)?,
            balance: balance
                .map(|text| Pointer::read("balance", text, terms))
                .transpose()?,
        })
    }

    /// Whether it was taken, or why not.
    pub fn judge(&self, answer: &Answer, message: &Message) -> Result<(), Failure> {
        if self.ok.holds(answer, message) {
            Ok(())
        } else {
            Err(self.errors.failure(answer, message))
        }
    }

    /// What is left, if it says so.
    pub fn balance(&self, answer: &Answer, message: &Message) -> Option<String> {
        self.balance.as_ref()?.find(answer, message).and_then(plain)
    }
}
