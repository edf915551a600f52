//! Identifiers that the application draws, so that every storage engine has
//! the same: integers below 2^53 (exact in JSON and JavaScript), ordered by
//! time in steps of 128 ms, random within a step.
//!
//! An identifier is unique because the store refuses a second one; whoever
//! draws it draws again then.

use rand::{CryptoRng, RngExt};

use super::{error::StoreError, time::Timestamp};

/// 2020-01-01T00:00:00Z. From here 34 bits of steps last until 2089.
const EPOCH_MILLIS: i64 = 1_577_836_800_000;
const STEP_BITS: u32 = 7;
const CHANCE_BITS: u32 = 19;
/// The first instant whose identifiers would be those of another.
pub const END: Timestamp =
    Timestamp::from_millis(EPOCH_MILLIS + (1 << (53 - CHANCE_BITS + STEP_BITS)));

/// What identifiers may be: a double holds each of them (ECMA-262, section 21.1.2.6).
pub const RANGE: std::ops::Range<i64> = 1..1 << 53;

/// How often a draw is repeated before chance is to blame no more.
const DRAWS: usize = 16;

/// Identifies a user, for ever: never drawn again, not even after deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(pub i64);

/// Identifies a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub i64);

/// Identifies a challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChallengeId(pub i64);

/// Identifies a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FamilyId(pub i64);

/// Identifies a row of the audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct AuditId(pub i64);

/// Identifies a service key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyId(pub i64);

/// Draws an identifier for something that comes to be at `now`.
pub fn draw(now: Timestamp, rng: &mut dyn CryptoRng) -> i64 {
    let step = (now.millis() - EPOCH_MILLIS).max(0) >> STEP_BITS;
    let step = step & ((1 << (53 - CHANCE_BITS)) - 1);
    (step << CHANCE_BITS) | rng.random_range(0..1_i64 << CHANCE_BITS)
}

/// Draws identifiers for a `what` until one is not taken and `insert` returns
/// what it is of.
pub fn draw_free<T>(
    what: &str,
    now: Timestamp,
    rng: &mut dyn CryptoRng,
    mut insert: impl FnMut(i64, &mut dyn CryptoRng) -> Result<Option<T>, StoreError>,
) -> Result<T, StoreError> {
    for _ in 0..DRAWS {
        if let Some(inserted) = insert(draw(now, rng), rng)? {
            return Ok(inserted);
        }
    }
    Err(StoreError::no_free_id(what))
}

/// Whether whoever drew `id` sweeps for the others: one in 32 does, and takes
/// away more than 32 leave behind, so that tables stay small and nobody waits
/// long.
pub fn sweeps(id: i64) -> bool {
    id % 32 == 0
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;

    #[test]
    fn ids_are_ordered_by_time_and_fit_a_double() {
        let mut rng = StdRng::seed_from_u64(1);
        let mut last = 0;
        for seconds in [
            1_577_836_801_i64,
            1_713_215_473,
            1_800_000_000,
            3_000_000_000,
        ] {
            let id = draw(Timestamp::from_seconds(seconds), &mut rng);
            assert!(id > last && id < 1 << 53, "{id}");
            last = id;
        }
    }
}
