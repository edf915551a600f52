//! The filter between what was said and what is shown.

use std::ops::Range;

use super::{
    spelling::{Letter, readings, spellings, visible},
    text::{ProviderText, Redacted},
};
use crate::{
    domain::{code::OneTimeCode, phone::Phone},
    sms::secret::{MASK, Secret},
};

/// Characters that are shown of a sentence, and of a whole answer.
const SENTENCE: usize = 200;
const ANSWER: usize = 4000;
/// Shorter secrets are found everywhere.
const SHORTEST: usize = 4;

/// Something that was sent and is not to be shown.
struct Needle {
    letters: Vec<char>,
    mask: String,
    /// Whether people write it with dashes and the like between its letters.
    is_phone: bool,
}

/// Knows what a request carried, in every spelling.
#[derive(Default)]
pub struct Filter(Vec<Needle>);

impl Filter {
    /// Hides what a message says, to whom, and its code.
    pub fn of(text: &str, to: Phone, code: Option<&OneTimeCode>) -> Self {
        let mut filter = Self::default();
        filter.hide(text, "…");
        let digits = to.to_string();
        let national = &digits[digits.len().saturating_sub(10)..];
        for spelling in [
            &format!("+{digits}"),
            &digits,
            &format!("8{national}"),
            national,
        ] {
            filter.add(spelling, &to.masked(), true);
        }
        if let Some(code) = code {
            filter.hide(code.reveal(), "•");
        }
        filter
    }

    /// Hides a secret.
    pub fn secret(&mut self, secret: &Secret) {
        if secret.reveal().len() >= SHORTEST {
            self.hide(secret.reveal(), MASK);
        }
    }

    /// Hides a text in every spelling, however short it is.
    pub fn hide(&mut self, text: &str, mask: &str) {
        for spelling in spellings(text) {
            self.add(&spelling, mask, false);
        }
    }

    fn add(&mut self, text: &str, mask: &str, is_phone: bool) {
        let mut letters = visible(text);
        letters.retain(|letter| !letter.is_whitespace());
        if !letters.is_empty() {
            self.0.push(Needle {
                letters,
                mask: mask.to_owned(),
                is_phone,
            });
        }
    }

    /// What may be shown of something in one line.
    pub fn line(&self, said: &ProviderText) -> Redacted {
        let text = self.masked(said);
        let words: Vec<_> = text.split_whitespace().collect();
        Redacted(bounded(&words.join(" "), SENTENCE))
    }

    /// What may be shown of it in lines that begin with `mark`.
    pub fn lines(&self, said: &ProviderText, mark: &str) -> Redacted {
        let text = bounded(&self.masked(said), ANSWER);
        let lines = text.lines().map(|line| format!("{mark}{line}\n"));
        Redacted(lines.collect())
    }

    fn masked(&self, said: &ProviderText) -> String {
        let letters = visible(said.raw());
        let mut hidden: Vec<Option<usize>> = vec![None; letters.len()];
        let readings = readings(&letters);
        let spaced: Vec<Vec<Letter>> = readings.iter().map(|reading| joined(reading)).collect();
        for (number, needle) in self.0.iter().enumerate() {
            let readings = if needle.is_phone { &spaced } else { &readings };
            for found in readings.iter().flat_map(|reading| needle.find(reading)) {
                for place in &mut hidden[found] {
                    place.get_or_insert(number);
                }
            }
        }
        let mut text = String::new();
        for (at, letter) in letters.iter().enumerate() {
            match hidden[at] {
                None => text.push(*letter),
                Some(number) if at == 0 || hidden[at - 1] != Some(number) => {
                    text.push_str(&self.0[number].mask);
                }
                Some(_) => {}
            }
        }
        text
    }
}

impl Needle {
    /// Where it stands.
    fn find(&self, reading: &[Letter]) -> impl Iterator<Item = Range<usize>> {
        let windows = reading.windows(self.letters.len());
        let found = windows.filter(|window| {
            let letters = window.iter().map(|(letter, _)| letter);
            letters.eq(self.letters.iter())
        });
        found.map(|window| window[0].1.start..window[window.len() - 1].1.end)
    }
}

/// Without what people write between the digits of a phone.
fn joined(reading: &[Letter]) -> Vec<Letter> {
    let mut letters = reading.to_vec();
    letters.retain(|(letter, _)| !"-.()".contains(*letter));
    letters
}

