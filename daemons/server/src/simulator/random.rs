//! Everything that a seed decides. Each part of the world draws from a branch of its own, so that
//! one that draws once more does not change the others' history. Nothing else in the simulation is
//! random: no clock, no address, no order of threads is ever drawn from.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

pub(super) struct Random(ChaCha8Rng);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// Numbers of its own, which do not depend on how many are drawn here later.
    pub(super) fn branch(&mut self) -> Self {
        Self::new(self.0.random())
    }

    /// A number below this one, which is not zero.
    pub(super) fn below(&mut self, end: usize) -> usize {
        self.0.random_range(0..end)
    }

    /// A number from the first to the last.
    pub(super) fn between<T: rand::distr::uniform::SampleUniform + PartialOrd>(
        &mut self,
        first: T,
        last: T,
    ) -> T {
        self.0.random_range(first..=last)
    }

    /// True once in so many times.
    pub(super) fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// True so many times in a hundred.
    pub(super) fn percent(&mut self, percent: u32) -> bool {
        self.0.random_range(0..100) < percent
    }

    pub(super) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    pub(super) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        rand::Rng::fill_bytes(&mut self.0, &mut bytes);
        bytes
    }
}
