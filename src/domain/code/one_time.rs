//! The code of a challenge.

use std::fmt;

use rand::{CryptoRng, RngExt};
use subtle::ConstantTimeEq;

use super::error::NotACode;

/// A one-time code: 4 to 10 ASCII digits. Neither `Display` nor `Debug` shows
/// it; [`OneTimeCode::reveal`] is for those who tell it to the phone.
#[derive(Clone, PartialEq, Eq)]
pub struct OneTimeCode(String);

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
    fn drawn_codes_use_every_digit() {
        let mut rng = StdRng::seed_from_u64(7);
        let digits: String = (0..200).map(|_| OneTimeCode::draw(4, &mut rng).0).collect();
        assert!(('0'..='9').all(|digit| digits.contains(digit)));
    }

    proptest! {
        #[test]
        fn every_text_is_a_code_or_none(text in "\\PC{0,12}") {
            let _ = OneTimeCode::parse(&text);
        }
    }
}
