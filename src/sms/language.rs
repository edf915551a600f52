//! The languages of messages, and which of them a client reads.

use std::str::FromStr;

/// What messages can be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// Russian.
    #[default]
    Russian,
    /// English.
    English,
}

impl Language {
    /// All there are.
    pub const ALL: [Self; 2] = [Self::Russian, Self::English];

    /// Its tag (RFC 5646).
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Russian => "ru",
            Self::English => "en",
        }
    }

    /// The first that a client accepts (RFC 9110, section 12.5.4), if any is one of ours.
    pub fn accepted(header: &str) -> Option<Self> {
        let known = header.split(',').filter_map(|range| {
            let mut parts = range.split(';').map(str::trim);
            let primary = parts.next()?.split('-').next()?;
            let is_meant = |known: &Self| known.tag().eq_ignore_ascii_case(primary);
            let language = Self::ALL.into_iter().find(is_meant)?;
            let weight = parts.find_map(|part| part.strip_prefix("q="));
            Some((language, weight.map_or(Some(1000), thousandths)?))
        });
        // Of several that weigh the same, the last is found.
        let best = known.rev().max_by_key(|(_, weight)| *weight);
        best.filter(|(_, weight)| *weight > 0)
            .map(|(language, _)| language)
    }
}

impl FromStr for Language {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|known| known.tag() == text);
        known.ok_or_else(|| {
            "is not a language that messages are written in: write \"ru\" or \"en\"".to_owned()
        })
    }
}

/// A weight (RFC 9110, section 12.4.2), in thousandths.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let fraction: u16 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    match whole {
        "0" => Some(fraction),
        "1" => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_the_one_that_the_client_likes_best() {
        for (header, language) in [
            ("en", Some(Language::English)),
            (
                "ru-RU,ru;q=0.9,en-US;q=0.8,en;q=0.7",
                Some(Language::Russian),
            ),
            ("de, en;q=0.5, ru;q=0.2", Some(Language::English)),
            ("EN-gb", Some(Language::English)),
            ("en;q=0, ru;q=0.001", Some(Language::Russian)),
            ("en;q=nonsense, de", None),
            ("*", None),
            ("", None),
            ("english", None),
        ] {
            assert_eq!(Language::accepted(header), language, "{header}");
        }
    }
}
