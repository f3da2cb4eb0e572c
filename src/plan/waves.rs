//! Which calls that keep an order go to the device, and the streams that they make there. Levels run on the device from the first on, and
//! what is left runs in the line: there is one switch. Where it lies is decided by what has been measured before.

use super::classes::Plan;
use super::levels::{LINE, widths};
use super::library::Compiled;
use super::ordered::OrderedCall;
use super::resolve::push_words;
use super::segment::{Stream, Waves};
use super::tape::SIDE_BY_SIDE;
use crate::ir::eval::inputs;
use crate::prefetch::prefetch_ends;
use crate::tx::BatchRef;
use crate::word::LIMBS;
use rayon::prelude::*;
use std::sync::Arc;
use std::time::Instant;

/// Calls that a thread turns into rows at once.
const GRAIN: usize = 1 << 10;

/// What a call and a level cost, in nanoseconds: averages over the segments so far. They start at round guesses, which the first segments
/// that use them replace.
#[derive(Debug, Clone, Copy)]
pub struct Costs {
    /// A level on the device, however narrow.
    level_ns: Average,
    /// A call of a wave, beyond that.
    row_ns: Average,
    /// A call of the line.
    line_ns: Average,
}

#[derive(Debug, Clone, Copy)]
struct Average {
    value: f64,
    measured: bool,
}

impl Average {
    const fn guess(value: f64) -> Self {
        Self { value, measured: false }
    }

    /// The first measurement counts whole, those after it a quarter.
    fn learn(&mut self, value: f64) {
        self.value = if self.measured { 0.75 * self.value + 0.25 * value } else { value };
        self.measured = true;
    }
}

impl Default for Costs {
    fn default() -> Self {
        Self { level_ns: Average::guess(20_000.), row_ns: Average::guess(500.), line_ns: Average::guess(1_500.) }
    }
}

impl Costs {
    /// A level that does nothing took so long.
    pub fn learn_level(&mut self, spent_ns: u64) {
        self.level_ns.learn(spent_ns as f64);
    }

    pub fn knows_levels(&self) -> bool {
        self.level_ns.measured
    }

