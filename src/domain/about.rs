//! What a user says about themself: names and an e-mail address that show as
//! what they are.

use std::sync::LazyLock;

use email_address::{EmailAddress, Options};
use unicode_normalization::char::is_combining_mark;

/// Changes to a profile: `None` leaves a field as it is, `""` clears it.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// First name.
    pub first_name: Option<Name>,
    /// Last name.
    pub last_name: Option<Name>,
    /// E-mail address.
    pub email: Option<Email>,
}

/// A name that shows as what it is: at most 150 characters, none of them
/// control or bidi-override, not invisible, no towers of combining marks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Name(String);

/// An e-mail address of at most 254 bytes (RFC 5321, section 4.5.3.1), or nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Email(String);

impl Name {
    /// Most characters (Unicode scalar values) of a name.
    pub const MOST: usize = 150;
    const MOST_MARKS: usize = 4;

    /// Reads a name.
    ///
    /// # Errors
    /// Which rule it breaks, as a sentence for the user.
    pub fn parse(text: String) -> Result<Self, &'static str> {
        if text.chars().count() > Self::MOST {
            return Err("has more than 150 characters");
        }
        if text
            .chars()
            .any(|c| c.is_control() || overrides_direction(c))
        {
            return Err("has a control or text-direction character");
        }
        let invisible = |c: char| is_zero_width(c) || c.is_whitespace();
        if text.chars().any(is_zero_width) && text.chars().all(invisible) {
            return Err("has no visible character");
        }
        let mut marks = 0;
        for character in text.chars() {
            // What takes no room does not begin another letter.
            if is_zero_width(character) && !is_combining_mark(character) {
                continue;
            }
            marks = if is_combining_mark(character) {
                marks + 1
            } else {
                0
            };
            if marks > Self::MOST_MARKS {
                return Err("has more than 4 combining marks on one letter");
            }
        }
        Ok(Self(text))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Email {
    /// Most bytes of an address.
    pub const MOST: usize = 254;

    /// Reads an address; `""` is none.
    ///
    /// # Errors
    /// What is wrong, as a sentence for the user.
    pub fn parse(text: String) -> Result<Self, &'static str> {
        static RULES: LazyLock<Options> = LazyLock::new(|| {
            Options::default()
                .with_required_tld()
                .without_display_text()
                .without_domain_literal()
        });
        if text.len() > Self::MOST {
            return Err("has more than 254 bytes");
        }
        let plain = !text
            .chars()
            .any(|c| c.is_control() || overrides_direction(c) || is_zero_width(c));
        if text.is_empty() || plain && EmailAddress::parse_with_options(&text, *RULES).is_ok() {
            Ok(Self(text))
        } else {
            Err("is not an e-mail address")
        }
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Embeddings, overrides and isolates (Unicode Standard Annex 9, section 2).
fn overrides_direction(character: char) -> bool {
    matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Characters that take no room of their own, fillers that show nothing included.
fn is_zero_width(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_show_as_what_they_are() {
        let long = "я".repeat(150);
        for name in [
            "",
            "Andrey",
            "Андрей",
            "O'Neill-Müller",
            "李小龍",
            "👩‍👩‍👧",
            " ",
            "e\u{301}\u{302}\u{303}\u{304}",
            &long,
        ] {
            assert!(Name::parse(name.to_owned()).is_ok(), "{name:?}");
        }
        let longer = "я".repeat(151);
        for name in [
            "a\0b",
            "a\nb",
            "a\u{7f}",
            "a\u{85}b",
            "\u{202e}evil",
            "a\u{2066}b",
            "\u{200b}",
            "\u{200b} \u{feff}",
            "\u{3164}",
            "e\u{301}\u{301}\u{301}\u{301}\u{301}",
            "e\u{301}\u{301}\u{301}\u{301}\u{200d}\u{301}",
            &longer,
        ] {
            assert!(Name::parse(name.to_owned()).is_err(), "{name:?}");
        }
    }

    #[test]
    fn an_email_is_an_address_or_nothing() {
        let longest = format!(
            "{}@{}.ru",
            "a".repeat(64),
            [&"b".repeat(61); 3].map(String::as_str).join(".")
        );
        assert_eq!(longest.len(), 253);
        for email in [
            "",
            "potapov@mail.ru",
            "a.b+c@sub.example.com",
            "иван@пример.рф",
            &longest,
        ] {
            assert!(Email::parse(email.to_owned()).is_ok(), "{email}");
        }
        let too_long = format!("{}@{}.ru", "a".repeat(64), "b.".repeat(100));
        for email in [
            "@",
            "a@",
            "@b.ru",
            "a b@mail.ru",
            "a@@b.ru",
            "Name <a@b.ru>",
            "a@b.ru\n",
            "a@localhost",
            "a@[127.0.0.1]",
            "a\u{202e}@b.ru",
            &too_long,
        ] {
            assert!(Email::parse(email.to_owned()).is_err(), "{email}");
        }
    }
}
