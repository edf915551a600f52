//! What an answer proves: that a message was taken.

use serde_json::Value;

use super::{
    answer::{Answer, Pointer, plain},
    spec::{Definition, Flaw},
    variables::Variables,
};
use crate::{
    domain::{code::OneTimeCode, money::Money},
    sms::{
        error::{Failure, SmsError},
        gateway::Receipt,
        message::Message,
        redaction::{Filter, MessageId, ProviderText},
    },
};

/// Digits of a code that a provider chooses: the end of the number that calls.
pub const CHOSEN: usize = 4;
/// Longer names of messages are not kept.
const LONGEST_ID: usize = 200;

/// What a receipt is made of.
pub struct Verification {
    id: Option<Pointer>,
    cost: Option<Pointer>,
    code: Option<Pointer>,
}

impl Verification {
    /// Reads where its parts stand.
    pub fn read(frame: &Definition, variables: &Variables<'_>) -> Result<Self, Flaw> {
        let pointer = |path: &str, text: &Option<String>| {
            text.as_deref()
                .map(|text| Pointer::read(path, text, variables))
                .transpose()
        };
        Ok(Self {
            id: pointer("id", &frame.id)?,
            cost: pointer("cost", &frame.cost)?,
            code: pointer("code", &frame.code)?,
        })
    }

    /// Whether the provider chooses the code.
    pub fn chooses(&self) -> bool {
        self.code.is_some()
    }

    /// The receipt in an answer that is ok. A provider that chooses the code
    /// and does not tell it has sent something that is of no use; one that has
    /// names for messages, and does not tell one, may have sent nothing.
    pub fn receipt(
        &self,
        answer: &Answer,
        message: &Message,
        needs_id: bool,
        filter: &Filter,
    ) -> Result<Receipt, Failure> {
        let text = |pointer: &Option<Pointer>| {
            pointer
                .as_ref()
                .and_then(|pointer| pointer.find(answer, message))
                .and_then(plain)
        };
        let code = match &self.code {
            None => None,
            Some(pointer) => {
                let found = pointer.find(answer, message);
                let code = found.and_then(|found| match found {
                    // It has lost its leading zeros.
                    Value::Number(number) => Some(format!("{:0>CHOSEN$}", number.to_string())),
                    other => plain(other),
                });
                let code = code.and_then(|code| OneTimeCode::parse(&code).ok());
                let missing = || Failure::of(SmsError::Unknown, "the answer has no code");
                Some(code.ok_or_else(missing)?)
            }
        };
        let id = text(&self.id).filter(|id| (1..=LONGEST_ID).contains(&id.len()));
        if needs_id && self.id.is_some() && id.is_none() {
            return Err(Failure::of(SmsError::Unknown, "the answer has no id"));
        }
        Ok(Receipt {
            id: id.map(|id| MessageId::new(ProviderText::new(id), filter)),
            cost: text(&self.cost).and_then(|cost| Money::rounded(&cost)),
            balance: None,
            code,
        })
    }
}
