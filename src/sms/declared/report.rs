//! How a provider's reports are read.

use serde_json::Value;

use super::{
    report_url::ReportUrl,
    signature,
    spec::{Encoding, Flaw, ReceiptSpec, Signature},
};
use crate::{
    domain::delivery::Reported,
    sms::{
        report::{Doubt, Post, Report},
        secret::Secret,
    },
};

/// How reports of one provider are read.
pub struct Reports {
    spec: ReceiptSpec,
    /// The address that they are posted to.
    url: ReportUrl,
    /// What they are signed with, and how.
    signed: Option<(Signature, Secret)>,
}

impl Reports {
    /// Reads how to read them; `secret` is what the provider knows as well.
    pub fn read(spec: ReceiptSpec, url: ReportUrl, secret: Option<Secret>) -> Result<Self, Flaw> {
        for (key, pointer) in [
            ("id", Some(&spec.id)),
            ("state", Some(&spec.state)),
            ("items", spec.items.as_ref()),
        ] {
            if pointer.is_some_and(|pointer| !pointer.starts_with('/')) {
                let path = format!("receipt.{key}");
                return Err(Flaw::at(&path, "must be a pointer, as in \"/message_id\""));
            }
        }
        let signed = match (spec.signature, secret) {
            (None, _) => None,
            (Some(signature), Some(secret)) => Some((signature, secret)),
            (Some(_), None) => {
                let reason = "needs a secret in the request, which reports are signed with";
                return Err(Flaw::at("receipt.signature", reason));
            }
        };
        Ok(Self { spec, url, signed })
    }

    /// What a report says, if it is the provider's.
    pub fn hear(&self, post: Post<'_>) -> Result<Report, Doubt> {
        let members = match self.spec.from {
            Encoding::Json => serde_json::from_slice(post.body).map_err(|_| Doubt::Unreadable)?,
            Encoding::Form => fields(post.body),
            Encoding::Query => fields(post.query.as_bytes()),
        };
        let is_genuine = self
            .signed
            .as_ref()
            .is_none_or(|(kind, secret)| match kind {
                Signature::Twilio => {
                    signature::is_twilio(secret, post.headers, self.url.as_str(), &members)
                }
                Signature::Telegram => signature::is_telegram(secret, &post),
                Signature::StandardWebhooks => signature::is_webhook(secret, &post),
            });
        if !is_genuine {
            return Err(Doubt::Forged);
        }
        let items = match &self.spec.items {
            None => std::slice::from_ref(&members),
            Some(pointer) => {
                let items = members.pointer(pointer).and_then(Value::as_array);
                items.ok_or(Doubt::Unreadable)?.as_slice()
            }
        };
        let messages = items
            .iter()
            .map(|item| self.message(item))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Report {
            messages: messages.into_iter().flatten().collect(),
            answer: self.spec.answer.clone(),
        })
    }

    /// What one of them says; nothing where the message is still on its way.
    fn message(&self, item: &Value) -> Result<Option<(String, Reported)>, Doubt> {
        let text = |pointer: &str| match item.pointer(pointer) {
            Some(Value::String(text)) => Ok(text.clone()),
            Some(Value::Number(number)) => Ok(number.to_string()),
            _ => Err(Doubt::Unreadable),
        };
        let (id, state) = (text(&self.spec.id)?, text(&self.spec.state)?);
        Ok(self.spec.map.get(&state).map(|reported| (id, *reported)))
    }
}

fn fields(text: &[u8]) -> Value {
    let fields = url::form_urlencoded::parse(text);
    fields
        .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
        .collect()
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderMap;

    use super::*;
    use crate::domain::time::Timestamp;

    fn reports(toml: &str) -> Reports {
        let spec = toml::from_str(toml).unwrap();
        Reports::read(spec, ReportUrl::new(""), None).unwrap()
    }

    fn hear(reports: &Reports, body: &str) -> Result<Vec<(String, Reported)>, Doubt> {
        let post = Post {
            query: "",
            body: body.as_bytes(),
            headers: &HeaderMap::new(),
            at: Timestamp::default(),
        };
        reports.hear(post).map(|report| report.messages)
    }

    #[test]
    fn a_report_is_read_from_wherever_it_stands() {
        let one = |reported| Ok(vec![("7".to_owned(), reported)]);
        let form = reports(
            "from = \"form\"\nid = \"/id\"\nstate = \"/s\"\nmap = { ok = \"delivered\", no = \"undelivered\" }",
        );
        assert_eq!(hear(&form, "id=7&s=ok"), one(Reported::Delivered));
        assert_eq!(hear(&form, "s=no&id=7&x=%20"), one(Reported::Undelivered));
        assert_eq!(hear(&form, "id=7&s=queued"), Ok(Vec::new()));
        assert_eq!(hear(&form, "id=7"), Err(Doubt::Unreadable));
        let json = reports(
            "from = \"json\"\nitems = \"/all\"\nid = \"/id\"\nstate = \"/s\"\nmap = { 1 = \"delivered\" }",
        );
        assert_eq!(
            hear(&json, r#"{"all":[{"id":7,"s":1},{"id":8,"s":2}]}"#),
            one(Reported::Delivered)
        );
        for nonsense in ["", "{", "[]", r#"{"all":7}"#, r#"{"all":[7]}"#] {
            assert_eq!(hear(&json, nonsense), Err(Doubt::Unreadable), "{nonsense}");
        }
    }
}
