//! Totals without locks: what rows demand is written down by range of cells, and each range is summed by one thread, in a table that stays in
//! its cache. Taking back goes the same way, on values that are settled already: modulo 2^256 the order makes no difference.

use super::rows::{Ask, Plan, Row};
use super::{GRAIN, settle};
use crate::exec::segment::{Cleared, Part, Segment, TO_LINE};
use crate::ir::access::NO_CELL;
use crate::word::{self, TOTAL_LIMBS, Total, Word};
use rayon::prelude::*;
use std::ops::Range;

/// Cells of a range: their sums fit a core's cache.
const RANGE: usize = 1 << 12;
/// Limbs of an amount that is written down short, as most are.
const SHORT: usize = 3;

/// An amount of one cell: its side is 0 for debits, 1 for credits.
#[derive(Clone, Copy)]
struct Change<const N: usize> {
    cell: u32,
    side: u32,
    amount: [u32; N],
}

/// Changes by range of cells.
struct Ledger {
    short: Sorted<SHORT>,
    long: Sorted<TOTAL_LIMBS>,
}

/// Changes, range after range, and where each range starts.
struct Sorted<const N: usize> {
    changes: Vec<Change<N>>,
    starts: Vec<u32>,
}

impl<const N: usize> Sorted<N> {
    fn new(changes: &[Change<N>], ranges: usize) -> Self {
        let mut starts = vec![0; ranges + 1];
        changes.iter().for_each(|change| starts[change.cell as usize / RANGE + 1] += 1);
        (0..ranges).for_each(|range| starts[range + 1] += starts[range]);
        let (mut next, mut sorted) = (starts.clone(), vec![Change { cell: 0, side: 0, amount: [0; N] }; changes.len()]);
        for change in changes {
            let at = &mut next[change.cell as usize / RANGE];
            sorted[*at as usize] = *change;
            *at += 1;
        }
        Self { changes: sorted, starts }
    }

    fn of(&self, range: usize) -> &[Change<N>] {
        &self.changes[self.starts[range] as usize..self.starts[range + 1] as usize]
    }
}

/// Changes as they come.
#[derive(Default)]
struct Draft {
    short: Vec<Change<SHORT>>,
    long: Vec<Change<TOTAL_LIMBS>>,
}

impl Draft {
    fn add(&mut self, cell: u32, side: usize, amount: &Total) {
        let side = side as u32;
        match amount {
            [0, 0, 0, 0, 0, 0, 0, 0, 0] => {}
            [a, b, c, 0, 0, 0, 0, 0, 0] => self.short.push(Change { cell, side, amount: [*a, *b, *c] }),
            amount => self.long.push(Change { cell, side, amount: *amount }),
        }
    }

    /// Notes the demands of a row.
    fn row(&mut self, row: &Row<'_>, demands: &[[Total; 2]]) {
        for ((key, cell), asked) in row.cells().zip(&row.plan.asked).filter(|((_, cell), _)| *cell != NO_CELL) {
            for side in (0..2).filter(|side| asked[*side]) {
                self.add(cell, side, &demands[key][side]);
            }
        }
    }

    fn sort(self, cells: usize) -> Ledger {
        let ranges = cells.div_ceil(RANGE);
        Ledger { short: Sorted::new(&self.short, ranges), long: Sorted::new(&self.long, ranges) }
    }
}

/// Debits and credits of one cell, in limbs of 64 bits.
type Sums = [[u64; 5]; 2];

