//! Which numbers the operator pays for: patterns of phone numbers.

use std::{collections::BTreeSet, str::FromStr};

use super::phone::{DIGITS, Phone};

/// Which numbers may be sent to: those that some pattern covers, and no
/// excluding one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destinations(Vec<Destination>);

impl Destinations {
    /// The numbers of these patterns.
    ///
    /// # Errors
    /// There is none that could be sent to, as the end of a sentence.
    pub fn new(patterns: Vec<Destination>) -> Result<Self, &'static str> {
        let list = Self(patterns);
        if list.0.is_empty() {
            return Err("is empty: nobody could log in");
        }
        if list.included().next().is_none() {
            return Err("only excludes numbers: nobody could log in");
        }
        Ok(list)
    }

    /// Whether `phone` may be sent to.
    pub fn cover(&self, phone: Phone) -> bool {
        let covering = || self.0.iter().filter(|pattern| pattern.covers(phone));
        covering().next().is_some() && covering().all(|pattern| !pattern.excludes)
    }

    /// How the phone's numbers begin, as the most exact pattern that covers it
    /// says; `other` where none does.
    pub fn prefix(&self, phone: Phone) -> String {
        let covering = self.included().filter(|pattern| pattern.covers(phone));
        let prefixes = covering.map(|pattern| &pattern.prefix);
        let longest = prefixes.max_by_key(|prefix| prefix.len());
        longest.map_or("other".to_owned(), |prefix| format!("+{prefix}"))
    }

    /// Every prefix that there is.
    pub fn prefixes(&self) -> BTreeSet<String> {
        self.included()
            .map(|pattern| format!("+{}", pattern.prefix))
            .collect()
    }

    /// The patterns that exclude nothing.
    pub fn included(&self) -> impl Iterator<Item = &Destination> {
        self.0.iter().filter(|pattern| !pattern.excludes)
    }
}

/// A pattern of numbers: `+` and digits, then a `#` for each further digit.
/// Without any `#` it is a prefix of numbers of every length. With a `!` in
/// front its numbers are excluded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    prefix: String,
    more: Option<usize>,
    excludes: bool,
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
        let expected = "is not a destination: write +, the leading digits, and a # for each further digit, as in \"+79#########\"; with ! in front to exclude them";
        let text = text.trim();
        let included = text.strip_prefix('!');
        let pattern = included.unwrap_or(text).strip_prefix('+').ok_or(expected)?;
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
            excludes: included.is_some(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Destinations {
        let patterns = text.split(", ").map(|one| one.parse().unwrap());
        Destinations::new(patterns.collect()).unwrap()
    }

    fn covers(list: &Destinations, digits: &str) -> bool {
        list.cover(Phone::from_digits(digits).unwrap())
    }

    #[test]
    fn destinations_are_prefixes_or_whole_patterns() {
        let both = list("+79#########, +44");
        for (digits, is_covered) in [
            ("79123456789", true),
            ("77012345678", false),
            ("447911123456", true),
            ("4479111234", true),
        ] {
            assert_eq!(covers(&both, digits), is_covered, "{digits}");
        }
        for (pattern, nth) in both.included().flat_map(|one| [(one, 0), (one, u64::MAX)]) {
            assert!(pattern.covers(pattern.number(nth).unwrap()));
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
            "!",
            "!79",
            "!!+79",
            "+!79",
        ] {
            assert!(text.parse::<Destination>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_most_exact_pattern_that_covers_a_phone_gives_its_prefix() {
        let list = list("+79#########, +7912#######, +44, !+7940");
        for (digits, prefix) in [
            ("79123456789", "+7912"),
            ("79161234567", "+79"),
            ("447911123456", "+44"),
            ("77012345678", "other"),
        ] {
            assert_eq!(list.prefix(Phone::from_digits(digits).unwrap()), prefix);
        }
        assert_eq!(Vec::from_iter(list.prefixes()), ["+44", "+79", "+7912"]);
    }

    #[test]
    fn what_a_pattern_excludes_no_other_lets_in() {
        for text in [
            "+79#########, !+7940",
            "!+7940#######, +79",
            "+7, !+7940, +7940",
        ] {
            let list = list(text);
            assert!(covers(&list, "79391234567"), "{text}");
            assert!(!covers(&list, "79401234567"), "{text}");
            assert!(covers(&list, "79411234567"), "{text}");
        }
    }

    #[test]
    fn a_list_that_lets_nobody_in_is_refused() {
        assert!(Destinations::new(Vec::new()).is_err());
        assert!(Destinations::new(vec!["!+7940".parse().unwrap()]).is_err());
    }
}
