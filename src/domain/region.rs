//! How people write phone numbers: the habits of one country.
//!
//! A number is ASCII digits; the marks that people put between them, and paste
//! along with them, mean nothing.

use std::str::FromStr;

use super::text::is_separator;

/// What is left of a number as it was written, without what means nothing.
struct Written {
    /// Whether a `+` says that the country code comes first.
    is_international: bool,
    digits: String,
}

impl Written {
    fn read(text: &str) -> Option<Self> {
        let means_nothing = |c: &char| is_separator(*c) || matches!(c, '.' | '(' | ')');
        let text: String = text.chars().filter(|c| !means_nothing(c)).collect();
        // The scheme of a link that was copied (RFC 3966).
        let number = match text.split_at_checked(4) {
            Some((scheme, number)) if scheme.eq_ignore_ascii_case("tel:") => number,
            _ => &text,
        };
        let digits = number.strip_prefix(['+', '\u{ff0b}']);
        let is_international = digits.is_some();
        let digits = digits.unwrap_or(number).to_owned();
        let is_number = digits.bytes().all(|digit| digit.is_ascii_digit());
        is_number.then_some(Self {
            is_international,
            digits,
        })
    }
}

/// A country whose domestic way of writing numbers is understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    name: &'static str,
    /// What is dialled in place of the country code.
    trunk: &'static str,
    country_code: &'static str,
    /// Digits of a national number.
    digits: usize,
    /// How mobile numbers begin, where they are written without anything in
    /// front; empty where that would be taken for another number.
    mobile: &'static str,
}

impl Region {
    /// Russia: `8 912 345-67-89` and `912 345-67-89` are `+7 912 345-67-89`.
    pub const RU: Self = Self::of("RU", "8", "7", 10, "9");

    const ALL: [Self; 11] = [
        Self::RU,
        Self::of("AM", "0", "374", 8, ""),
        Self::of("AZ", "0", "994", 9, ""),
        Self::of("BY", "80", "375", 9, ""),
        Self::of("FR", "0", "33", 9, ""),
        Self::of("GB", "0", "44", 10, ""),
        Self::of("GE", "0", "995", 9, ""),
        Self::of("KG", "0", "996", 9, ""),
        Self::of("KZ", "8", "7", 10, "7"),
        Self::of("MD", "0", "373", 8, ""),
        Self::of("UA", "0", "380", 9, ""),
    ];

    const fn of(
        name: &'static str,
        trunk: &'static str,
        country_code: &'static str,
        digits: usize,
        mobile: &'static str,
    ) -> Self {
        Self {
            name,
            trunk,
            country_code,
            digits,
            mobile,
        }
    }

    /// The digits of a number as people write it, the country code first;
    /// `None` where something else than a number is written.
    pub fn international(self, text: &str) -> Option<String> {
        let written = Written::read(text)?;
        let national = self.national(&written);
        let international = national.map(|national| format!("{}{national}", self.country_code));
        Some(international.unwrap_or(written.digits))
    }

    /// The national number, if it was written in a domestic form.
    fn national(self, written: &Written) -> Option<&str> {
        let is_national = |digits: &&str| digits.len() == self.digits;
        let digits = written.digits.as_str();
        let mobile = || Some(digits).filter(|digits| self.starts_mobile(digits));
        let national = digits.strip_prefix(self.trunk).filter(is_national);
        let national = national.or_else(|| mobile().filter(is_national));
        national.filter(|_| !written.is_international)
    }

    fn starts_mobile(self, digits: &str) -> bool {
        !self.mobile.is_empty() && digits.starts_with(self.mobile)
    }

    /// Whether what reads as a number of somewhere else is more likely a slip
    /// at one of this region's mobile numbers: the trunk prefix after a `+` or
    /// in front of the country code, the prefix of calls abroad, a digit too
    /// many or too few. To be asked of numbers that nothing is sent to.
    pub fn is_slip(self, text: &str) -> bool {
        let Some(written) = Written::read(text) else {
            return true;
        };
        if self.mobile.is_empty() || self.national(&written).is_some() {
            return false;
        }
        let digits = written.digits.as_str();
        let after_trunk = digits.strip_prefix(self.trunk).is_some_and(|rest| {
            let rest = rest.strip_prefix(self.country_code).unwrap_or(rest);
            // 8, wait for the tone, 10: where the trunk prefix is 8.
            self.starts_mobile(rest) || rest.starts_with("10")
        });
        let off_by = digits.len().abs_diff(self.digits);
        let is_about_as_long = off_by == 0 || off_by == 1 && !written.is_international;
        after_trunk || self.starts_mobile(digits) && is_about_as_long
    }

