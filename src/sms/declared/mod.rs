//! Gateways that are data: an HTTP request with placeholders, and how its
//! answer is to be read.

pub mod answer;
mod body;
mod reading;
pub mod report;
pub mod report_url;
mod request;
mod signature;
pub mod spec;
mod success;
mod template;
pub mod variables;
mod verification;

use std::fmt::Write;

use async_trait::async_trait;
use reqwest::Request;
use toml::Table;

use self::{
    answer::Answer,
    reading::Reading,
    report::Reports,
    report_url::ReportUrl,
    request::RequestTemplate,
    spec::{CallSpec, Definition, Flaw},
    template::Show,
    variables::Variables,
    verification::Verification,
};
use super::{
    client::{self, Client},
    error::Failure,
    gateway::{Gateway, Receipt, Transcript},
    language::Language,
    message::Message,
    redaction::{Filter, Redacted},
    report::{Doubt, Post, Report},
};
use crate::domain::{phone::Phone, time::Timestamp};

/// A request and how its answer is read.
struct Call {
    request: RequestTemplate,
    reading: Reading,
}

impl Call {
    fn read(table: Table, variables: &Variables<'_>) -> Result<Self, Flaw> {
        let spec: CallSpec = spec::read(table)?;
        Ok(Self {
            request: RequestTemplate::read(&spec, variables)?,
            reading: Reading::read(&spec.ok, &spec.error, spec.balance.as_ref(), variables)?,
        })
    }

    /// Makes it, and says what was answered once that is known to be good, with
    /// what hides the rest.
    async fn make(
        &self,
        client: &Client,
        message: &Message,
        transcript: &mut Transcript,
    ) -> Result<(Answer, Filter), Failure> {
        let client = client.get()?;
        let request = self.request.fill(client, message, Show::Secrets)?;
        transcript.note(|| match self.request.fill(client, message, Show::Masks) {
            Ok(masked) => written(&masked),
            Err(failure) => Redacted::own(format!("{failure}\n")),
        });
        let answer = client::exchange(client, request).await;
        // The one place where what was said becomes what is shown.
        let filter = self.request.filter(message);
        transcript.note(|| match &answer {
            Ok(answer) => {
                let said = filter.lines(&answer.text, "< ");
                Redacted::own(format!("< HTTP {}\n{said}", answer.status))
            }
            Err(refusal) => Redacted::own(format!("< {}\n", refusal.shown(&filter))),
        });
        let judged = answer.and_then(|answer| {
            let judged = self.reading.judge(&answer, message);
            judged.map(|()| answer)
        });
        match judged {
            Ok(answer) => Ok((answer, filter)),
            Err(refusal) => Err(refusal.shown(&filter)),
        }
    }
}

/// A request as people read it.
fn written(request: &Request) -> Redacted {
    let mut text = format!("> {} {}\n", request.method(), request.url());
    for (name, value) in request.headers() {
        let _ = writeln!(
            text,
            "> {name}: {}",
            String::from_utf8_lossy(value.as_bytes())
        );
    }
    if let Some(body) = request.body().and_then(reqwest::Body::as_bytes) {
        text.push_str(">\n");
        for line in String::from_utf8_lossy(body).lines() {
            let _ = writeln!(text, "> {line}");
        }
    }
    Redacted::own(text)
}

/// A declared gateway.
pub struct Declared {
    client: Client,
    send: Call,
    proof: Verification,
    check: Option<Call>,
    digits: usize,
    report_url: ReportUrl,
    reports: Option<Reports>,
    is_idempotent: bool,
}

impl Declared {
    /// Reads one from the keys of its table.
    pub fn read(client: Client, mut table: Table, variables: &Variables<'_>) -> Result<Self, Flaw> {
        let mut frame = Definition::take(&mut table)?;
        let check = frame.check.take();
        let proof = Verification::read(&frame, variables)?;
        let own = if proof.chooses() {
            verification::CHOSEN
        } else {
            usize::MAX
        };
        let receipt = frame.receipt.take();
        let send = Call::read(table, variables)?;
        let secret = send.request.secrets().next().cloned();
        let reports = receipt.map(|spec| Reports::read(spec, variables.report_url.clone(), secret));
        Ok(Self {
            client,
            is_idempotent: frame.idempotent,
            report_url: variables.report_url.clone(),
            reports: reports.transpose()?,
            digits: frame.digits.unwrap_or(own),
            proof,
            send,
            check: check
                .map(|table| Call::read(table, variables).map_err(|flaw| flaw.under("check")))
                .transpose()?,
        })
    }
}

#[async_trait]
impl Gateway for Declared {
    async fn deliver(
        &self,
        message: &Message,
        transcript: &mut Transcript,
    ) -> Result<Receipt, Failure> {
        let (send, reading) = (&self.send, &self.send.reading);
        let (answer, filter) = send.make(&self.client, message, transcript).await?;
        let balance = reading.balance(&answer, message);
        let needs_id = reading.looks_inside();
        let receipt = self.proof.receipt(&answer, message, needs_id, &filter)?;
        Ok(Receipt {
            balance: balance.and_then(|balance| balance.raw().parse().ok()),
            ..receipt
        })
    }

    fn report_url(&self) -> Option<String> {
        let url = self.reports.as_ref().map(|_| self.report_url.as_str());
        url.filter(|url| !url.is_empty()).map(str::to_owned)
    }

    fn hear(&self, post: Post<'_>) -> Result<Report, Doubt> {
        let reports = self.reports.as_ref().ok_or(Doubt::Unexpected)?;
        reports.hear(post)
    }

    fn is_idempotent(&self) -> bool {
        self.is_idempotent
    }

    fn digits(&self) -> usize {
        self.digits
    }

    fn carries_text(&self) -> bool {
        !self.proof.chooses() && self.send.request.carries_text()
    }

    async fn check(&self, transcript: &mut Transcript) -> Result<Option<Redacted>, Failure> {
        let Some(check) = &self.check else {
            return Ok(None);
        };
        let nobody = nobody();
        let (answer, filter) = check.make(&self.client, &nobody, transcript).await?;
        let balance = check.reading.balance(&answer, &nobody);
        let balance = balance.map(|balance| format!(", the balance is {}", filter.line(&balance)));
        let said = format!("the credentials are good{}", balance.unwrap_or_default());
        Ok(Some(Redacted::own(said)))
    }
}

/// What fills the placeholders of a request that is about no message.
fn nobody() -> Message {
    Message {
        to: Phone::from_digits("79990000000").expect("it is a phone number"),
        text: String::new(),
        code: None,
        at: Timestamp::default(),
        ttl: std::time::Duration::ZERO,
        request_id: String::new(),
        ip: None,
        language: Language::default(),
    }
}
