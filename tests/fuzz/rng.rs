//! Random input that is reproducible from its seed.

use invited::clock::dice;
use rand::{Rng, RngExt, SeedableRng, rngs::StdRng};

/// In every generated text, so that responses and logs can be searched for all
/// of them at once. Long enough not to come by accident.
pub const MARKER: &str = "zqxjkvwz";

pub struct TestRng(StdRng);

impl TestRng {
    pub fn seeded(seed: u64) -> Self {
        println!("seed {seed}");
        Self(StdRng::seed_from_u64(seed))
    }

    /// A random seed, unless `FUZZ_SEED` sets it.
    pub fn from_env() -> Self {
        let seed = std::env::var_os("FUZZ_SEED").and_then(|seed| seed.to_str()?.parse().ok());
        Self::seeded(seed.unwrap_or_else(|| dice().next_u64()))
    }

    /// An independent generator, whose seed is printed too.
    pub fn fork(&mut self) -> Self {
        Self::seeded(self.0.next_u64())
    }

    pub fn below(&mut self, bound: usize) -> usize {
        self.0.random_range(0..bound)
    }

    pub fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    pub fn choose<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    /// One of the texts between vertical bars.
    pub fn choose_from(&mut self, texts: &'static str) -> &'static str {
        let texts: Vec<_> = texts.split('|').collect();
        self.choose::<&str>(&texts)
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

    /// A phone that messages are sent to.
    pub fn phone(&mut self) -> String {
        format!("+79{}{}", self.below(4), self.digits(8))
    }

    /// A unique word.
    pub fn marker(&mut self) -> String {
        format!("{MARKER}{}", self.digits(6))
    }
}
