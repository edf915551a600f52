//! What a provider's answer means.

use std::collections::BTreeMap;

use regex::Regex;

use super::{
    answer::{Answer, Pointer, Refusal, plain, pointers},
    spec::{ErrorSpec, Flaw, OkSpec},
    success::Success,
    variables::Variables,
};
use crate::sms::{error::SmsError, message::Message, redaction::ProviderText};

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
    fn read(spec: &ErrorSpec, variables: &Variables<'_>) -> Result<Self, Flaw> {
        Ok(Self {
            pointers: pointers("error.pointer", spec.pointer.as_ref(), variables)?,
            messages: pointers("error.message", spec.message.as_ref(), variables)?,
            map: spec.map.clone(),
            patterns: spec
                .patterns
                .iter()
                .map(|(pattern, error)| match Regex::new(pattern) {
                    Ok(pattern) => Ok((pattern, *error)),
                    Err(_) => Err(Flaw::at(
                        "error.patterns",
                        "has what is not a regular expression",
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

    fn refusal(&self, answer: &Answer, message: &Message) -> Refusal {
        let found = |pointers: &[Pointer]| -> Vec<String> {
            let found = pointers.iter().filter_map(|one| one.find(answer, message));
            found.filter_map(plain).collect()
        };
        let codes = found(&self.pointers);
        let mapped = |key: &str| self.map.get(key).copied();
        let known = codes.iter().find(|code| self.map.contains_key(*code));
        let status = format!("status:{}", answer.status);
        let error = known
            .and_then(|code| mapped(code))
            .or_else(|| self.by_text(answer.text.raw()))
            .or_else(|| mapped(&status))
            .or_else(|| by_status(answer.status))
            .or(self.default)
            .unwrap_or(if (400..500).contains(&answer.status) {
                // The request was refused, most likely for what is in it.
                SmsError::Unreachable
            } else {
                SmsError::Unknown
            });
        let said = found(&self.messages).into_iter().next();
        Refusal {
            error,
            status: Some(answer.status),
            code: known.or(codes.first()).map(ProviderText::new),
            said: said.map_or_else(|| answer.text.clone(), ProviderText::new),
        }
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
        variables: &Variables<'_>,
    ) -> Result<Self, Flaw> {
        Ok(Self {
            ok: Success::read(ok, error, variables)?,
            errors: Errors::read(error, variables)?,
            balance: balance
                .map(|text| Pointer::read("balance", text, variables))
                .transpose()?,
        })
    }

    /// Whether it was taken, or why not.
    pub fn judge(&self, answer: &Answer, message: &Message) -> Result<(), Refusal> {
        if self.ok.holds(answer, message) {
            Ok(())
        } else {
            Err(self.errors.refusal(answer, message))
        }
    }

    /// Whether it goes by what an answer says, and not by its status alone.
    pub fn looks_inside(&self) -> bool {
        self.ok.looks_inside()
    }

    /// What is left, if it says so.
    pub fn balance(&self, answer: &Answer, message: &Message) -> Option<ProviderText> {
        let found = self.balance.as_ref()?.find(answer, message);
        found.and_then(plain).map(ProviderText::new)
    }
}