fn bounded(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use base64::{
        Engine,
        engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
    };
    use proptest::prelude::*;

    use super::*;
    fn filter() -> Filter {
        let phone = Phone::from_digits("79123456789").unwrap();
        let code = OneTimeCode::parse("0042").ok();
        Filter::of("0042 — код входа", phone, code.as_ref())
    }

    fn each<T>(units: impl Iterator<Item = T>, written: impl Fn(T) -> String) -> String {
        units.map(written).collect()
    }

    fn percent(text: &str, upper: bool) -> String {
        let lower = each(text.bytes(), |byte| format!("%{byte:02x}"));
        if upper {
            lower.to_ascii_uppercase()
        } else {
            lower
        }
    }

    /// A text in one of the ways in which others may repeat it.
    fn told(text: &str, way: usize, around: &str) -> String {
        let json = |text: &str| serde_json::Value::from(text).to_string();
        match way {
            0 => text.to_owned(),
            1 => percent(text, true),
            2 => percent(text, false),
            3 => url::form_urlencoded::byte_serialize(text.as_bytes()).collect(),
            4 => json(text),
            5 => json(&json(text)),
            6 => each(text.encode_utf16(), |unit| format!("\\u{unit:04x}")),
            7 => STANDARD.encode(text),
            8 => URL_SAFE_NO_PAD.encode(text),
            9 => format!("Basic {}", STANDARD.encode(format!("{around}:{text}"))),
            10 => URL_SAFE_NO_PAD.encode(format!("{around}{text}{around}")),
            11 => percent(text, false).replace('%', ""),
            12 => percent(text, true).replace('%', ""),
            13 => each(text.chars(), |letter| format!("&#{};", letter as u32)),
            14 => each(text.chars(), |letter| format!("&#x{:x};", letter as u32)),
            15 => percent(&percent(text, true), true),
            16 => percent(&STANDARD.encode(text), false),
            17 => each(text.chars(), |letter| format!("{letter}\u{200b}\u{202e}")),
            18 => each(text.chars(), |letter| format!("{letter}\r\n ")),
            _ => format!("Authorization: Bearer {text}\r\nx: {}", percent(text, true)),
        }
    }

    const WAYS: usize = 20;

    fn leaks(shown: &str, secret: &str, told: &str) -> bool {
        let bare = |text: &str| -> String {
            let letters = text.chars();
            letters.filter(|letter| !letter.is_whitespace()).collect()
        };
        // Base64 of more than the secret keeps what is around it.
        let shown = bare(shown);
        shown.contains(&bare(secret)) || shown.contains(&bare(told))
    }

    proptest! {
        #[test]
        fn no_spelling_of_a_secret_is_shown(
            secret in "[!-)+-~а-яé🎉]{6,40}",
            way in 0..WAYS,
            around in "[a-z\"{}: ]{0,20}",
        ) {
            let mut filter = filter();
            filter.secret(&Secret::new(secret.clone()));
            let told = told(&secret, way, &around);
            let said = ProviderText::new(format!("{around}{told}{around}"));
            let shown = filter.line(&said);
            prop_assert!(!leaks(&shown, &secret, &told), "{shown}");
            prop_assert!(shown.contains(MASK), "{shown}");
            let lines = filter.lines(&said, "< ");
            prop_assert!(!leaks(&lines.replace("< ", ""), &secret, &told), "{lines}");
        }

        #[test]
        fn what_is_shown_is_one_line_of_bounded_length(text in "\\PC{0,50}(\\p{C}|\\PC){0,300}") {
            let shown = filter().line(&ProviderText::new(text));
            prop_assert!(shown.chars().count() <= SENTENCE + 1);
            let is_bad = |letter: char| letter.is_control() || ('\u{202a}'..='\u{202e}').contains(&letter) || ('\u{2066}'..='\u{2069}').contains(&letter);
            prop_assert!(!shown.contains(is_bad), "{:?}", shown);
        }

        #[test]
        fn every_line_that_is_shown_is_marked(text in "([a-z<> ]|\r|\n|\u{85}|\u{2028}){0,60}") {
            let lines = Filter::default().lines(&ProviderText::new(text), "< ");
            prop_assert!(lines.split_terminator(['\r', '\n']).all(|line| line.starts_with("< ")), "{:?}", lines);
        }
    }

    #[test]
    fn what_was_sent_is_hidden_in_every_spelling() {
        let filter = filter();
        for way in 0..WAYS {
            // Such short ones are not looked for within longer base64, and
            // digits have no spelling in digits of their own.
            for (sent, mask, passed_over) in [
                ("0042 — код входа", "…", &[][..]),
                ("0042", "•", &[7, 8, 9, 10, 16]),
                ("79123456789", "•••••", &[7, 8, 9, 10, 11, 12, 16]),
            ] {
                if passed_over.contains(&way) {
                    continue;
                }
                let shown = filter.line(&ProviderText::new(told(sent, way, "a")));
                assert!(shown.contains(mask), "{way}: {shown}");
                assert!(
                    !shown.contains("0042") && !shown.contains("345678"),
                    "{way}: {shown}"
                );
            }
        }
        for phone in [
            "+7 (912) 345-67-89",
            "8 912 345 67 89",
            "912.345.67.89",
            "%2B79123456789",
        ] {
            let shown = filter.line(&ProviderText::new(format!("to {phone}!")));
            assert_eq!(&*shown, "to +7912•••••89!");
        }
    }

    #[test]
    fn secrets_that_look_escaped_themselves_are_hidden() {
        for secret in ["%00\"🎉+", "a%41\\u0041&amp;", "\\\"&#65;%"] {
            let mut filter = Filter::default();
            filter.secret(&Secret::new(secret.to_owned()));
            for way in 0..WAYS {
                let told = told(secret, way, "a");
                let shown = filter.line(&ProviderText::new(told.clone()));
                assert!(!leaks(&shown, secret, &told), "{way}: {shown}");
            }
        }
    }

    #[test]
    fn a_short_password_is_hidden_where_it_was_sent() {
        let mut filter = Filter::default();
        filter.hide("me:pw", MASK);
        let said = format!("who is {}?", STANDARD.encode("me:pw"));
        assert_eq!(&*filter.line(&ProviderText::new(said)), "who is ***=?");
    }
}
