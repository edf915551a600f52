//! What a message says: one UCS-2 segment, so that it costs one SMS.

use crate::domain::code::OneTimeCode;

/// UTF-16 units in one segment of a message that is not plain GSM-7 (3GPP TS 23.038).
const SEGMENT: usize = 70;

/// The words around a code.
#[derive(Debug, Clone)]
pub struct Template {
    service: String,
    webotp_host: Option<String>,
}

impl Template {
    /// A template that names `service`, and binds the code to `webotp_host` if there is one.
    ///
    /// # Errors
    /// When not even its shortest form fits one segment with a code of `digits`.
    pub fn new(service: &str, webotp_host: Option<&str>, digits: usize) -> Result<Self, String> {
        let template = Self {
            service: service.to_owned(),
            webotp_host: webotp_host.map(str::to_owned),
        };
        let shortest = units(&template.write(&"0".repeat(digits), false));
        if shortest > SEGMENT {
            return Err(format!(
                "together with webotp_host makes a message of {shortest} characters, and {SEGMENT} fit one SMS: shorten it"
            ));
        }
        Ok(template)
    }

    /// The message for `code`: with a warning when there is room for it, and
    /// last the line that lets a browser fill the code in (WebOTP,
    /// "Origin-bound one-time codes delivered via SMS", section 3).
    pub fn text(&self, code: &OneTimeCode) -> String {
        let whole = self.write(code.reveal(), true);
        if units(&whole) <= SEGMENT {
            whole
        } else {
            self.write(code.reveal(), false)
        }
    }

    fn write(&self, code: &str, warn: bool) -> String {
        let warning = if warn {
            ". Никому его не говорите"
        } else {
            ""
        };
        let mut text = format!("{code} — код входа в {}{warning}", self.service);
        if let Some(host) = &self.webotp_host {
            text = format!("{text}\n@{host} #{code}");
        }
        text
    }
}

fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(service: &str, host: Option<&str>, code: &str) -> String {
        let template = Template::new(service, host, code.len()).unwrap();
        template.text(&OneTimeCode::parse(code).unwrap())
    }

    #[test]
    fn the_message_names_the_service_and_ends_with_the_webotp_line() {
        assert_eq!(
            text("invited", None, "0042"),
            "0042 — код входа в invited. Никому его не говорите"
        );
        let bound = text("invited", Some("example.com"), "0042");
        assert_eq!(
            bound,
            "0042 — код входа в invited. Никому его не говорите\n@example.com #0042"
        );
        assert_eq!(
            text("invited", Some("www.example.com"), "0042"),
            "0042 — код входа в invited\n@www.example.com #0042"
        );
    }

    #[test]
    fn every_message_fits_one_segment() {
        for (service, host, code) in [
            ("invited", Some("example.com"), "1234567890"),
            ("Мой сервис", Some("login.example.org"), "1234"),
            ("🎉🎉🎉🎉🎉", None, "123456"),
        ] {
            let text = text(service, host, code);
            assert!(units(&text) <= 70, "{text}");
        }
        assert!(Template::new(&"я".repeat(60), None, 4).is_err());
        assert!(Template::new("invited", Some(&"a".repeat(50)), 4).is_err());
    }
}
