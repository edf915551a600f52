//! The code of a user.

use std::fmt;

use rand::{CryptoRng, RngExt};

use super::error::NotACode;
use crate::domain::text::is_separator;

/// An invitation code: six to eight of `A-Z` and `0-9`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InvitationCode {
    /// Zeros behind the last.
    letters: [u8; 8],
    length: u8,
}

impl InvitationCode {
    /// What codes are drawn from: nothing that is misread for another (no 0/O, 1/I).
    pub const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

    /// How many letters and digits a code may have.
    pub const LENGTHS: std::ops::RangeInclusive<usize> = 6..=8;

    /// Draws a code of `length` letters: of six, one of 32^6, about a thousand million.
    pub fn draw(length: usize, rng: &mut dyn CryptoRng) -> Self {
        let mut code = Self::EMPTY;
        for _ in 0..length.clamp(*Self::LENGTHS.start(), *Self::LENGTHS.end()) {
            code.push(Self::ALPHABET[rng.random_range(0..Self::ALPHABET.len())]);
        }
        code
    }

    /// Reads a code as people type it, or a link that ends in one. Case,
    /// spaces and dashes are forgiven, and so is the wrong keyboard layout.
    pub fn parse(text: &str) -> Result<Self, NotACode> {
        let code = last_segment(text).unwrap_or(text);
        let mut read = Self::EMPTY;
        for letter in code.chars().filter(|letter| !is_separator(*letter)) {
            if read.length() == *Self::LENGTHS.end() {
                return Err(NotACode);
            }
            read.push(plain(letter).ok_or(NotACode)?);
        }
        let is_long_enough = Self::LENGTHS.contains(&read.length());
        is_long_enough.then_some(read).ok_or(NotACode)
    }

    /// The same code, unless it is longer than those of this installation.
    pub fn within(self, longest: usize) -> Result<Self, NotACode> {
        (self.length() <= longest).then_some(self).ok_or(NotACode)
    }

    /// A code as [`as_str`](Self::as_str) writes it.
    pub fn stored(text: &str) -> Option<Self> {
        let is_plain = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        if !Self::LENGTHS.contains(&text.len()) || !text.bytes().all(is_plain) {
            return None;
        }
        let mut code = Self::EMPTY;
        text.bytes().for_each(|letter| code.push(letter));
        Some(code)
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        let letters = &self.letters[..self.length()];
        std::str::from_utf8(letters).expect("an invitation code is ASCII by construction")
    }

    /// How many letters and digits it has.
    pub fn length(&self) -> usize {
        usize::from(self.length)
    }

    /// What codes begin as.
    const EMPTY: Self = Self {
        letters: [0; 8],
        length: 0,
    };

    fn push(&mut self, letter: u8) {
        self.letters[self.length()] = letter;
        self.length += 1;
    }
}

impl fmt::Display for InvitationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The last segment of a link's path, if it is a link.
fn last_segment(text: &str) -> Option<&str> {
    let path = text.split(['?', '#']).next()?;
    let path = path.trim_end_matches(|c| c == '/' || is_separator(c));
    path.rsplit_once('/').map(|(_, last)| last)
}

/// Cyrillic letters, in both cases, that cannot be told from Latin ones.
const TWINS: [(&str, u8); 18] = [
    ("Аа", b'A'),
    ("Вв", b'B'),
    ("Сс", b'C'),
    ("Ее", b'E'),
    ("НнҺһ", b'H'),
    ("Іі", b'I'),
    ("Јј", b'J'),
    ("Кк", b'K'),
    ("Мм", b'M'),
    ("Оо", b'O'),
    ("Рр", b'P'),
    ("Ԛԛ", b'Q'),
    ("Ѕѕ", b'S'),
    ("Тт", b'T'),
    ("Ԝԝ", b'W'),
    ("Хх", b'X'),
    ("УуҮү", b'Y'),
    ("Ӏӏ", b'I'),
];

