//! What a message says: one segment, so that it costs one SMS.

use super::language::Language;
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

/// What is said in one language where the operator has no words of their own.
struct Sentences {
    /// The setting of the operator's own words.
    setting: &'static str,
    code: &'static str,
    warning: &'static str,
    /// What the old phone of an account is told, the longest first. The last
    /// fits whatever the service is called.
    phone_changed: [&'static str; 3],
}

const RUSSIAN: Sentences = Sentences {
    setting: "sms.text_ru",
    code: "{code} — код входа в {service}",
    warning: ". Никому его не говорите",
    phone_changed: [
        "{service}: телефон аккаунта изменён. Если это не вы, сообщите нам",
        "{service}: телефон аккаунта изменён. Не вы?",
        "Телефон вашего аккаунта изменён. Если это не вы, сообщите сервису",
    ],
};

const ENGLISH: Sentences = Sentences {
    setting: "sms.text_en",
    code: "{code} is your {service} login code",
    warning: ". Do not share it",
    phone_changed: [
        "The phone of your {service} account was changed. If that was not you, contact us at once",
        "The phone of your {service} account was changed. Not you?",
        "The phone of your account was changed. If that was not you, contact us",
    ],
};

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
        for language in Language::ALL {
            let (own, sentences) = template.words(language);
            let setting = own.map_or("sms.service_name", |_| sentences.setting);
            if own.is_some_and(|own| own.matches(CODE).count() != 1) {
                return Err((setting, format!("must say {CODE} once")));
            }
            let text = template.write(&code, language, false);
            let (length, room) = length(&text);
            if length > room {
                let reason = format!(
                    "with all that is added makes a message of {length} characters in all ({}), and {room} fit one SMS: shorten it",
                    language.tag()
                );
                return Err((setting, reason));
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
        if fits(&whole) {
            whole
        } else {
            self.write(code.reveal(), language, false)
        }
    }

    /// What is told to the phone that an account has left. It names neither
    /// the account nor its new phone: somebody else may read it by now.
    pub fn phone_changed(&self, language: Language) -> String {
        let texts = self.words(language).1.phone_changed;
        let texts = texts.map(|text| text.replace(SERVICE, &self.0.service));
        texts
            .into_iter()
            .find(|text| fits(text))
            .unwrap_or_default()
    }

    /// The operator's own, and ours.
    fn words(&self, language: Language) -> (Option<&str>, &'static Sentences) {
        match language {
            Language::Russian => (self.0.russian.as_deref(), &RUSSIAN),
            Language::English => (self.0.english.as_deref(), &ENGLISH),
        }
    }

    fn write(&self, code: &str, language: Language, warn: bool) -> String {
        let (own, sentences) = self.words(language);
        let mut text = own
            .unwrap_or(sentences.code)
            .replace(SERVICE, &self.0.service)
            .replace(CODE, code);
        if warn && own.is_none() {
            text.push_str(sentences.warning);
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

fn fits(text: &str) -> bool {
    let (length, room) = length(text);
    length <= room
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
            for language in Language::ALL {
                let text = text(words(service, host), code, language);
                assert!(fits(&text), "{text}");
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
            for language in Language::ALL {
                let text = template.phone_changed(language);
                assert!(fits(&text) && length(&text).0 > 30, "{text}");
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
}
