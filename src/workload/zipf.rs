//! Zipf's law over ranks: the one of rank k is drawn in proportion to k^-0.99, as key-value stores are measured with.

use super::random::Random;
use rayon::prelude::*;

const EXPONENT: f64 = 0.99;

/// The weight of the first rank: whole numbers, so that no draw depends on how a machine rounds sums.
const FIRST: f64 = (1_u64 << 40) as f64;

/// A law over ranks from 0.
pub(super) struct Zipf {
    /// For each rank the weight of all before it and its own.
    sums: Vec<u64>,
}

impl Zipf {
    pub(super) fn new(ranks: usize) -> Self {
        let mut sums: Vec<u64> = (1..=ranks).into_par_iter().map(|rank| (FIRST * (rank as f64).powf(-EXPONENT)) as u64).collect();
        let mut sum = 0;
        for weight in &mut sums {
            sum += *weight;
            *weight = sum;
        }
        Self { sums }
    }

    pub(super) fn draw(&self, random: &mut Random) -> usize {
        let at = random.below(self.sums.last().copied().unwrap_or(0));
        self.sums.partition_point(|sum| *sum <= at)
    }
}
