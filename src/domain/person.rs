//! What a user says about themself: names and an e-mail address that show as
//! what they are.

use std::sync::LazyLock;

use idna::{
    AsciiDenyList,
    uts46::{DnsLength, Hyphens, Uts46},
};
use regex::Regex;

use super::text::{continues_letter, decomposed, is_blank, is_control, is_mark, trimmed};

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

/// A name that shows as what it is: in NFC, without white space around it, at
/// most 150 characters, none of them control or bidi-override, not invisible,
/// no towers of combining marks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Name(String);

/// An e-mail address of at most 254 bytes (RFC 5321, section 4.5.3.1) at a
/// domain that could be one, or nothing.
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
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let text = trimmed(text);
        if text.chars().count() > Self::MOST {
            return Err("has more than 150 characters");
        }
        if text.chars().any(is_control) {
            return Err("has a control or text-direction character");
        }
        if !text.is_empty() && text.chars().all(|c| is_blank(c) || is_mark(c)) {
            return Err("has no visible character");
        }
        if most_marks(&text) > Self::MOST_MARKS {
            return Err("has more than 4 combining marks on one letter");
        }
        Ok(Self(text))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// How many marks the letter has that has most of them.
fn most_marks(text: &str) -> usize {
    let (mut marks, mut most) = (0, 0);
    for character in decomposed(text).chars() {
        if is_mark(character) {
            marks += 1;
        } else if !continues_letter(character) {
            marks = 0;
        }
        most = most.max(marks);
    }
    most
}

impl Email {
    /// Most bytes of an address.
    pub const MOST: usize = 254;
    /// Most bytes in front of the `@` (RFC 5321, section 4.5.3.1.1).
    const MOST_LOCAL: usize = 64;

