//! Phone numbers (E.164): one value a number, however it was spelled.
//!
//! The reader is strict and self-contained: a number is ASCII digits with the
//! usual separators, and there is no table of the world's numbering plans to
//! be wrong about. Which numbers may be sent to is the operator's list of
//! [`Destination`](super::destination::Destination)s, not the parser's business.

use std::{fmt, str::FromStr};

/// Fewest and most digits of an international number (E.164, section 6).
pub(super) const DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// A phone number: its digits in international form. `Display` writes them
/// without `+`; `Debug` masks them, since debug output ends up in logs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Phone(u64);

/// The text is not a phone number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a phone number in international form, nor in the trunk form of the default region")]
pub struct NotAPhone;

impl Phone {
    /// Reads a number as people write it; trunk forms are those of `region`.
    pub fn parse(text: &str, region: Region) -> Result<Self, NotAPhone> {
        let text = text.trim_matches(|c: char| c.is_ascii_whitespace());
        let (international, rest) = match text.strip_prefix('+') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let mut digits = String::with_capacity(DIGITS.end() + 1);
        for character in rest.chars() {
            match character {
                '0'..='9' if digits.len() > *DIGITS.end() => return Err(NotAPhone),
                '0'..='9' => digits.push(character),
                ' ' | '-' | '.' | '(' | ')' => {}
                _ => return Err(NotAPhone),
            }
        }
        if !international && let Some(national) = region.national(&digits) {
            digits = format!("{}{national}", region.country_code);
        }
        Self::from_digits(&digits)
    }

    /// The number with exactly these digits in international form.
    pub fn from_digits(digits: &str) -> Result<Self, NotAPhone> {
        let plausible = DIGITS.contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|digit| digit.is_ascii_digit())
            // Country code 7 is one numbering plan with one length.
            && (!digits.starts_with('7') || digits.len() == 11);
        if !plausible {
            return Err(NotAPhone);
        }
        digits.parse().map(Self).map_err(|_| NotAPhone)
    }

    /// The digits as one integer, as the store holds them.
    pub const fn number(self) -> u64 {
        self.0
    }

    /// The international form with `+`.
    pub fn e164(self) -> String {
        format!("+{}", self.0)
    }

    /// The form for logs: the middle is hidden (`+7912•••••89`).
    pub fn masked(self) -> String {
        let digits = self.to_string();
        let (head, tail) = (&digits[..4], &digits[digits.len() - 2..]);
        format!("+{head}{}{tail}", "•".repeat(digits.len() - 6))
    }
}

impl fmt::Display for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Phone({})", self.masked())
    }
}

/// A country whose domestic way of dialling is understood: `trunk` stands for
/// the country code in front of a national number of `digits` digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    name: &'static str,
    trunk: &'static str,
    country_code: &'static str,
    digits: usize,
}

impl Region {
    /// Russia: `8 912 345-67-89` is `+7 912 345-67-89`.
    pub const RU: Self = Self::of("RU", "8", "7", 10);

    const ALL: [Self; 11] = [
        Self::RU,
        Self::of("AM", "0", "374", 8),
        Self::of("AZ", "0", "994", 9),
        Self::of("BY", "80", "375", 9),
        Self::of("FR", "0", "33", 9),
        Self::of("GB", "0", "44", 10),
        Self::of("GE", "0", "995", 9),
        Self::of("KG", "0", "996", 9),
        Self::of("KZ", "8", "7", 10),
        Self::of("MD", "0", "373", 8),
        Self::of("UA", "0", "380", 9),
    ];

    const fn of(
        name: &'static str,
        trunk: &'static str,
        country_code: &'static str,
        digits: usize,
    ) -> Self {
        Self {
            name,
            trunk,
            country_code,
            digits,
        }
    }

    fn national(self, digits: &str) -> Option<&str> {
        digits
            .strip_prefix(self.trunk)
            .filter(|national| national.len() == self.digits)
    }
}

impl FromStr for Region {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|region| region.name == text)
            .ok_or_else(|| {
                let names: Vec<_> = Self::ALL.iter().map(|region| region.name).collect();
                format!("is no region known here: one of {}", names.join(", "))
            })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Option<String> {
        Phone::parse(text, Region::RU).ok().map(Phone::e164)
    }

    #[test]
    fn every_spelling_of_a_number_is_one_number() {
        for text in [
            "+79123456789",
            "79123456789",
            "89123456789",
            "8 (912) 345-67-89",
            "+7 912 345.67.89",
            "\t+7(912)3456789\n",
        ] {
            assert_eq!(read(text).as_deref(), Some("+79123456789"), "{text}");
        }
        assert_eq!(read("+447911123456").as_deref(), Some("+447911123456"));
        assert_eq!(read("8613800000000").as_deref(), Some("+8613800000000"));
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in [
            "",
            "+",
            "+7",
            "++79123456789",
            "+7912345678",
            "+791234567890",
            "7912345678９",
            "+7912345678a",
            "٧٩١٢٣٤٥٦٧٨٩",
            "+7\u{a0}9123456789",
            "+7/9123456789",
            "79123456789;ext=1",
            "+0123456789",
            "1234567890123456",
            "0000000000000000000000000000",
            "+7912345\u{0}6789",
            "8+9123456789",
            "null",
        ] {
            assert_eq!(read(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_phone_is_masked_in_debug_output() {
        let phone = Phone::parse("+79123456789", Region::RU).unwrap();
        assert_eq!(format!("{phone:?}"), "Phone(+7912•••••89)");
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in ".{0,40}") {
            let _ = read(&text);
        }

        #[test]
        fn what_was_read_reads_back_the_same(digits in "[1-9][0-9]{6,14}") {
            if let Ok(phone) = Phone::from_digits(&digits) {
                for region in Region::ALL {
                    prop_assert_eq!(Phone::parse(&phone.e164(), region), Ok(phone));
                }
                prop_assert_eq!(phone.to_string(), digits);
            }
        }

        #[test]
        fn the_trunk_form_is_the_international_form(national in "[1-9][0-9]{9}", region in 0..Region::ALL.len()) {
            let region = Region::ALL[region];
            let national = &national[..region.digits];
            let trunk = Phone::parse(&format!("{}{national}", region.trunk), region);
            prop_assert_eq!(trunk, Phone::from_digits(&format!("{}{national}", region.country_code)));
            prop_assert!(trunk.is_ok());
        }

        #[test]
        fn separators_change_nothing(digits in "79[0-9]{9}", between in "[ .()-]{0,5}", around in "[ \t\r\n]{0,3}") {
            let spread: Vec<_> = digits.split("").collect();
            let text = format!("{around}+{}{around}", spread.join(&between));
            prop_assert_eq!(Phone::parse(&text, Region::RU), Phone::from_digits(&digits));
        }
    }
}