/// The capital letter or digit of a code that looks like this one.
fn plain(letter: char) -> Option<u8> {
    let ascii = match letter {
        // Full-width forms stand in the order of ASCII.
        '\u{ff01}'..='\u{ff5e}' => u8::try_from(u32::from(letter) - 0xfee0).ok()?,
        letter if letter.is_ascii() => u8::try_from(letter).ok()?,
        letter => TWINS.iter().find(|(twins, _)| twins.contains(letter))?.1,
    };
    ascii
        .is_ascii_alphanumeric()
        .then(|| ascii.to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;

    #[test]
    fn drawn_codes_use_every_letter_and_no_other() {
        let mut rng = StdRng::seed_from_u64(7);
        let letters: String = (0..200)
            .map(|_| InvitationCode::draw(6, &mut rng).to_string())
            .collect();
        assert!(
            InvitationCode::ALPHABET
                .iter()
                .all(|letter| letters.contains(char::from(*letter)))
        );
        assert!(
            letters
                .bytes()
                .all(|letter| InvitationCode::ALPHABET.contains(&letter))
        );
    }

    #[test]
    fn invitation_codes_are_read_as_people_type_them() {
        for text in [
            "QBX27C",
            " qbx27c\n",
            "qbx 27c",
            "QBX—27C",
            "Q\u{a0}B\u{2009}X\u{2011}27C\u{feff}",
            "\u{200e}QBX\u{2060}27C\u{200b}",
            "QВХ27С",
            "qвх27с",
            "ＱｂＸ２７Ｃ",
            "https://login.example.com/i/QBX27C/",
            "http://example.com/a/prefix/i/qbx27c",
            "login.example.com/i/QBX-27C/?utm=a/b#top",
            "https://example.com/i/QBX27C#/about",
            " https://example.com/i/QBX27C/\u{200b} ",
        ] {
            let read = InvitationCode::parse(text).map(|code| code.to_string());
            assert_eq!(read.as_deref(), Ok("QBX27C"), "{text:?}");
        }
        // Never drawn, yet well-formed: the alphabet may have been another once.
        assert!(InvitationCode::parse("O0I1AA").is_ok());
        for text in [
            "",
            "QBX27",
            "QBX27CDEF",
            "QBX27Ü",
            "ſBX27C",
            "QBX27-",
            "QBX27.",
            "QBX27٣",
            "QBX27Ж",
            "QBX27C?",
            "/",
            "https://example.com/i/",
            "https://example.com/i/QBX27C/more",
            "https://example.com/?code=QBX27C",
        ] {
            assert_eq!(InvitationCode::parse(text), Err(NotACode), "{text}");
        }
    }

    #[test]
    fn codes_are_as_long_as_was_asked_for() {
        let mut rng = StdRng::seed_from_u64(7);
        for length in InvitationCode::LENGTHS {
            let code = InvitationCode::draw(length, &mut rng);
            assert_eq!(code.as_str().len(), length);
            assert_eq!(InvitationCode::parse(code.as_str()), Ok(code));
            assert_eq!(InvitationCode::stored(code.as_str()), Some(code));
            assert_eq!(code.within(length), Ok(code));
            assert_eq!(code.within(length - 1), Err(NotACode));
        }
        for text in ["QBX27", "QBX27CDEF", "qbx27c", "QBX27-C"] {
            assert_eq!(InvitationCode::stored(text), None, "{text}");
        }
    }

    /// Every way to write a letter of a code.
    fn spellings(letter: char) -> Vec<char> {
        let wide = char::from_u32(u32::from(letter) + 0xfee0).unwrap();
        let twins = TWINS.iter().filter(|twin| char::from(twin.1) == letter);
        let twins = twins.flat_map(|(twins, _)| twins.chars());
        let small = [
            letter.to_ascii_lowercase(),
            wide.to_lowercase().next().unwrap(),
        ];
        twins.chain([letter, wide]).chain(small).collect()
    }

    proptest! {
        #[test]
        fn every_text_is_a_code_or_none(text in "\\PC{0,12}") {
            if let Ok(code) = InvitationCode::parse(&text) {
                prop_assert_eq!(InvitationCode::parse(code.as_str()), Ok(code));
            }
        }

        #[test]
        fn every_spelling_of_a_code_is_that_code(
            code in "[A-Z0-9]{6,8}",
            choices in proptest::collection::vec(any::<prop::sample::Index>(), 8),
            between in "[ \t\u{a0}\u{3000}\u{2010}-\u{2015}\u{2212}\u{ff0d}\u{200b}-\u{200f}\u{feff}-]{0,4}",
            around in prop::sample::select(vec![("", ""), (" ", "\n"), ("https://a.example/i/", "/"), ("a.example/x/i/", "?b=/c#d")]),
        ) {
            let mut text = around.0.to_owned();
            for (letter, choice) in code.chars().zip(&choices) {
                text.push(*choice.get(&spellings(letter)));
                text.push_str(&between);
            }
            text.push_str(around.1);
            let read = InvitationCode::parse(&text).map(|code| code.to_string());
            prop_assert_eq!(read, Ok(code), "{:?}", text);
        }
    }
}
