//! How soon messages arrive: a histogram by gateway, of which each bucket is
//! counted like anything else that happens. A quantile is estimated from it: as
//! if what is in a bucket were spread evenly over it.

use std::time::Duration;

/// Where each bucket ends, in seconds, and what it is called. Never to be
/// changed, but for more of them.
const BUCKETS: [(u32, &str); 13] = [
    (1, "arrived_1"),
    (2, "arrived_2"),
    (3, "arrived_3"),
    (5, "arrived_5"),
    (8, "arrived_8"),
    (13, "arrived_13"),
    (20, "arrived_20"),
    (30, "arrived_30"),
    (60, "arrived_60"),
    (120, "arrived_120"),
    (300, "arrived_300"),
    (900, "arrived_900"),
    (u32::MAX, "arrived_later"),
];

/// How long a message took: one of the buckets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Arrival(usize);

impl Arrival {
    /// Every bucket, the soonest first.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..BUCKETS.len()).map(Self)
    }

    /// The bucket of a message that took so long.
    pub fn after(span: Duration) -> Self {
        let is_within = |(end, _): &(u32, &str)| span <= Duration::from_secs((*end).into());
        let bucket = BUCKETS.iter().position(is_within);
        Self(bucket.unwrap_or(BUCKETS.len() - 1))
    }

    /// As it is written.
    pub fn name(self) -> &'static str {
        BUCKETS[self.0].1
    }
}

/// How many messages took how long.
#[derive(Debug, Clone, Copy, Default)]
pub struct Arrivals([u32; BUCKETS.len()]);

impl Arrivals {
    /// Adds some that took as long.
    pub fn add(&mut self, arrival: Arrival, count: i64) {
        let sum = &mut self.0[arrival.0];
        *sum = sum.saturating_add(u32::try_from(count).unwrap_or(0));
    }

    /// In how many seconds, and tenths, this share of them arrived, as far as buckets tell:
    /// of the last one no more than where it begins. `None` where none did.
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let all: u32 = self
            .0
            .iter()
            .fold(0, |sum, count| sum.saturating_add(*count));
        let rank = f64::from(all) * share;
        let (mut before, mut begin) = (0.0, 0.0);
        for (count, (end, _)) in self.0.into_iter().zip(BUCKETS) {
            let count = f64::from(count);
            if count > 0.0 && before + count >= rank {
                let is_open = end == u32::MAX;
                let width = if is_open { 0.0 } else { f64::from(end) - begin };
                let seconds = begin + width * (rank - before) / count;
                return Some((seconds * 10.0).round() / 10.0);
            }
            (before, begin) = (before + count, f64::from(end));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrivals(seconds: &[u64]) -> Arrivals {
        let mut arrivals = Arrivals::default();
        for seconds in seconds {
            arrivals.add(Arrival::after(Duration::from_secs(*seconds)), 1);
        }
        arrivals
    }

    #[test]
    fn a_quantile_is_in_the_bucket_of_what_it_is_of() {
        assert_eq!(arrivals(&[]).quantile(0.5), None);
        assert_eq!(arrivals(&[0]).quantile(0.5), Some(0.5));
        assert_eq!(arrivals(&[4, 4, 4, 4]).quantile(0.5), Some(4.0));
        assert_eq!(arrivals(&[1, 1, 1, 100]).quantile(0.95), Some(108.0));
        assert_eq!(arrivals(&[1, 90_000]).quantile(0.95), Some(900.0));
    }

    #[test]
    fn every_bucket_has_a_name_of_its_own_and_takes_its_end() {
        let names: std::collections::BTreeSet<_> = Arrival::all().map(Arrival::name).collect();
        assert_eq!(names.len(), BUCKETS.len());
        for (bucket, (end, _)) in Arrival::all().zip(BUCKETS) {
            assert_eq!(Arrival::after(Duration::from_secs(end.into())), bucket);
        }
    }
}
