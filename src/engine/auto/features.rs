//! The features of a plan: counted, but for the hottest cell, which a sample of the rows tells well enough.

use super::Features;
use crate::exec::segment::{Segment, Stream};
use crate::ir::access::NO_CELL;
use crate::plan::classes::Plan;
use std::collections::HashMap;

/// Rows that are looked at: a cell that a hundredth of all rows use does not escape them.
const SAMPLE: usize = 1 << 9;

/// Dispatches a stream: net and retract.
const PASSES: usize = 2;

impl Features {
    pub fn of(plan: &Plan) -> Self {
        let segment = &plan.segment;
        let rows = |streams: &[Stream]| streams.iter().map(|stream| stream.rows).sum();
        Self {
            dispatches: PASSES * segment.streams.len() + segment.waves.levels.iter().map(Vec::len).sum::<usize>(),
            clear_rows: rows(&segment.streams),
            wave_rows: rows(&segment.waves.streams),
            line_calls: plan.ordered.len() + plan.fallbacks.len(),
            cells: segment.base.len(),
            hottest: hottest(segment),
        }
    }
}

/// About how many rows use the cell that most use.
fn hottest(segment: &Segment) -> usize {
    let rows: usize = segment.all_streams().map(|stream| stream.rows).sum();
    let step = rows.div_ceil(SAMPLE).max(1);
    let mut uses: HashMap<u32, usize, ahash::RandomState> = HashMap::default();
    for stream in segment.all_streams() {
        let cells = (0..stream.rows).step_by(step).flat_map(|row| stream.cells(row));
        cells.filter(|cell| *cell != NO_CELL).for_each(|cell| *uses.entry(cell).or_default() += 1);
    }
    step * uses.values().max().copied().unwrap_or(0)
}
