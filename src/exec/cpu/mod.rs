//! Clearing on all cores: a backend where there is no device, and the twins of the device's passes. Both may assume what `pass::check` has
//! checked, and nothing depends on the order of threads: totals are sums.

mod course;
mod ledger;
mod plans;
mod rows;
mod stores;
mod sums;
mod tree;
mod twin;
mod wave;

use super::pass::{self, Buffers, Pass};
use super::segment::{Cleared, Clearing, Segment, Stages, verdict};
use crate::error::Result;
use crate::ir::access::flags;
use crate::word::{self, LIMBS, Total, Word};
use plans::Plans;
use rayon::prelude::*;
use rows::{NOTHING, wide};
use std::hint::black_box;
use std::mem::take;
use std::time::Instant;

/// Rows that a thread takes at once: enough to hide the taking, few enough to share out evenly.
const GRAIN: usize = 1 << 13;

/// The backend.
#[derive(Debug, Default)]
pub struct Cpu {
    stages: Stages,
    /// What came of an earlier segment.
    spare: Cleared,
    plans: Plans,
}

impl Clearing for Cpu {
    fn clear(&mut self, segment: &Segment) -> Result<Cleared> {
        let mut lap = Instant::now();
        let mut stages = Stages::new();
        let mut stage = |name| {
            stages.push((name, lap.elapsed().as_nanos() as u64));
            lap = Instant::now();
        };
        pass::check(segment)?;
        stage("prepare");
        let plans = self.plans.of(segment);
        let mut pieces = sums::pieces(segment, &plans);
        stage("net");
        let mut cleared = sums::judge(segment, &pieces, take(&mut self.spare));
        stage("judge");
        sums::retract(segment, &mut pieces, &mut cleared);
        sums::store(&pieces, &mut cleared);
        cleared.outcomes = sums::outcomes(segment, pieces);
        stage("retract");
        if !segment.waves.levels.is_empty() {
            waves(segment, &mut cleared);
            stage("wave");
        }
        self.stages = stages;
        Ok(cleared)
    }

    fn recycle(&mut self, cleared: Cleared) {
        self.spare = cleared;
    }

    fn stages(&self) -> Stages {
        self.stages.clone()
    }

    /// Rows of a level are handed to threads, which takes as long for few rows as waking them does.
    fn level_ns(&mut self) -> Result<u64> {
        let (levels, start) = (16, Instant::now());
        for level in 0..levels {
            black_box((0..rayon::current_num_threads()).into_par_iter().map(|thread| thread + level).sum::<usize>());
        }
        Ok(start.elapsed().as_nanos() as u64 / levels as u64)
    }
}

impl Cpu {
    /// The buffers after the passes up to `last`, by their twins: for tests, and for whoever looks for where a device goes astray.
    pub fn after(&mut self, segment: &Segment, last: Pass) -> Result<Buffers> {
        pass::check(segment)?;
        Ok(twin::after(segment, last))
    }
}

/// The waves work on what the cleared calls left of solvent cells.
fn waves(segment: &Segment, cleared: &mut Cleared) {
    let outcomes = wave::run(&segment.waves, &mut cleared.values, &mut cleared.verdicts, |values, (cell, side, amount)| {
        let mut amounts = [NOTHING; 2];
        amounts[side] = wide(&amount);
        let value = &mut values[cell as usize];
        *value = settle(value, amounts.into());
    });
    cleared.outcomes.extend(outcomes);
}

/// Whether a cell's calls need an order: by how they use it, or because it may fall short of a guard.
fn judge(flags: u32, base: &Word, (debits, credits): (Total, Total)) -> u32 {
    let value = wide(base);
    verdict_of(flags, base, || word::less(&value, &debits) || word::add(value, credits)[LIMBS] != 0)
}

#[inline]
fn verdict_of(flags: u32, base: &Word, falls_short: impl FnOnce() -> bool) -> u32 {
    let guarded = flags & (flags::GUARD | flags::SENTINEL) != 0;
    let sentinel = || flags & flags::SENTINEL != 0 && flags & flags::PLAIN_DEBIT != 0 && *base == [u32::MAX; LIMBS];
    match flags::ordered(flags) {
        true => verdict::ORDERED,
        false if (guarded && falls_short()) || sentinel() => verdict::SHORT,
        false => 0,
    }
}

/// A solvent cell's value: before - debits + credits.
fn settle(before: &Word, (debits, credits): (Total, Total)) -> Word {
    let mut word = [0; LIMBS];
    word.copy_from_slice(&word::add(word::sub(wide(before), debits), credits)[..LIMBS]);
    word
}