    /// A plan's waves took what the stages say of them, and what making their rows did.
    pub fn learn_waves(&mut self, plan: &Plan, stages: &[(&'static str, u64)]) {
        let ran = stages.iter().find(|(stage, _)| *stage == "wave");
        let (levels, rows) = (plan.segment.waves.levels.len(), plan.segment.waves.streams.iter().map(|stream| stream.rows).sum());
        if let Some((_, spent_ns)) = ran {
            self.learn_rows(levels, rows, plan.waves_ns + spent_ns);
        }
    }

    fn learn_rows(&mut self, levels: usize, rows: usize, spent_ns: u64) {
        // A few rows say nothing of what a row costs.
        if rows >= GRAIN {
            let beyond = spent_ns as f64 - levels as f64 * self.level_ns.value;
            self.row_ns.learn((beyond / rows as f64).max(0.));
        }
    }

    /// So many kernels took so long in the line.
    pub fn learn_line(&mut self, calls: usize, spent_ns: u64) {
        if calls >= GRAIN {
            self.line_ns.learn(spent_ns as f64 / calls as f64);
        }
    }

    /// How many levels of these widths are worth the device.
    pub fn levels(&self, widths: &[usize]) -> usize {
        let saved = self.line_ns.value - self.row_ns.value;
        let (mut sum, mut best) = (0., (0., 0));
        for (level, width) in widths.iter().enumerate() {
            sum += *width as f64 * saved - self.level_ns.value;
            if sum > best.0 {
                best = (sum, level + 1);
            }
        }
        best.1
    }
}

/// How calls that keep an order are shared out.
#[derive(Debug, Clone, Copy)]
pub enum Share<'a> {
    Measured(&'a Costs),
    /// All that can goes to the device.
    Waves,
    /// None does.
    Line,
}

impl Share<'_> {
    /// How many of the levels go to the device.
    pub fn levels(self, levels: &[u32]) -> usize {
        let widths = widths(levels);
        match self {
            Self::Measured(costs) => costs.levels(&widths),
            Self::Waves => widths.len(),
            Self::Line => 0,
        }
    }
}

/// The waves of a segment, and what their rows are.
#[derive(Debug, Default)]
pub struct Waved {
    pub waves: Waves,
    /// For each stream its kernel.
    pub compiled: Vec<Arc<Compiled>>,
    /// For each stream and row the transaction.
    pub rows: Vec<Vec<u32>>,
    /// What making the rows took.
    pub spent_ns: u64,
}

/// Makes rows of the calls whose level is below `levels`.
pub fn rows(batch: BatchRef<'_>, calls: &[OrderedCall], level_of: &[u32], levels: usize) -> Waved {
    let start = Instant::now();
    let mut waved = Waved { waves: Waves { streams: vec![], levels: vec![vec![]; levels] }, ..Waved::default() };
    let mut parts: Vec<Vec<(u32, &OrderedCall)>> = Vec::new();
    for (call, level) in calls.iter().zip(level_of).filter(|(_, level)| **level != LINE && (**level as usize) < levels) {
        let stream = waved.compiled.iter().position(|compiled| Arc::ptr_eq(compiled, &call.kind.compiled)).unwrap_or_else(|| {
            waved.compiled.push(call.kind.compiled.clone());
            parts.push(vec![]);
            parts.len() - 1
        });
        parts[stream].push((*level, call));
    }
    for (at, mut part) in parts.into_iter().enumerate() {
        part.par_sort_by_key(|(level, _)| *level);
        let mut first = 0;
        for level in part.chunk_by(|a, b| a.0 == b.0) {
            let next = first + level.len() as u32;
            waved.waves.levels[level[0].0 as usize].push((at, first..next));
            first = next;
        }
        waved.rows.push(part.iter().map(|(_, call)| call.transaction).collect());
        waved.waves.streams.push(stream(batch, &part));
    }
    waved.spent_ns = start.elapsed().as_nanos() as u64;
    waved
}

/// The calls of one kernel as `Waver` lays them out.
fn stream(batch: BatchRef<'_>, part: &[(u32, &OrderedCall)]) -> Stream {
    let compiled = &part[0].1.kind.compiled;
    let parts: Vec<_> = part.par_chunks(GRAIN).map(|chunk| (chunk.len(), columns(batch, chunk))).collect();
    Stream::new(compiled.program.clone(), parts)
}

/// Has the calldata fetched of the calls that come next, and the transactions of those that come after them: levels have them in any order.
fn fetch_ahead(batch: BatchRef<'_>, calls: &[(u32, &OrderedCall)], from: usize) {
    let transactions = |from: usize| calls.iter().skip(from).take(SIDE_BY_SIDE).map(|(_, call)| call.transaction as usize);
    transactions(from + SIDE_BY_SIDE).for_each(|later| batch.fetch(later));
    transactions(from).for_each(|soon| prefetch_ends(batch.get(soon).data()));
}

fn columns(batch: BatchRef<'_>, all: &[(u32, &OrderedCall)]) -> Vec<Vec<u32>> {
    let compiled = &all[0].1.kind.compiled;
    let (program, wave) = (&compiled.program, compiled.wave.as_ref());
    let (Some(waver), Some(wave)) = (&program.waver, wave) else { return vec![] };
    let mut columns = vec![Vec::new(); waver.columns()];
    let (mut words, mut row) = (Vec::new(), 0);
    for (chunk, calls) in all.chunks(SIDE_BY_SIDE).enumerate() {
        fetch_ahead(batch, all, (chunk + 1) * SIDE_BY_SIDE);
        let indices = || calls.iter().map(|(_, call)| call.transaction);
        let evaluated = wave.tape.run(calls.len(), |input, words| inputs(*input, batch, indices(), words), &mut words);
        let (names, limbs) = columns.split_at_mut(program.walker.param_column(0));
        let (bits, cells) = names.split_at_mut(wave.bits.len().div_ceil(32));
        for (column, conditions) in bits.iter_mut().zip(wave.bits.chunks(32)) {
            column.resize(row + calls.len(), 0);
            conditions.iter().enumerate().for_each(|(bit, condition)| evaluated.gather(*condition, bit, &mut column[row..]));
        }
        cells.iter_mut().enumerate().for_each(|(key, column)| column.extend(calls.iter().map(|(_, call)| call.cells[key])));
        for (limbs, param) in limbs.chunks_exact_mut(LIMBS).zip(&wave.params) {
            let param = evaluated.column(*param);
            push_words(limbs, row, (0..calls.len()).map(|call| param.word(call)));
        }
        row += calls.len();
    }
    debug_assert_eq!(waver.columns(), wave.bits.len().div_ceil(32) + all[0].1.cells.len() + wave.params.len() * LIMBS);
    columns
}