/// Debits and credits of the cells of a range.
fn sums<'a>(ledgers: impl Iterator<Item = &'a Ledger> + Clone, range: usize, sums: &mut [Sums]) {
    let first = range * RANGE;
    for change in ledgers.clone().flat_map(|ledger| ledger.short.of(range)) {
        let sum = &mut sums[change.cell as usize - first][change.side as usize];
        let [a, b, c] = change.amount.map(u64::from);
        let (low, carry) = sum[0].overflowing_add(a | b << 32);
        sum[0] = low;
        carry_on(&mut sum[1..], c + u64::from(carry));
    }
    for change in ledgers.flat_map(|ledger| ledger.long.of(range)) {
        let sum = &mut sums[change.cell as usize - first][change.side as usize];
        let mut limbs = change.amount.chunks(2).map(|pair| u64::from(pair[0]) | pair.get(1).map_or(0, |high| u64::from(*high) << 32));
        for at in 0..sum.len() {
            carry_on(&mut sum[at..], limbs.next().unwrap_or(0));
        }
    }
}

/// Adds to the lowest limb, and its carry to those above.
fn carry_on(limbs: &mut [u64], mut amount: u64) {
    for limb in limbs {
        let (sum, carry) = limb.overflowing_add(amount);
        *limb = sum;
        if !carry {
            break;
        }
        amount = 1;
    }
}

fn total(sum: &[u64; 5]) -> Total {
    std::array::from_fn(|limb| (sum[limb / 2] >> (32 * (limb % 2))) as u32)
}

/// Rows that one thread takes at once: few kernels' many, or a few of many kernels.
pub(super) struct Piece<'a> {
    runs: Vec<Rows<'a>>,
    ledger: Ledger,
}

/// Some rows of a stream, and what became of them.
struct Rows<'a> {
    stream: usize,
    plan: &'a Plan,
    part: &'a Part,
    rows: Range<usize>,
    outcomes: Vec<u32>,
    /// Some demand more than they apply.
    inexact: bool,
}

/// How the rows of each stream are walked.
pub(super) fn plans(segment: &Segment) -> Vec<Plan> {
    segment.streams.iter().map(|stream| Plan::new(&stream.program.kernel, &stream.program.walker)).collect()
}

/// The demands of all rows, and the leaves at which they end.
pub(super) fn pieces<'a>(segment: &'a Segment, plans: &'a [Plan]) -> Vec<Piece<'a>> {
    let of_part = |part: &Part| (0..part.rows).step_by(GRAIN).map(|row| row..part.rows.min(row + GRAIN)).collect::<Vec<_>>();
    let mut pieces: Vec<(usize, Vec<Rows<'a>>)> = Vec::new();
    for (stream, (parts, plan)) in segment.streams.iter().map(|stream| &stream.parts).zip(plans).enumerate() {
        for (part, rows) in parts.iter().flat_map(|part| of_part(part).into_iter().map(move |rows| (part, rows))) {
            let run = Rows { stream, plan, part, rows, outcomes: vec![], inexact: false };
            match pieces.last_mut() {
                Some((filled, runs)) if *filled + run.rows.len() <= GRAIN => {
                    *filled += run.rows.len();
                    runs.push(run);
                }
                _ => pieces.push((run.rows.len(), vec![run])),
            }
        }
    }
    let piece = |(_, mut runs): (usize, Vec<Rows<'a>>)| {
        let mut draft = Draft::default();
        runs.iter_mut().for_each(|rows| rows.demand(&mut draft, &segment.base));
        Piece { runs, ledger: draft.sort(segment.base.len()) }
    };
    pieces.into_par_iter().map(piece).collect()
}

impl Rows<'_> {
    fn demand(&mut self, draft: &mut Draft, base: &[Word]) {
        let (plan, part) = (self.plan, self.part);
        let mut demands = plan.demands();
        self.outcomes.reserve(self.rows.len());
        for row in self.rows.clone().map(|row| Row { plan, part, base, row }) {
            let end = row.end();
            self.outcomes.push(end.leaf);
            self.inexact |= !end.exact;
            row.demand(&mut demands);
            draft.row(&row, &demands);
        }
    }

    /// Notes what is not to be applied. `verdicts` are there if any is not 0.
    fn take_back(&mut self, draft: &mut Draft, base: &[Word], verdicts: Option<&[u32]>) {
        let (plan, part) = (self.plan, self.part);
        let mut demands = plan.demands();
        for (row, outcome) in self.rows.clone().zip(&mut self.outcomes) {
            let row = Row { plan, part, base, row };
            let contended = |verdicts: &[u32]| row.cells().any(|(_, cell)| cell != NO_CELL && verdicts[cell as usize] != 0);
            let (to_line, end) = (verdicts.is_some_and(contended), row.end());
            if to_line || !end.exact {
                row.demand(&mut demands);
                let applied: &[Ask] = if to_line { &[] } else { &end.applied };
                for ask in applied {
                    let demand = &mut demands[ask.key][ask.side];
                    *demand = word::sub(*demand, row.sum(&ask.terms));
                }
                draft.row(&row, &demands);
            }
            if to_line {
                *outcome = TO_LINE;
            }
        }
    }
}

