//! What a message says: one segment, so that it costs one SMS.

use crate::domain::code::OneTimeCode;

/// Characters of the GSM 7-bit default alphabet in one segment, and UTF-16
/// units of any other text (3GPP TS 23.040, section 9.2.3.24.1; TS 23.038, section 4).
const SEGMENTS: (usize, usize) = (160, 70);
/// The basic character set (3GPP TS 23.038, section 6.2.1), and what takes two places there (6.2.1.1).
const GSM: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const GSM_EXTENSION: &str = "\u{c}^{}\\[~]|€";
/// Where the code stands in a template, and where the service's name does.
const CODE: &str = "{code}";
const SERVICE: &str = "{service}";

/// What messages can be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// Russian.
    #[default]
    Russian,
    /// English.
    English,
}

const LANGUAGES: [Language; 2] = [Language::Russian, Language::English];

impl Language {
    /// Its tag (RFC 5646).
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Russian => "ru",
            Self::English => "en",
        }
    }

    /// The first that a client accepts (RFC 9110, section 12.5.4), if any is one of ours.
    pub fn accepted(header: &str) -> Option<Self> {
        let mut best: Option<(Self, u16)> = None;
        for range in header.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let tag = parts.next().unwrap_or_default();
            let weight = parts
                .find_map(|part| part.strip_prefix("q="))
                .map_or(Some(1000), thousandths);
            let primary = tag.split('-').next().unwrap_or_default();
            let language = LANGUAGES
                .into_iter()
                .find(|known| known.tag().eq_ignore_ascii_case(primary));
            if let (Some(language), Some(weight @ 1..)) = (language, weight)
                && best.is_none_or(|(_, other)| weight > other)
            {
                best = Some((language, weight));
            }
        }
        best.map(|(language, _)| language)
    }

    /// What a message says where the operator has no words of their own.
    const fn template(self) -> &'static str {
        match self {
            Self::Russian => "{code} — код входа в {service}",
            Self::English => "{code} is your {service} login code",
        }
    }

    /// What the old phone of an account is told, the longest first. The last
    /// fits whatever the service is called.
    const fn phone_changed(self) -> [&'static str; 3] {
        match self {
            Self::Russian => [
                "{service}: телефон аккаунта изменён. Если это не вы, сообщите нам",
                "{service}: телефон аккаунта изменён. Не вы?",
                "Телефон вашего аккаунта изменён. Если это не вы, сообщите сервису",
            ],
            Self::English => [
                "The phone of your {service} account was changed. If that was not you, contact us at once",
                "The phone of your {service} account was changed. Not you?",
                "The phone of your account was changed. If that was not you, contact us",
            ],
        }
    }

    const fn warning(self) -> &'static str {
        match self {
            Self::Russian => ". Никому его не говорите",
            Self::English => ". Do not share it",
        }
    }
}

impl std::str::FromStr for Language {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = LANGUAGES.into_iter().find(|known| known.tag() == text);
        known.ok_or_else(|| {
            "is not a language that messages are written in: write \"ru\" or \"en\"".to_owned()
        })
    }
}

/// A weight (RFC 9110, section 12.4.2), in thousandths.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let fraction: u16 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    match whole {
        "0" => Some(fraction),
        "1" => Some(1000),
        _ => None,
    }
}

/// What stands around a code.
#[derive(Debug, Clone, Default)]
pub struct Words {
    /// The name of the service.
    pub service: String,
    /// The operator's own sentences, by language.
    pub russian: Option<String>,
    /// The same in English.
    pub english: Option<String>,
    /// The web host that the code is for.
    pub webotp_host: Option<String>,
    /// The hash of the Android app that may read the message.
    pub app_hash: Option<String>,
}

/// The messages there are.
#[derive(Debug, Clone)]
pub struct Template(Words);

impl Template {
    /// Messages in these words.
    ///
    /// # Errors
    /// The end of a sentence that begins with the setting: a message does not
    /// fit one segment with a code of `digits`.
    pub fn new(words: Words, digits: usize) -> Result<Self, (&'static str, String)> {
        let template = Self(words);
        let code = "0".repeat(digits);
        for language in LANGUAGES {
            let setting = match template.own(language) {
                None => "sms.service_name",
                Some(own) => {
                    let setting = match language {
                        Language::Russian => "sms.text_ru",
                        Language::English => "sms.text_en",
                    };
                    if own.matches(CODE).count() != 1 {
                        return Err((setting, format!("must say {CODE} once")));
                    }
                    setting
                }
            };
            let text = template.write(&code, language, false);
            let (length, room) = length(&text);
            if length > room {
                return Err((
                    setting,
                    format!(
                        "with all that is added makes a message of {length} characters in all ({}), and {room} fit one SMS: shorten it",
                        language.tag()
                    ),
                ));
            }
        }
        Ok(template)
    }

    /// The message for `code`: with a warning when there is room for it, and
    /// last what lets software fill the code in: a line for browsers (WebOTP,
    /// "Origin-bound one-time codes delivered via SMS", section 3), or the
    /// hash that Android's SMS Retriever looks for.
    pub fn text(&self, code: &OneTimeCode, language: Language) -> String {
        let whole = self.write(code.reveal(), language, true);
        let (length, room) = length(&whole);
        if length <= room {
            whole
        } else {
            self.write(code.reveal(), language, false)
        }
    }

    /// What is told to the phone that an account has left. It names neither
    /// the account nor its new phone: somebody else may read it by now.
    pub fn phone_changed(&self, language: Language) -> String {
        let texts = language.phone_changed();
        let mut texts = texts
            .map(|text| text.replace(SERVICE, &self.0.service))
            .into_iter();
        let fitting = texts.find(|text| {
            let (length, room) = length(text);
            length <= room
        });
        fitting.unwrap_or_default()
    }

