//! How often something may happen: a list of windows, each "so many in so
//! long". Written `"3/15m, 10/24h"`, or `"off"`.

use std::{str::FromStr, time::Duration};

use super::time::parse_span;

/// A limit: every window must have room. No window at all means "off".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit(Vec<Window>);

/// At most `count` in any `span`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// How many.
    pub count: u32,
    /// In how long.
    pub span: Duration,
}

impl Limit {
    /// The windows, in the order in which they were written.
    pub fn windows(&self) -> &[Window] {
        &self.0
    }
}

impl FromStr for Limit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.trim() == "off" {
            return Ok(Self(Vec::new()));
        }
        text.split(',')
            .map(window)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

fn window(text: &str) -> Result<Window, String> {
    let expected =
        || "is no limit: write counts and windows, as in \"3/15m, 10/24h\", or \"off\"".to_owned();
    let (count, span) = text.split_once('/').ok_or_else(expected)?;
    let count = count.trim();
    let plain = !count.is_empty() && count.bytes().all(|digit| digit.is_ascii_digit());
    let count = count
        .parse()
        .ok()
        .filter(|count| plain && *count > 0)
        .ok_or_else(expected)?;
    Ok(Window {
        count,
        span: parse_span(span)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_a_list_of_windows_or_off() {
        let limit: Limit = "8/24h, 20/7d".parse().unwrap();
        let hours = |hours: u64| Duration::from_secs(hours * 3600);
        assert_eq!(
            limit.windows(),
            [
                Window {
                    count: 8,
                    span: hours(24)
                },
                Window {
                    count: 20,
                    span: hours(168)
                }
            ]
        );
        assert!("off".parse::<Limit>().unwrap().windows().is_empty());
        for text in [
            "",
            "8",
            "8/",
            "/24h",
            "0/24h",
            "8/24",
            "-1/1h",
            "+1/1h",
            "8/24h,",
            "off, 1/1h",
            "5000000000/1h",
        ] {
            assert!(text.parse::<Limit>().is_err(), "{text}");
        }
    }
}