/// A verdict for each cell, and the values of those that are solvent.
pub(super) fn judge(segment: &Segment, pieces: &[Piece<'_>]) -> Cleared {
    let (mut values, mut verdicts) = (vec![Word::default(); segment.base.len()], vec![0; segment.base.len()]);
    let ranges = values.par_chunks_mut(RANGE).zip(verdicts.par_chunks_mut(RANGE)).enumerate();
    ranges.for_each_init(Vec::new, |table, (range, (values, verdicts))| {
        table.clear();
        table.resize(values.len(), Sums::default());
        sums(pieces.iter().map(|piece| &piece.ledger), range, table);
        for (at, (value, verdict)) in values.iter_mut().zip(verdicts).enumerate() {
            let (cell, totals) = (range * RANGE + at, (total(&table[at][0]), total(&table[at][1])));
            let base = &segment.base[cell];
            *verdict = super::judge(segment.flags[cell], base, totals);
            *value = if *verdict == 0 { settle(base, totals) } else { *base };
        }
    });
    Cleared { values, verdicts, outcomes: vec![] }
}

/// Takes back what is not to be applied: all of a row that goes to the line, and what a leaf does not apply of its row's demands.
pub(super) fn retract(segment: &Segment, pieces: &mut [Piece<'_>], cleared: &mut Cleared) {
    let Cleared { values, verdicts, .. } = cleared;
    let contended = verdicts.par_iter().any(|verdict| *verdict != 0).then_some(&verdicts[..]);
    let taken_back = pieces.par_iter_mut().filter(|piece| contended.is_some() || piece.runs.iter().any(|rows| rows.inexact)).map(|piece| {
        let mut draft = Draft::default();
        piece.runs.iter_mut().for_each(|rows| rows.take_back(&mut draft, &segment.base, contended));
        draft.sort(segment.base.len())
    });
    let taken_back: Vec<Ledger> = taken_back.collect();
    if taken_back.iter().all(|ledger| ledger.short.changes.is_empty() && ledger.long.changes.is_empty()) {
        return;
    }
    values.par_chunks_mut(RANGE).zip(verdicts.par_chunks(RANGE)).enumerate().for_each_init(
        Vec::new,
        |table, (range, (values, verdicts))| {
            table.clear();
            table.resize(values.len(), Sums::default());
            sums(taken_back.iter(), range, table);
            for ((value, _), sums) in values.iter_mut().zip(verdicts).zip(table).filter(|((_, verdict), _)| **verdict == 0) {
                let [debits, credits] = sums.each_ref().map(total);
                *value = settle(value, (credits, debits));
            }
        },
    );
}

/// The outcomes by stream.
pub(super) fn outcomes(segment: &Segment, pieces: Vec<Piece<'_>>) -> Vec<Vec<u32>> {
    let mut outcomes: Vec<Vec<u32>> = segment.streams.iter().map(|stream| Vec::with_capacity(stream.rows)).collect();
    pieces.into_iter().flat_map(|piece| piece.runs).for_each(|rows| outcomes[rows.stream].extend(rows.outcomes));
    outcomes
}
