//! How often something may happen: a list of windows, each "so many in so
//! long". Written `"3/15m, 10/24h"`, or `"off"`.

use std::{ops::Deref, str::FromStr, time::Duration};

use super::time::{Timestamp, parse_span};

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

    /// Whether it bounds nothing.
    pub fn is_off(&self) -> bool {
        self.0.is_empty()
    }

    /// How many of the newest events have to be known to judge the next.
    pub fn most(&self) -> usize {
        let most = self.0.iter().map(|window| window.count).max();
        most.map_or(0, |most| most as usize)
    }

    /// How long events have to be remembered.
    pub fn longest(&self) -> Duration {
        let spans = self.0.iter().map(|window| window.span);
        spans.max().unwrap_or_default()
    }

    /// How long until one more may happen, after events of which `newest` tells
    /// the latest (0), the one before (1), and so on up to [`Limit::most`];
    /// `None` when it may at once.
    pub fn wait(
        &self,
        newest: impl Fn(usize) -> Option<Timestamp>,
        now: Timestamp,
    ) -> Option<Duration> {
        self.wait_for(1, newest, now)
    }

    /// The same of a limit that is some `times` as high.
    pub fn wait_for(
        &self,
        times: u32,
        newest: impl Fn(usize) -> Option<Timestamp>,
        now: Timestamp,
    ) -> Option<Duration> {
        let waits = self.0.iter().filter_map(|window| {
            let most = (window.count as usize).saturating_mul(times as usize);
            let first_that_counts = newest(most - 1)?;
            Some((first_that_counts + window.span).since(now)).filter(|wait| !wait.is_zero())
        });
        waits.max()
    }
}

/// Whose doings a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// Those about one phone.
    Phone,
    /// Those of one source.
    Source,
    /// Those about the numbers around a phone.
    Prefix,
    /// Those of one user.
    User,
    /// Everybody's.
    Everybody,
}

/// A limit by its name, as clients and operators know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The name.
    pub name: &'static str,
    /// Whose doings it counts.
    pub subject: Subject,
    /// The limit.
    pub limit: Limit,
}

impl Deref for Named {
    type Target = Limit;

    fn deref(&self) -> &Limit {
        &self.limit
    }
}

impl Named {
    /// That it is reached, for so long.
    pub fn reached_for(&self, wait: Duration) -> Reached {
        let (limit, subject) = (self.name, self.subject);
        Reached {
            limit,
            subject,
            wait,
        }
    }

    /// Whether it is reached after events of which these are the latest.
    pub fn reached(&self, newest: &[Timestamp], now: Timestamp) -> Option<Reached> {
        let wait = self.wait(|nth| newest.get(nth).copied(), now)?;
        Some(self.reached_for(wait))
    }

    /// The same without the windows that are no longer than `span`.
    pub fn beyond(&self, span: Duration) -> Self {
        let windows = self.limit.0.iter().filter(|window| window.span > span);
        let limit = Limit(windows.copied().collect());
        Self { limit, ..*self }
    }
}

/// That a limit was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reached {
    /// Its name, as clients and operators know it.
    pub limit: &'static str,
    /// Whose doings it counts.
    pub subject: Subject,
    /// When there will be room again.
    pub wait: Duration,
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
    let expected = || {
        "is not a limit: write counts and windows, as in \"3/15m, 10/24h\", or \"off\"".to_owned()
    };
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
    use proptest::{collection::vec, prelude::*};

    use super::*;

    #[test]
    fn the_next_event_waits_for_the_fullest_window() {
        let limit: Limit = "1/60s, 3/15m".parse().unwrap();
        let at = Timestamp::from_seconds;
        let wait = |newest: &[Timestamp]| {
            let nth = |n: usize| newest.get(n).copied();
            limit.wait(nth, at(1000)).map(|wait| wait.as_secs())
        };
        assert_eq!(wait(&[]), None);
        assert_eq!(wait(&[at(940)]), None);
        assert_eq!(wait(&[at(941)]), Some(1));
        assert_eq!(wait(&[at(900), at(500), at(100)]), None);
        assert_eq!(wait(&[at(900), at(500), at(101)]), Some(1));
        assert_eq!(wait(&[at(990), at(980), at(970)]), Some(870));
        // The clock was set back: what happened in its future counts all the more.
        assert_eq!(wait(&[at(2000)]), Some(1060));
        assert_eq!((limit.most(), limit.longest().as_secs()), (3, 900));
    }

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

    /// The first second from `now` on in which no window is full.
    fn first_free(windows: &[(u32, u64)], events: &[i64], now: i64) -> i64 {
        let is_free = |at: i64| {
            windows.iter().all(|(count, span)| {
                let counts = |event: &&i64| **event + i64::try_from(*span).unwrap() > at;
                events.iter().filter(counts).count() < *count as usize
            })
        };
        (now..now + 1000).find(|at| is_free(*at)).unwrap()
    }

    proptest! {
        #[test]
        fn the_wait_is_until_the_first_instant_with_room(
            windows in vec((1_u32..5, 1_u64..60), 1..4),
            mut events in vec(0_i64..120, 0..12),
            now in 0_i64..120,
        ) {
            let text: Vec<_> = windows.iter().map(|(count, span)| format!("{count}/{span}s")).collect();
            let limit: Limit = text.join(",").parse().unwrap();
            events.sort_unstable_by(|one, other| other.cmp(one));
            let newest: Vec<_> = events.iter().take(limit.most()).map(|at| Timestamp::from_seconds(*at)).collect();
            let wait = limit.wait(|nth| newest.get(nth).copied(), Timestamp::from_seconds(now));
            let until = first_free(&windows, &events, now);
            prop_assert_eq!(wait.map_or(0, |wait| wait.as_secs()), u64::try_from(until - now).unwrap());
            prop_assert_eq!(wait.is_some(), until > now);
        }
    }
}
