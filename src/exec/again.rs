//! What a clearing sends to the line, cleared once more by itself when some of it is gone. Whoever uses a contended cell was sent there, so
//! these calls and their cells are all that is left to decide; what was cleared before stays. It is not for segments with waves, which see
//! every verdict.

use super::segment::{Cleared, Part, Segment, Stream, TO_LINE};
use crate::ir::KeyId;
use crate::ir::access::NO_CELL;
use crate::plan::classes::Plan;
use crate::prefetch::prefetch;
use crate::word::{Word, from_word, to_word};
use rayon::prelude::*;
use std::sync::Arc;

/// Cells that are fetched while others are set.
const AHEAD: usize = 16;

/// The calls that wait for the line, over their own cells.
pub struct Again {
    /// A segment with no transactions of its own.
    pub plan: Plan,
    /// For each of its streams that in the segment, and the rows there.
    rows: Vec<(usize, Vec<usize>)>,
    /// For each of its cells that in the segment.
    cells: Vec<u32>,
}

impl Again {
    pub fn new(plan: &Plan, outcomes: &[Vec<u32>]) -> Self {
        let mut again = Self { plan: Plan::default(), rows: vec![], cells: vec![] };
        let mut numbers = vec![NO_CELL; plan.segment.base.len()];
        for (at, (stream, outcomes)) in plan.segment.streams.iter().zip(outcomes).enumerate() {
            let rows = (0..stream.rows).into_par_iter().with_min_len(1 << 12).filter(|row| outcomes[*row] == TO_LINE);
            let rows: Vec<usize> = rows.collect();
            if !rows.is_empty() {
                let stream = again.stream(stream, &rows, &mut numbers);
                again.plan.segment.streams.push(stream);
                again.rows.push((at, rows));
            }
        }
        let Segment { base, flags, .. } = &plan.segment;
        let of_cells = (0..again.cells.len()).into_par_iter().with_min_len(1 << 10).map(|at| {
            again.cells.get(at + AHEAD).into_iter().for_each(|soon| plan.segment.fetch(*soon));
            let cell = again.cells[at] as usize;
            (base[cell], flags[cell])
        });
        let (base, flags): (Vec<Word>, Vec<u32>) = of_cells.unzip();
        (again.plan.segment.base, again.plan.segment.flags) = (Arc::new(base), flags);
        again
    }

    /// Those rows of a stream. `numbers` are those of the cells as far as they have been met.
    fn stream(&mut self, stream: &Stream, rows: &[usize], numbers: &mut [u32]) -> Stream {
        let first_name = stream.program.walker.cell_column(KeyId::from_index(0));
        let names = first_name..first_name + stream.program.kernel.keys.len();
        let kept = |Part { first, rows: count, columns }: &Part| {
            let [from, to] = [*first, first + count].map(|bound| rows.partition_point(|row| *row < bound));
            let kept = |column: &Vec<u32>| match column.is_empty() {
                true => vec![],
                false => rows[from..to].iter().map(|row| column[row - first]).collect(),
            };
            (to - from, columns.iter().map(kept).collect())
        };
        let mut parts: Vec<(usize, Vec<Vec<u32>>)> = stream.parts.par_iter().map(kept).collect();
        for column in parts.iter_mut().flat_map(|(_, columns)| &mut columns[names.clone()]) {
            for at in 0..column.len() {
                let soon = column.get(at + AHEAD).and_then(|soon| numbers.get(*soon as usize));
                soon.into_iter().for_each(prefetch);
                column[at] = self.number(column[at], numbers);
            }
        }
        Stream::new(stream.program.clone(), parts.into_iter().filter(|(rows, _)| *rows > 0))
    }

    fn number(&mut self, cell: u32, numbers: &mut [u32]) -> u32 {
        let Some(number) = numbers.get_mut(cell as usize) else { return NO_CELL };
        if *number == NO_CELL {
            *number = self.cells.len() as u32;
            self.cells.push(cell);
        }
        *number
    }

    /// Puts what came of it into what had come of the segment. A contended cell whose calls have all gone stays so: it is as it was, and
    /// whoever meets it in the line may.
    pub fn join(self, again: &Cleared, cleared: &mut Cleared) {
        let base = &self.plan.segment.base;
        for (at, cell) in self.cells.iter().map(|cell| *cell as usize).enumerate() {
            if let Some(soon) = self.cells.get(at + AHEAD) {
                prefetch(&cleared.values[*soon as usize]);
                prefetch(&cleared.verdicts[*soon as usize]);
            }
            // What is contended now was so before, and has its value from before the segment.
            if again.verdicts[at] == 0 {
                let [now, again, before] = [&cleared.values[cell], &again.values[at], &base[at]].map(from_word);
                cleared.values[cell] = to_word(now.wrapping_add(again.wrapping_sub(before)));
            }
            cleared.verdicts[cell] = again.verdicts[at];
        }
        for ((stream, rows), outcomes) in self.rows.iter().zip(&again.outcomes) {
            rows.iter().zip(outcomes).for_each(|(row, outcome)| cleared.outcomes[*stream][*row] = *outcome);
        }
    }
}