    /// Reads an address; `""` is none.
    ///
    /// # Errors
    /// What is wrong, as a sentence for the user.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let text = trimmed(text);
        if text.len() > Self::MOST {
            return Err("has more than 254 bytes");
        }
        if text.is_empty() {
            return Ok(Self(text));
        }
        let (local, domain) = text.rsplit_once('@').ok_or("is not an e-mail address")?;
        let is_plain = !text.chars().any(is_blank);
        if !is_plain || local.len() > Self::MOST_LOCAL || !LOCAL.is_match(local) {
            return Err("is not an e-mail address");
        }
        if !is_domain(domain) {
            return Err("has no domain that could be one after the @");
        }
        Ok(Self(text))
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A dot-atom or a quoted string (RFC 5321, section 4.1.2; RFC 6531, section 3.3).
static LOCAL: LazyLock<Regex> = LazyLock::new(|| {
    let atom = r#"[^\x00-\x20"(),.:;<>@\[\]\\\x7f]+"#;
    let quoted = r#""(?:[^"\\]|\\.)+""#;
    Regex::new(&format!(r"^(?:{atom}(?:\.{atom})*|{quoted})$")).expect("the pattern is one")
});

/// Whether mail could be sent there: a name of several labels whose last can
/// be a top-level domain, which has no digits (RFC 3696, section 2) but in the
/// encoding of other scripts.
fn is_domain(domain: &str) -> bool {
    let (rules, hyphens) = (AsciiDenyList::STD3, Hyphens::CheckFirstLast);
    let ascii = Uts46::new().to_ascii(domain.as_bytes(), rules, hyphens, DnsLength::Verify);
    let Ok(ascii) = ascii else {
        return false;
    };
    let is_word = |top: &str| top.len() > 1 && top.bytes().all(|byte| byte.is_ascii_alphabetic());
    ascii
        .rsplit_once('.')
        .is_some_and(|(_, top)| is_word(top) || top.starts_with("xn--"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_show_as_what_they_are() {
        let long = "я".repeat(150);
        // As many letters, of two characters each until they are composed.
        let composed = "e\u{301}".repeat(150);
        for name in [
            "",
            "Andrey",
            "Андрей",
            "O'Neill-Müller",
            "d’Artagnan",
            "李小龍",
            "ǃXóõ",
            "Nguyễn Thị Ánh",
            "मुक्ता क्\u{200d}ष",
            "می\u{200c}خواهم",
            "שָׁל֥וֹם",
            "นิ่มนวล",
            "မြို့သူ",
            "རྒྱུད",
            "김\u{1112}\u{1161}\u{11ab}",
            "👩‍👩‍👧 ❤️ 1️⃣ 🏴\u{e0067}\u{e0062}\u{e007f}",
            "e\u{301}\u{302}\u{303}\u{304}",
            &long,
            &composed,
        ] {
            assert!(Name::parse(name).is_ok(), "{name:?}");
        }
        let longer = "я".repeat(151);
        for name in [
            "a\0b",
            "a\nb",
            "a\u{7f}",
            "a\u{85}b",
            "a\u{2028}b",
            "\u{202e}evil",
            "a\u{2066}b",
            "\u{200b}",
            "\u{200b} \u{feff}",
            "\u{3164}",
            "\u{2800}",
            "\u{200d}\u{fe0f}",
            "\u{301}",
            "e\u{301}\u{301}\u{301}\u{301}\u{301}",
            "x\u{301}\u{301}\u{301}\u{301}\u{200d}\u{301}",
            "क\u{93c}\u{941}\u{941}\u{93e}\u{941}\u{941}",
            "x\u{20dd}\u{20dd}\u{20dd}\u{20dd}\u{20dd}",
            &longer,
        ] {
            assert!(Name::parse(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn outer_white_space_goes_and_accents_are_composed() {
        for (given, kept) in [
            ("  Ann \n", "Ann"),
            ("\u{3000}Andre\u{301}\u{a0}", "André"),
            (" \t ", ""),
            ("Anna Maria", "Anna Maria"),
        ] {
            assert_eq!(Name::parse(given).unwrap().as_str(), kept, "{given:?}");
        }
        let email = Email::parse("\u{a0}andre\u{301}@mail.ru ").unwrap();
        assert_eq!(email.as_str(), "andré@mail.ru");
        assert_eq!(Email::parse(" \u{2003}").unwrap().as_str(), "");
    }

    #[test]
    fn an_email_is_an_address_or_nothing() {
        let label = "b".repeat(61);
        let longest = format!("{}@{label}.{label}.{label}.ru", "a".repeat(64));
        assert_eq!(longest.len(), 253);
        for email in [
            "",
            "potapov@mail.ru",
            "Potapov@Mail.RU",
            "a.b+c@sub.example.com",
            "o'neill_{x}%y@example.museum",
            "\"a@b\"@example.com",
            "a@x-y.3com.net",
            "a@r1---sn.example.com",
            "иван@пример.рф",
            "ivan@кириллица.рф",
            "a@xn--e1afmkfd.xn--p1ai",
            "संपर्क@डाटामेल.भारत",
            &longest,
        ] {
            assert!(Email::parse(email).is_ok(), "{email}");
        }
        let too_long = format!("{}@{}ru", "a".repeat(64), "b.".repeat(100));
        let long_local = format!("{}@mail.ru", "a".repeat(65));
        let long_label = format!("a@{}.ru", "b".repeat(64));
        for email in [
            "@",
            "a@",
            "@b.ru",
            "nobody",
            "a b@mail.ru",
            "a\u{3000}b@mail.ru",
            "a@b.ru@",
            "a@@b.ru",
            ".a@b.ru",
            "a.@b.ru",
            "a..b@b.ru",
            "Name <a@b.ru>",
            "a@b.ru\nx",
            "a@localhost",
            "a@b..ru",
            "a@.b.ru",
            "a@b.ru.",
            "a@-b.ru",
            "a@b-.ru",
            "a@b_c.ru",
            "a@b c.ru",
            "a@b.r",
            "a@b.123",
            "a@b.c0m",
            "a@b!.ru",
            "a@xn--.ru",
            "a@127.0.0.1",
            "a@2130706433",
            "a@[127.0.0.1]",
            "a@[IPv6:::1]",
            "a@::1",
            "a\u{202e}@b.ru",
            "a\u{200b}@b.ru",
            "a@b\u{ad}.ru",
            &too_long,
            &long_local,
            &long_label,
        ] {
            assert!(Email::parse(email).is_err(), "{email:?}");
        }
    }

    proptest! {
        #[test]
        fn what_was_kept_is_read_back_the_same(text in "\\PC{0,20}|[ea\u{301}\u{327}\u{1100}-\u{1112}\u{1161}-\u{1175}\u{5d0}\u{5bc}\u{200d} ]{0,12}") {
            if let Ok(name) = Name::parse(&text) {
                prop_assert_eq!(Name::parse(name.as_str()), Ok(name));
            }
            if let Ok(email) = Email::parse(&format!("{text}@mail.ru")) {
                prop_assert_eq!(Email::parse(email.as_str()), Ok(email));
            }
        }
    }
}
