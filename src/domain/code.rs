//! The two codes people type: the one-time code of a challenge, and the
//! invitation code of a user.

use std::fmt;

use rand::{CryptoRng, RngExt};
use subtle::ConstantTimeEq;

/// A one-time code: 4 to 10 ASCII digits. Neither `Display` nor `Debug` shows
/// it; [`OneTimeCode::reveal`] is for those who tell it to the phone.
#[derive(Clone, PartialEq, Eq)]
pub struct OneTimeCode(String);

/// The text cannot be a code of this kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a code")]
pub struct NotACode;

impl OneTimeCode {
    /// How many digits a code may have.
    pub const DIGITS: std::ops::RangeInclusive<usize> = 4..=10;

    /// Draws a code of `digits` digits, each number as likely as any other.
    pub fn draw(digits: usize, rng: &mut dyn CryptoRng) -> Self {
        Self(
            (0..digits)
                .map(|_| char::from(b'0' + rng.random_range(0..10_u8)))
                .collect(),
        )
    }

    /// Reads what was typed; not one digit more or less is forgiven.
    pub fn parse(text: &str) -> Result<Self, NotACode> {
        let digits =
            Self::DIGITS.contains(&text.len()) && text.bytes().all(|digit| digit.is_ascii_digit());
        if digits {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotACode)
        }
    }

    /// Whether both are the same code, in a time that does not tell where they differ.
    pub fn matches(&self, guess: &Self) -> bool {
        self.0.as_bytes().ct_eq(guess.0.as_bytes()).into()
    }

    /// How many digits it has.
    pub fn digits(&self) -> usize {
        self.0.len()
    }

    /// The digits themselves.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for OneTimeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OneTimeCode(..)")
    }
}

/// An invitation code: six of `A-Z` and `0-9`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InvitationCode([u8; 6]);

impl InvitationCode {
    /// What codes are drawn from: nothing that is misread for another (no 0/O, 1/I).
    pub const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

    /// Draws a code: one of 32^6, about a thousand million.
    pub fn draw(rng: &mut dyn CryptoRng) -> Self {
        Self(std::array::from_fn(|_| {
            Self::ALPHABET[rng.random_range(0..Self::ALPHABET.len())]
        }))
    }

    /// Reads a code as people type it: surrounding white space and ASCII case are forgiven.
    pub fn parse(text: &str) -> Result<Self, NotACode> {
        let code: [u8; 6] = text.trim().as_bytes().try_into().map_err(|_| NotACode)?;
        let code = code.map(|letter| letter.to_ascii_uppercase());
        let known = |letter: &u8| letter.is_ascii_uppercase() || letter.is_ascii_digit();
        if code.iter().all(known) {
            Ok(Self(code))
        } else {
            Err(NotACode)
        }
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("an invitation code is ASCII by construction")
    }
}

impl fmt::Display for InvitationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;

    #[test]
    fn a_one_time_code_is_ascii_digits_and_nothing_else() {
        for text in ["0000", "1234", "0123456789"] {
            assert_eq!(OneTimeCode::parse(text).unwrap().reveal(), text);
        }
        for text in [
            "",
            "123",
            "12345678901",
            " 1234",
            "12 34",
            "12a4",
            "-123",
            "١٢٣٤",
            "１２３４",
        ] {
            assert_eq!(OneTimeCode::parse(text), Err(NotACode), "{text}");
        }
    }

    #[test]
    fn a_one_time_code_does_not_show_itself() {
        assert_eq!(
            format!("{:?}", OneTimeCode::parse("1234").unwrap()),
            "OneTimeCode(..)"
        );
    }

    #[test]
    fn drawn_codes_use_every_digit_and_every_letter() {
        let mut rng = StdRng::seed_from_u64(7);
        let digits: String = (0..200).map(|_| OneTimeCode::draw(4, &mut rng).0).collect();
        let letters: String = (0..200)
            .map(|_| InvitationCode::draw(&mut rng).to_string())
            .collect();
        assert!(('0'..='9').all(|digit| digits.contains(digit)));
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
    fn invitation_codes_are_trimmed_and_folded() {
        for text in ["QBX27C", " qbx27c\n", "Qbx27c"] {
            assert_eq!(
                InvitationCode::parse(text).unwrap().as_str(),
                "QBX27C",
                "{text:?}"
            );
        }
        // Never drawn, yet well-formed: the alphabet may have been another once.
        assert!(InvitationCode::parse("O0I1AA").is_ok());
        for text in [
            "", "QBX27", "QBX27CC", "QBX 7C", "QBX27Ü", "ſBX27C", "QBX27-",
        ] {
            assert_eq!(InvitationCode::parse(text), Err(NotACode), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_text_is_a_code_or_none(text in "\\PC{0,12}") {
            let _ = OneTimeCode::parse(&text);
            if let Ok(code) = InvitationCode::parse(&text) {
                prop_assert_eq!(InvitationCode::parse(code.as_str()), Ok(code));
            }
        }
    }
}