    /// How a number is to be written, as the end of a sentence.
    pub fn expected(self) -> String {
        let Self {
            trunk,
            country_code,
            digits,
            mobile,
            ..
        } = self;
        let alone = match mobile {
            "" => String::new(),
            mobile => format!(", or {digits} digits that begin with {mobile}"),
        };
        format!(
            "expected + and the country code (here +{country_code} and {digits} digits), or {trunk} and {digits} digits{alone}"
        )
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
                format!("is not a region known here: one of {}", names.join(", "))
            })
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample::select};

    use super::*;

    fn read(text: &str) -> Option<String> {
        Region::RU.international(text)
    }

    #[test]
    fn every_spelling_of_a_number_is_one_number() {
        for text in [
            "+79123456789",
            "79123456789",
            "89123456789",
            "9123456789",
            "8 (912) 345-67-89",
            "(912) 345-67-89",
            "+7 912 345.67.89",
            "(+7) 912 345 67 89",
            "\t+7(912)3456789\n",
            "+7\u{a0}912\u{202f}345\u{2009}67\u{2009}89",
            "+7–912—345−67‑89",
            "＋7 912 345 67 89",
            "\u{202a}+7 912 345-67-89\u{202c}",
            "\u{feff}8\u{200b}9123\u{2060}456789\u{200e}",
            "tel:+7-912-345-67-89",
            " TEL:\u{200b}89123456789",
        ] {
            assert_eq!(read(text).as_deref(), Some("79123456789"), "{text:?}");
        }
        for (text, digits) in [
            ("+447911123456", "447911123456"),
            ("8613800000000", "8613800000000"),
            // With a + nothing is domestic.
            ("+9123456789", "9123456789"),
        ] {
            assert_eq!(read(text).as_deref(), Some(digits), "{text}");
        }
        assert_eq!(
            Region::ALL[8].international("(701) 234-56-78").unwrap(),
            "77012345678"
        );
        assert_eq!(
            Region::ALL[3].international("8 029 123-45-67").unwrap(),
            "375291234567"
        );
    }

    #[test]
    fn a_slip_is_told_from_a_number_of_elsewhere() {
        for text in [
            "+89123456789",
            "+8912345678",
            "8912345678",
            "891234567890",
            "912345678",
            "91234567890",
            "+9123456789",
            "8 7 912 345-67-89",
            "8 10 7 912 345-67-89",
            "+8 10 7 912 345-67-89",
            "number",
        ] {
            assert!(Region::RU.is_slip(text), "{text}");
        }
        for text in [
            "+79123456789",
            "89123456789",
            "84951234567",
            "4951234567",
            "+77012345678",
            "447911123456",
            "+12025550123",
            "+84951234567",
            "+819012345678",
            "+93701234567",
            "+8613800000000",
        ] {
            assert!(!Region::RU.is_slip(text), "{text}");
        }
        let france: Region = "FR".parse().unwrap();
        assert!(!france.is_slip("+33612345678"));
    }

    proptest! {
        #[test]
        fn marks_change_nothing(
            number in "9[0-9]{9}",
            start in select(vec!["+7", "7", "8", "", "＋7", "tel:+7", "Tel:8"]),
            marks in vec("[ .()\t\r\n\u{a0}\u{2000}-\u{200f}\u{2010}-\u{2015}\u{202a}-\u{202f}\u{205f}-\u{2064}\u{2212}\u{3000}\u{feff}\u{ff0d}-]{0,3}", 11),
        ) {
            let mut text = format!("{}{start}", marks[0]);
            for (digit, mark) in number.chars().zip(&marks[1..]) {
                text.push_str(mark);
                text.push(digit);
            }
            text.push_str(&marks[0]);
            prop_assert_eq!(read(&text), Some(format!("7{number}")), "{:?}", text);
        }

        #[test]
        fn the_trunk_form_is_the_international_form(national in "[1-9][0-9]{9}", region in 0..Region::ALL.len()) {
            let region = Region::ALL[region];
            let national = &national[..region.digits];
            let digits = Some(format!("{}{national}", region.country_code));
            prop_assert_eq!(region.international(&format!("{}{national}", region.trunk)), digits.clone());
            prop_assert_eq!(region.international(&format!("+{}{national}", region.country_code)), digits.clone());
            if region.starts_mobile(national) {
                prop_assert_eq!(region.international(national), digits);
            }
        }

        #[test]
        fn with_a_plus_a_number_is_what_it_says(digits in "[1-9][0-9]{6,14}", region in 0..Region::ALL.len()) {
            prop_assert_eq!(Region::ALL[region].international(&format!("+{digits}")), Some(digits));
        }
    }
}
