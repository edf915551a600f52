//! Chance that can be had again: whoever knows the seed repeats the run.

use invited::clock::dice;
use rand::{Rng, RngExt, SeedableRng, rngs::StdRng};

/// In every text that is made up here, so that answers and logs can be
/// searched for all of them at once. Long enough not to come by accident.
pub const MARK: &str = "zqxjkvwz";

pub struct Chance(StdRng);

impl Chance {
    /// The same every time.
    pub fn of(seed: u64) -> Self {
        println!("seed {seed}");
        Self(StdRng::seed_from_u64(seed))
    }

    /// Another every time, unless `FUZZ_SEED` names it.
    pub fn fresh() -> Self {
        let named = std::env::var_os("FUZZ_SEED").and_then(|seed| seed.to_str()?.parse().ok());
        Self::of(named.unwrap_or_else(|| dice().next_u64()))
    }

    /// Chance for another run, that this one's seed tells.
    pub fn branch(&mut self) -> Self {
        Self::of(self.0.next_u64())
    }

    pub fn below(&mut self, bound: usize) -> usize {
        self.0.random_range(0..bound)
    }

    pub fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    pub fn byte(&mut self) -> u8 {
        self.0.random()
    }

    pub fn bytes(&mut self, most: usize) -> Vec<u8> {
        (0..self.below(most + 1)).map(|_| self.byte()).collect()
    }

    pub fn digits(&mut self, count: usize) -> String {
        (0..count)
            .map(|_| char::from(b'0' + self.0.random_range(0..10_u8)))
            .collect()
    }

    /// A number that may be sent to.
    pub fn phone(&mut self) -> String {
        format!("+79{}{}", self.below(4), self.digits(8))
    }

    /// A word like no other.
    pub fn mark(&mut self) -> String {
        format!("{MARK}{}", self.digits(6))
    }
}
