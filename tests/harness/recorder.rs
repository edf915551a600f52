//! A gateway that remembers messages.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use invited::{
    domain::code::OneTimeCode,
    sms::{Failure, Gateway, Message, Receipt, SmsError, Transcript},
};

/// A gateway that remembers what it was given, and fails when it is told to.
#[derive(Default)]
pub struct Recorder {
    sent: Mutex<Vec<Sent>>,
    /// Messages without codes: to whom, and what they said.
    pub notices: Mutex<Vec<(String, String)>>,
    pub fails: Mutex<Option<SmsError>>,
    pub chooses: Mutex<Option<String>>,
    /// The most digits that it brings, if there is a bound.
    pub longest: Mutex<Option<usize>>,
    /// Another gateway in its place.
    pub instead: Mutex<Option<Arc<dyn Gateway>>>,
}

#[derive(Debug, Clone)]
pub struct Sent {
    pub to: String,
    pub text: String,
    pub code: String,
}

impl Recorder {
    pub fn last(&self) -> Sent {
        self.sent
            .lock()
            .unwrap()
            .last()
            .cloned()
            .expect("something was sent")
    }

    pub fn count(&self) -> usize {
        self.sent.lock().unwrap().len()
    }

    /// The code that a phone was sent last.
    pub fn code_of(&self, phone: &str) -> String {
        let sent = self.sent.lock().unwrap();
        let last = sent.iter().rfind(|message| message.to == phone);
        last.expect("the phone was sent something").code.clone()
    }
}

#[async_trait]
impl Gateway for Recorder {
    fn digits(&self) -> usize {
        self.longest.lock().unwrap().unwrap_or(usize::MAX)
    }

    /// As the terminal has it, whatever the message is called.
    fn printed(&self, _request_id: &str) -> Option<String> {
        Some(self.last().text)
    }

    async fn deliver(
        &self,
        message: &Message,
        transcript: &mut Transcript,
    ) -> Result<Receipt, Failure> {
        let other = self.instead.lock().unwrap().clone();
        if let Some(other) = other {
            return other.deliver(message, transcript).await;
        }
        if let Some(error) = *self.fails.lock().unwrap() {
            return Err(error.into());
        }
        let (to, text) = (message.to.e164(), message.text.clone());
        let Some(drawn) = &message.code else {
            self.notices.lock().unwrap().push((to, text));
            return Ok(Receipt::default());
        };
        let chosen = self.chooses.lock().unwrap().clone();
        let code = chosen.clone().unwrap_or_else(|| drawn.reveal().to_owned());
        self.sent.lock().unwrap().push(Sent { to, text, code });
        Ok(Receipt {
            code: chosen.map(|code| OneTimeCode::parse(&code).unwrap()),
            ..Receipt::default()
        })
    }
}