    fn own(&self, language: Language) -> Option<&str> {
        match language {
            Language::Russian => self.0.russian.as_deref(),
            Language::English => self.0.english.as_deref(),
        }
    }

    fn write(&self, code: &str, language: Language, warn: bool) -> String {
        let own = self.own(language);
        let mut text = own
            .unwrap_or_else(|| language.template())
            .replace(SERVICE, &self.0.service)
            .replace(CODE, code);
        if warn && own.is_none() {
            text.push_str(language.warning());
        }
        if let Some(hash) = &self.0.app_hash {
            text = format!("{text}\n{hash}");
        }
        if let Some(host) = &self.0.webotp_host {
            text = format!("{text}\n@{host} #{code}");
        }
        text
    }
}

/// How much of a segment a text takes, and how much there is.
fn length(text: &str) -> (usize, usize) {
    let septets = text.chars().map(|c| match c {
        c if GSM.contains(c) => Some(1),
        c if GSM_EXTENSION.contains(c) => Some(2),
        _ => None,
    });
    match septets.sum::<Option<usize>>() {
        Some(septets) => (septets, SEGMENTS.0),
        None => (text.encode_utf16().count(), SEGMENTS.1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(service: &str, host: Option<&str>) -> Words {
        Words {
            service: service.to_owned(),
            webotp_host: host.map(str::to_owned),
            ..Words::default()
        }
    }

    fn text(words: Words, code: &str, language: Language) -> String {
        let template = Template::new(words, code.len()).unwrap();
        template.text(&OneTimeCode::parse(code).unwrap(), language)
    }

    #[test]
    fn the_message_names_the_service_and_ends_with_the_webotp_line() {
        let said = |host, language| text(words("invited", host), "0042", language);
        assert_eq!(
            said(None, Language::Russian),
            "0042 — код входа в invited. Никому его не говорите"
        );
        assert_eq!(
            said(Some("example.com"), Language::Russian),
            "0042 — код входа в invited. Никому его не говорите\n@example.com #0042"
        );
        assert_eq!(
            said(Some("www.example.com"), Language::Russian),
            "0042 — код входа в invited\n@www.example.com #0042"
        );
        assert_eq!(
            said(Some("www.example.com"), Language::English),
            "0042 is your invited login code. Do not share it\n@www.example.com #0042"
        );
    }

    #[test]
    fn the_operator_has_the_last_word() {
        let own = Words {
            russian: Some("{service}: {code}".to_owned()),
            app_hash: Some("FA+9qCX9VSu".to_owned()),
            ..words("Кафе", None)
        };
        assert_eq!(
            text(own.clone(), "0042", Language::Russian),
            "Кафе: 0042\nFA+9qCX9VSu"
        );
        for wrong in ["без кода", "{code} {code}", &"я".repeat(66)] {
            let own = Words {
                russian: Some(wrong.to_owned()),
                ..own.clone()
            };
            assert_eq!(
                Template::new(own, 4).unwrap_err().0,
                "sms.text_ru",
                "{wrong}"
            );
        }
    }

    #[test]
    fn every_message_fits_one_segment() {
        for (service, host, code) in [
            ("invited", Some("example.com"), "1234567890"),
            ("Мой сервис", Some("login.example.org"), "1234"),
            ("🎉🎉🎉🎉🎉", None, "123456"),
            ("[Brackets]", Some("app.example.org"), "123456"),
        ] {
            for language in LANGUAGES {
                let text = text(words(service, host), code, language);
                let (length, room) = length(&text);
                assert!(length <= room, "{text}");
            }
        }
        for long in [
            words(&"я".repeat(60), None),
            words("invited", Some(&"a".repeat(50))),
        ] {
            assert_eq!(Template::new(long, 4).unwrap_err().0, "sms.service_name");
        }
    }

    #[test]
    fn a_notice_fits_one_segment_whatever_the_service_is_called() {
        for service in [
            "invited",
            "Очень Большой Магазин у Дома",
            &"я".repeat(69),
            &"🎉".repeat(200),
        ] {
            let own = Words {
                russian: Some(CODE.to_owned()),
                english: Some(CODE.to_owned()),
                ..words(service, None)
            };
            let template = Template::new(own, 10).unwrap();
            for language in LANGUAGES {
                let text = template.phone_changed(language);
                let (length, room) = length(&text);
                assert!(length <= room && length > 30, "{text}");
                assert!(!text.contains(['{', '0']), "{text}");
            }
        }
        let said = Template::new(words("invited", None), 4).unwrap();
        assert_eq!(
            said.phone_changed(Language::Russian),
            "invited: телефон аккаунта изменён. Если это не вы, сообщите нам"
        );
    }

    #[test]
    fn a_segment_has_160_plain_characters_or_70_others() {
        assert_eq!(length(&"a".repeat(160)), (160, 160));
        assert_eq!(length("€[]"), (6, 160));
        assert_eq!(length("код"), (3, 70));
        assert_eq!(length("🎉"), (2, 70));
    }

    #[test]
    fn the_language_is_the_one_that_the_client_likes_best() {
        for (header, language) in [
            ("en", Some(Language::English)),
            (
                "ru-RU,ru;q=0.9,en-US;q=0.8,en;q=0.7",
                Some(Language::Russian),
            ),
            ("de, en;q=0.5, ru;q=0.2", Some(Language::English)),
            ("EN-gb", Some(Language::English)),
            ("en;q=0, ru;q=0.001", Some(Language::Russian)),
            ("en;q=nonsense, de", None),
            ("*", None),
            ("", None),
            ("english", None),
        ] {
            assert_eq!(Language::accepted(header), language, "{header}");
        }
    }
}
