//! Which backups are kept: the last of each day, week and month, for a while.

use std::{collections::BTreeSet, str::FromStr};

use time::OffsetDateTime;

use super::time::Timestamp;

/// For how many days, weeks and months one backup each is kept; for ever if for
/// none of them. Those without a backup do not count, so that when none are made
/// any more none are lost. Days begin at 0:00 UTC, weeks on Mondays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    days: usize,
    weeks: usize,
    months: usize,
}

impl Retention {
    /// Those of some backups that are not kept.
    pub fn expired(self, taken: &[Timestamp]) -> Vec<Timestamp> {
        let mut newest_first = taken.to_vec();
        newest_first.sort_unstable_by(|one, other| other.cmp(one));
        if self.is_forever() {
            return Vec::new();
        }
        let kept: BTreeSet<_> = [
            (self.days, day as fn(Timestamp) -> i64),
            (self.weeks, week),
            (self.months, month),
        ]
        .into_iter()
        .flat_map(|(count, period)| last_of_each(&newest_first, count, period))
        .collect();
        newest_first.retain(|at| !kept.contains(at));
        newest_first
    }

    fn is_forever(self) -> bool {
        self.days + self.weeks + self.months == 0
    }
}

/// The last of each period, for as many as that.
fn last_of_each(
    newest_first: &[Timestamp],
    count: usize,
    period: fn(Timestamp) -> i64,
) -> Vec<Timestamp> {
    let mut last = newest_first.to_vec();
    last.dedup_by_key(|at| period(*at));
    last.truncate(count);
    last
}

fn day(at: Timestamp) -> i64 {
    at.seconds().div_euclid(86_400)
}

/// The first day of 1970 was a Thursday.
fn week(at: Timestamp) -> i64 {
    (day(at) + 3).div_euclid(7)
}

fn month(at: Timestamp) -> i64 {
    let date = OffsetDateTime::from_unix_timestamp(at.seconds());
    date.map_or(0, |date| {
        i64::from(date.year()) * 12 + i64::from(u8::from(date.month()))
    })
}

impl FromStr for Retention {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const EXPECTED: &str = "is not a rule: write for how many days, weeks and months the last backup of each is \
            kept, as in \"7d, 4w, 12m\", or \"all\"";
        let mut retention = Self {
            days: 0,
            weeks: 0,
            months: 0,
        };
        if text.trim() == "all" {
            return Ok(retention);
        }
        for part in text.split(',').map(str::trim) {
            let (count, slot) = match part.char_indices().next_back() {
                Some((at, 'd')) => (&part[..at], &mut retention.days),
                Some((at, 'w')) => (&part[..at], &mut retention.weeks),
                Some((at, 'm')) => (&part[..at], &mut retention.months),
                _ => return Err(EXPECTED.to_owned()),
            };
            let count = count
                .parse()
                .ok()
                .filter(|count| (1..=10_000).contains(count));
            match count {
                Some(count) if *slot == 0 => *slot = count,
                _ => return Err(EXPECTED.to_owned()),
            }
        }
        Ok(retention)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        let format = time::format_description::well_known::Rfc3339;
        let at = OffsetDateTime::parse(text, &format).unwrap();
        Timestamp::from_seconds(at.unix_timestamp())
    }

    fn kept(retention: Retention, taken: &[Timestamp]) -> BTreeSet<Timestamp> {
        let expired = retention.expired(taken);
        let taken = taken.iter().copied();
        taken.filter(|at| !expired.contains(at)).collect()
    }

    #[test]
    fn the_last_of_each_day_week_and_month_is_kept() {
        let taken = [
            "2026-10-31T23:00:00Z",
            "2026-11-01T00:00:00Z",
            "2026-11-22T23:59:59Z",
            "2026-11-23T00:00:00Z",
            "2026-11-29T12:00:00Z",
            "2026-11-30T00:00:00Z",
            "2026-11-30T06:00:00Z",
        ]
        .map(at);
        for (rule, expected) in [
            ("1d", &[6][..]),
            ("2d", &[4, 6]),
            ("2w", &[4, 6]),
            ("3w", &[2, 4, 6]),
            ("1d, 9m", &[0, 6]),
            ("2d,3w,2m", &[0, 2, 4, 6]),
            ("all", &[0, 1, 2, 3, 4, 5, 6]),
        ] {
            let expected = expected.iter().map(|index| taken[*index]).collect();
            assert_eq!(kept(rule.parse().unwrap(), &taken), expected, "{rule}");
        }
    }

    #[test]
    fn what_is_no_rule_is_refused() {
        for text in [
            "",
            "7",
            "d",
            "0d",
            "-1d",
            "7d,",
            "7d, 7d",
            "7y",
            "none",
            "99999999d",
        ] {
            assert!(text.parse::<Retention>().is_err(), "{text}");
        }
    }

    fn some() -> impl Strategy<Value = (Retention, Vec<Timestamp>)> {
        let rule = (0_usize..9, 0_usize..6, 0_usize..4);
        let rule = rule.prop_map(|(days, weeks, months)| Retention {
            days,
            weeks,
            months,
        });
        // Two years, in which about every other day has a backup.
        let taken = prop::collection::vec(0_i64..63_072_000, 0..400);
        let taken = taken.prop_map(|all| all.into_iter().map(Timestamp::from_seconds).collect());
        (rule, taken)
    }

    proptest! {
        #[test]
        fn the_newest_is_kept_and_no_more_than_the_rule_says((rule, taken) in some()) {
            let kept = kept(rule, &taken);
            prop_assert_eq!(kept.last(), taken.iter().max());
            let most = rule.days + rule.weeks + rule.months;
            prop_assert!(rule.is_forever() || kept.len() <= most);
        }

        #[test]
        fn pruning_after_each_backup_keeps_what_pruning_once_would((rule, mut taken) in some()) {
            taken.sort_unstable();
            let mut there = BTreeSet::new();
            for at in &taken {
                there.insert(*at);
                there = kept(rule, &there.into_iter().collect::<Vec<_>>());
            }
            prop_assert_eq!(there, kept(rule, &taken));
        }
    }
}
