//! Phone numbers (E.164): one value a number, however it was spelled.
//!
//! How people write numbers is a [`Region`]'s business, and which numbers may be
//! sent to is the operator's list of
//! [`Destinations`](super::destination::Destinations). There is no table of the
//! world's numbering plans to be wrong about.

use std::fmt;

use super::region::Region;

/// Fewest and most digits of an international number (E.164, section 6).
pub(super) const DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// A phone number: its digits in international form. `Display` writes them
/// without `+`; `Debug` masks them, since debug output ends up in logs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Phone(u64);

/// The text is not a phone number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a phone number in international form, nor as it is dialled in the default region")]
pub struct NotAPhone;

impl Phone {
    /// Reads a number as people write it; domestic forms are those of `region`.
    pub fn parse(text: &str, region: Region) -> Result<Self, NotAPhone> {
        Self::from_digits(&region.international(text).ok_or(NotAPhone)?)
    }

    /// The number with exactly these digits in international form.
    pub fn from_digits(digits: &str) -> Result<Self, NotAPhone> {
        let is_number =
            !digits.starts_with('0') && digits.bytes().all(|digit| digit.is_ascii_digit());
        let number = digits.parse().ok().filter(|_| is_number);
        Self::from_number(number.ok_or(NotAPhone)?)
    }

    /// The same of digits that are one integer.
    pub fn from_number(number: u64) -> Result<Self, NotAPhone> {
        let power = number.checked_ilog10().ok_or(NotAPhone)?;
        let digits = power as usize + 1;
        // Country code 7 is one numbering plan with one length.
        let is_plausible =
            DIGITS.contains(&digits) && (number / 10_u64.pow(power) != 7 || digits == 11);
        is_plausible.then_some(Self(number)).ok_or(NotAPhone)
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Option<String> {
        Phone::parse(text, Region::RU).ok().map(Phone::e164)
    }

    #[test]
    fn what_is_not_a_number_is_refused() {
        for text in [
            "",
            "+",
            "+7",
            "++79123456789",
            "+＋79123456789",
            "+7912345678",
            "+791234567890",
            "+7 8 912 345-67-89",
            "7912345678９",
            "+7912345678a",
            "٧٩١٢٣٤٥٦٧٨٩",
            "+7/9123456789",
            "+7_9123456789",
            "+7⁸9123456789",
            "79123456789;ext=1",
            "tel:+79123456789;ext=1",
            "tel:tel:+79123456789",
            "+tel:79123456789",
            "sms:+79123456789",
            "+0123456789",
            "0079123456789",
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
            let _ = Region::RU.is_slip(&text);
        }

        #[test]
        fn what_was_read_reads_back_the_same(digits in "[1-9][0-9]{6,14}") {
            if let Ok(phone) = Phone::from_digits(&digits) {
                prop_assert_eq!(read(&phone.e164()), Some(format!("+{digits}")));
                prop_assert_eq!(phone.to_string(), digits);
            }
        }
    }
}
