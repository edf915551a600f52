//! Which numbers the operator pays for: patterns of phone numbers.

use std::str::FromStr;

use super::phone::{DIGITS, Phone};

/// Numbers that may be sent to: `+` and digits, then a `#` for each further
/// digit. Without any `#` it is a prefix of numbers of every length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    prefix: String,
    more: Option<usize>,
}

impl Destination {
    /// Whether `phone` is one of these numbers.
    pub fn covers(&self, phone: Phone) -> bool {
        let digits = phone.to_string();
        digits
            .strip_prefix(&self.prefix)
            .is_some_and(|rest| self.more.is_none_or(|more| rest.len() == more))
    }

    /// One of these numbers, each for as many values of `nth` as any other;
    /// `None` when there is no such phone. Without any `#` they have 11 digits.
    pub fn number(&self, nth: u64) -> Option<Phone> {
        let more = self
            .more
            .unwrap_or(11_usize.saturating_sub(self.prefix.len()));
        let all = 10_u64.pow(u32::try_from(more).ok()?);
        let rest = match more {
            0 => String::new(),
            _ => format!("{:0more$}", nth % all),
        };
        Phone::from_digits(&format!("{}{rest}", self.prefix)).ok()
    }
}

impl FromStr for Destination {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = "is no destination: write +, the leading digits, and a # for each further digit, as in \"+79#########\"";
        let pattern = text.trim().strip_prefix('+').ok_or(expected)?;
        let prefix = pattern.trim_end_matches('#');
        let more = pattern.len() - prefix.len();
        if prefix.is_empty()
            || prefix.starts_with('0')
            || !prefix.bytes().all(|digit| digit.is_ascii_digit())
        {
            return Err(expected.to_owned());
        }
        if pattern.len() > *DIGITS.end() {
            return Err("is longer than a phone number can be (15 digits)".to_owned());
        }
        Ok(Self {
            prefix: prefix.to_owned(),
            more: (more > 0).then_some(more),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::phone::Region;

    #[test]
    fn destinations_are_prefixes_or_whole_patterns() {
        let russian_mobile: Destination = "+79#########".parse().unwrap();
        let britain: Destination = "+44".parse().unwrap();
        let covers =
            |list: &Destination, text: &str| list.covers(Phone::parse(text, Region::RU).unwrap());
        assert!(covers(&russian_mobile, "+79123456789"));
        assert!(!covers(&russian_mobile, "+77012345678"));
        assert!(covers(&britain, "+447911123456"));
        for (list, nth) in [
            (&russian_mobile, 0),
            (&russian_mobile, u64::MAX),
            (&britain, 42),
        ] {
            assert!(list.covers(list.number(nth).unwrap()));
        }
        for text in [
            "",
            "79#",
            "+",
            "+#",
            "+7#9",
            "+7x",
            "+0#",
            "+79##############",
        ] {
            assert!(text.parse::<Destination>().is_err(), "{text}");
        }
    }
}
