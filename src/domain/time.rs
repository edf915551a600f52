//! Instants and spans as the service counts them: milliseconds since the Unix
//! epoch, so that every storage engine holds the same integer.

use std::time::Duration;

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// An instant: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The instant `millis` milliseconds after the Unix epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// The instant `seconds` seconds after the Unix epoch.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Milliseconds since the Unix epoch.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch (the `NumericDate` of RFC 7519, section 2).
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The whole second that it is in.
    pub const fn second(self) -> Self {
        Self::from_seconds(self.seconds())
    }

    /// The instant as text (RFC 3339), which [`parse_instant`] reads.
    pub fn rfc3339(self) -> String {
        let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000);
        let text = at.ok().and_then(|at| at.format(&Rfc3339).ok());
        text.unwrap_or_default()
    }

    /// How much later `self` is than `earlier`; zero when it is not.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl std::ops::Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(millis(span)))
    }
}

impl std::ops::Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(millis(span)))
    }
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

/// Reads a span with its unit: a whole number followed by `s`, `m`, `h` or `d`.
///
/// # Errors
/// A sentence that names what was expected; the input is not repeated in it.
pub fn parse_span(text: &str) -> Result<Duration, String> {
    let expected = || {
        "is not a duration: write a whole number and its unit (s, m, h or d), as in \"90s\""
            .to_owned()
    };
    let text = text.trim();
    let (number, seconds) = match text.char_indices().next_back() {
        Some((at, 's')) => (&text[..at], 1),
        Some((at, 'm')) => (&text[..at], 60),
        Some((at, 'h')) => (&text[..at], 3600),
        Some((at, 'd')) => (&text[..at], 86_400),
        _ => return Err(expected()),
    };
    if number.is_empty() || !number.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(expected());
    }
    let number: u64 = number.parse().map_err(|_| expected())?;
    match number.checked_mul(seconds) {
        Some(total) if total > 0 && total <= 100 * 365 * 86_400 => Ok(Duration::from_secs(total)),
        _ => Err("is out of range: more than nothing and less than a hundred years".to_owned()),
    }
}

/// Reads an instant as RFC 3339 or as PostgreSQL writes it: with a space for the
/// T, and with an offset of hours alone.
pub fn parse_instant(text: &str) -> Option<Timestamp> {
    let mut text = text.trim().replacen(' ', "T", 1);
    let offset = text.rfind(['+', '-']).map(|at| text.len() - at);
    if offset == Some(3) && text.contains('T') {
        text.push_str(":00");
    }
    let at = OffsetDateTime::parse(&text, &Rfc3339).ok()?;
    let millis = at.unix_timestamp_nanos().div_euclid(1_000_000);
    i64::try_from(millis).ok().map(Timestamp::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_carry_a_unit() {
        for (text, seconds) in [("90s", 90), ("3m", 180), (" 24h ", 86_400), ("7d", 604_800)] {
            assert_eq!(parse_span(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in [
            "",
            "s",
            "90",
            "1.5h",
            "-1s",
            "+1s",
            "0s",
            "5w",
            "1 s",
            "99999999999999999999d",
            "40000d",
        ] {
            assert!(parse_span(text).is_err(), "{text}");
        }
    }

    #[test]
    fn instants_are_read_as_postgresql_and_rfc_3339_write_them() {
        for (text, millis) in [
            ("2024-03-01 00:00:00+00", 1_709_251_200_000),
            ("2024-03-01 03:00:00.1239+03", 1_709_251_200_123),
            ("2024-03-01 05:30:00+05:30", 1_709_251_200_000),
            ("2024-02-29T21:30:00-02:30", 1_709_251_200_000),
            (" 2024-03-01T00:00:00Z\n", 1_709_251_200_000),
            ("1969-12-31 23:59:59.999+00", -1),
        ] {
            let at = Timestamp::from_millis(millis);
            assert_eq!(parse_instant(text), Some(at), "{text}");
            assert_eq!(parse_instant(&at.rfc3339()), Some(at), "{text}");
        }
        for text in [
            "",
            "infinity",
            "2024-03-01",
            "2024-03-01 00:00:00",
            "2024-02-30 00:00:00+00",
            "1709251200",
        ] {
            assert_eq!(parse_instant(text), None, "{text}");
        }
    }

    #[test]
    fn earlier_is_no_time_since() {
        let (noon, later) = (Timestamp::from_seconds(10), Timestamp::from_seconds(12));
        assert_eq!(later.since(noon), Duration::from_secs(2));
        assert_eq!(noon.since(later), Duration::ZERO);
        assert_eq!(Timestamp::from_millis(-1).seconds(), -1);
    }
}
