//! Totals without locks: what rows demand is written down by range of cells, and each range is summed by one thread, in a table that stays in
//! its cache. Taking back goes the same way, on values that are settled already: modulo 2^256 the order makes no difference.

use super::course::{Course, Courses, Demand, Finish};
use super::ledger::{Change, RANGE, SHORT, Sorted, Source};
use super::rows::{Group, NOTHING, Operand, Plan, Row, wide};
use super::stores::{self, Stores};
use super::{GRAIN, settle, verdict_of};
use crate::exec::segment::{Cleared, Part, Segment, TO_LINE};
use crate::ir::access::NO_CELL;
use crate::plan::cell_set::CellSet;
use crate::plan::tape::Room;
use crate::word::{self, LIMBS, TOTAL_LIMBS, Total, Word, to_word};
use alloy_primitives::U256;
use rayon::prelude::*;
use std::iter;
use std::ops::Range;
use std::sync::Arc;

/// Changes by range of cells.
struct Ledger {
    short: Sorted<SHORT>,
    long: Sorted<TOTAL_LIMBS>,
}

/// Changes as they come.
#[derive(Default)]
struct Draft<'a> {
    short: Short<'a>,
    long: Vec<Change<TOTAL_LIMBS>>,
}

/// Those written down one by one, and those that stay in their columns.
#[derive(Default)]
struct Short<'a> {
    list: Vec<Change<SHORT>>,
    columns: Vec<Columns<'a>>,
}

/// Amounts for one side of cells, row by row.
struct Columns<'a> {
    side: usize,
    cells: &'a [u32],
    amounts: Amounts<'a>,
}

enum Amounts<'a> {
    /// By limb; one that is 0 in all rows has no column.
    Limbs([&'a [u32]; SHORT]),
    Same([u32; SHORT]),
}

impl Source<SHORT> for Short<'_> {
    fn each(&self, mut visit: impl FnMut(Change<SHORT>)) {
        self.list.iter().for_each(|change| visit(*change));
        for Columns { side, cells, amounts } in &self.columns {
            let limb = |limbs: &[u32], row: usize| if limbs.is_empty() { 0 } else { limbs[row] };
            let named = cells.iter().enumerate().filter(|(_, cell)| **cell != NO_CELL);
            let named = named.map(|(row, cell)| (row, *cell << 1 | *side as u32));
            match amounts {
                Amounts::Limbs(limbs) => {
                    named.for_each(|(row, place)| visit(Change { place, amount: limbs.map(|limbs| limb(limbs, row)) }));
                }
                Amounts::Same(amount) => named.for_each(|(_, place)| visit(Change { place, amount: *amount })),
            }
        }
    }
}

impl Source<TOTAL_LIMBS> for Vec<Change<TOTAL_LIMBS>> {
    fn each(&self, visit: impl FnMut(Change<TOTAL_LIMBS>)) {
        self.iter().copied().for_each(visit);
    }
}

impl<'a> Draft<'a> {
    fn add(&mut self, cell: u32, side: usize, amount: &Total) {
        let place = cell << 1 | side as u32;
        match amount {
            [0, 0, 0, 0, 0, 0, 0, 0, 0] => {}
            [a, b, c, 0, 0, 0, 0, 0, 0] => self.short.list.push(Change { place, amount: [*a, *b, *c] }),
            amount => self.long.push(Change { place, amount: *amount }),
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

    /// Notes the demands of a row of this course.
    fn row_of(&mut self, row: &Row<'_>, course: &Course) {
        for Demand { key, side, amount } in &course.demands {
            match row.cell(*key) {
                NO_CELL => {}
                cell => self.add(cell, *side, &wide(&row.word(amount))),
            }
        }
    }

    /// Notes what a group demands, where something is computed.
    fn group(&mut self, group: &Group<'_>, demands: &[Demand]) {
        for Demand { key, side, amount } in demands {
            for (row, cell) in group.each().map(|row| (row, row.cell(*key))).filter(|(_, cell)| *cell != NO_CELL) {
                self.add(cell, *side, &wide(&row.word(amount)));
            }
        }
    }

    /// Notes what rows of one course demand, of which nothing is computed.
    fn rows(&mut self, plan: &Plan, part: &'a Part, rows: Range<usize>, demands: &[Demand]) {
        for Demand { key, side, amount } in demands {
            let (side, cells) = (*side, &part.columns[plan.cell_columns[*key]][rows.clone()]);
            let named = cells.iter().enumerate().filter(|(_, cell)| **cell != NO_CELL);
            let param = match amount {
                Operand::Param(param) => *param,
                Operand::Const(value) => {
                    match to_word(*value) {
                        [a, b, c, 0, 0, 0, 0, 0] => self.short.columns.push(Columns { side, cells, amounts: Amounts::Same([a, b, c]) }),
                        word => named.for_each(|(_, cell)| self.add(*cell, side, &wide(&word))),
                    }
                    continue;
                }
                Operand::Word(_) => unreachable!("nothing is computed for such a course"),
            };
            let first = plan.param_columns[param];
            let limbs: [&[u32]; LIMBS] = std::array::from_fn(|limb| part.columns[first + limb].get(rows.clone()).unwrap_or(&[]));
            if limbs[SHORT..].iter().all(|limbs| limbs.is_empty()) {
                let amounts = Amounts::Limbs(std::array::from_fn(|limb| limbs[limb]));
                self.short.columns.push(Columns { side, cells, amounts });
                continue;
            }
            for (row, cell) in named {
                let limb = |limb: usize| limbs.get(limb).and_then(|limbs| limbs.get(row)).copied().unwrap_or(0);
                self.add(*cell, side, &std::array::from_fn(limb));
            }
        }
    }

    fn sort(self, cells: usize) -> Ledger {
        let ranges = cells.div_ceil(RANGE);
        Ledger { short: Sorted::new(&self.short, ranges), long: Sorted::new(&self.long, ranges) }
    }
}

/// The debits and credits of the cells of a range, by the places that changes have in it: sums of short amounts, and of long ones where
/// there are any.
#[derive(Default)]
struct Sums {
    short: Vec<u128>,
    long: Vec<Total>,
}

impl Sums {
    fn of<'a>(&mut self, ledgers: impl Iterator<Item = &'a Ledger> + Clone, range: usize, cells: usize) {
        let first = 2 * range * RANGE;
        self.short.clear();
        self.short.resize(2 * cells, 0);
        self.long.clear();
        for change in ledgers.clone().flat_map(|ledger| ledger.short.of(range)) {
            let [a, b, c] = change.amount.map(u128::from);
            self.short[change.place as usize - first] += a | b << 32 | c << 64;
        }
        for change in ledgers.flat_map(|ledger| ledger.long.of(range)) {
            self.long.resize(2 * cells, NOTHING);
            let sum = &mut self.long[change.place as usize - first];
            *sum = word::add(*sum, change.amount);
        }
    }

    /// Debits and credits of a cell; `None` where they are more than short.
    fn short(&self, cell: usize) -> Option<[u128; 2]> {
        let is_short = self.long.get(2 * cell..2 * cell + 2).is_none_or(|long| *long == [NOTHING; 2]);
        is_short.then(|| [self.short[2 * cell], self.short[2 * cell + 1]])
    }

    fn totals(&self, cell: usize) -> (Total, Total) {
        let total = |place: usize| {
            let long = self.long.get(place).copied().unwrap_or(NOTHING);
            word::add(long, word::widen(U256::from(self.short[place])))
        };
        (total(2 * cell), total(2 * cell + 1))
    }
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
    stores: Stores,
    /// Those of them that demand more than they apply.
    inexact: Vec<u32>,
}

/// The demands of all rows, and the leaves at which they end.
pub(super) fn pieces<'a>(segment: &'a Segment, plans: &'a [Arc<Plan>]) -> Vec<Piece<'a>> {
    let of_part = |part: &Part| (0..part.rows).step_by(GRAIN).map(|row| row..part.rows.min(row + GRAIN)).collect::<Vec<_>>();
    let mut pieces: Vec<(usize, Vec<Rows<'a>>)> = Vec::new();
    for (stream, (parts, plan)) in segment.streams.iter().map(|stream| &stream.parts).zip(plans).enumerate() {
        for (part, rows) in parts.iter().flat_map(|part| of_part(part).into_iter().map(move |rows| (part, rows))) {
            let run = Rows { stream, plan, part, rows, outcomes: vec![], stores: Stores::default(), inexact: vec![] };
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
        let (mut draft, mut room) = (Draft::default(), Room::default());
        runs.iter_mut().for_each(|rows| rows.demand(&mut draft, &segment.base, &mut room));
        Piece { runs, ledger: draft.sort(segment.base.len()) }
    };
    pieces.into_par_iter().map(piece).collect()
}

impl<'a> Rows<'a> {
    fn demand(&mut self, draft: &mut Draft<'a>, base: &[Word], room: &mut Room) {
        self.outcomes.reserve(self.rows.len());
        let mut first = self.rows.start;
        for (bits, count) in same_bits(self.plan, self.part, self.rows.clone()) {
            let rows = first..first + count;
            first = rows.end;
            match bits.and_then(|bits| Course::new(self.plan, bits)) {
                Some(course) => {
                    draft.rows(self.plan, self.part, rows.clone(), &course.demands);
                    match course.end {
                        Some(finish) => {
                            let (plan, part) = (self.plan, self.part);
                            self.finish(rows.map(|row| plan.row(part, base, row)), &finish);
                        }
                        None => self.plan.each(self.part, base, rows, room, |row| self.end(row)),
                    }
                }
                None => self.groups(rows, bits, draft, base, room),
            }
        }
    }

    /// Rows of which cells decide the way, in groups. What follows each other and demands alike is noted together.
    fn groups(&mut self, rows: Range<usize>, bits: Option<u32>, draft: &mut Draft<'a>, base: &[Word], room: &mut Room) {
        let (plan, part, mut demands) = (self.plan, self.part, self.plan.demands());
        let mut alike: (Vec<Demand>, Range<usize>) = (vec![], rows.start..rows.start);
        plan.groups(part, base, rows, room, |group| {
            let Some(course) = Course::of(group, bits) else {
                group.need_all();
                return group.each().for_each(|row| {
                    row.demand(&mut demands);
                    draft.row(&row, &demands);
                    self.end(&row);
                });
            };
            if course.computes_demands() {
                draft.group(group, &course.demands);
            } else if alike.0 == course.demands && alike.1.end == group.rows.start {
                alike.1.end = group.rows.end;
            } else {
                draft.rows(plan, part, alike.1.clone(), &alike.0);
                alike = (course.demands, group.rows.clone());
            }
            match course.end {
                Some(finish) => self.finish(group.each(), &finish),
                None => {
                    group.need_all();
                    group.each().for_each(|row| self.end(&row));
                }
            }
        });
        draft.rows(plan, part, alike.1, &alike.0);
    }

    /// Rows that end so.
    fn finish<'r>(&mut self, rows: impl ExactSizeIterator<Item = Row<'r>> + Clone, finish: &Finish) {
        let first = self.outcomes.len();
        self.outcomes.resize(first + rows.len(), finish.leaf);
        if !finish.exact {
            self.inexact.extend(first as u32..self.outcomes.len() as u32);
        }
        if !finish.stores.is_empty() {
            self.stores.reserve(self.rows.len());
        }
        for (key, value) in &finish.stores {
            (first..).zip(rows.clone()).for_each(|(at, row)| self.stores.push(at, row.cell(*key), row.word(value)));
        }
    }

    fn end(&mut self, row: &Row<'_>) {
        let (at, end) = (self.outcomes.len(), row.end());
        end.stores.iter().for_each(|(key, value)| self.stores.push(at, row.cell(*key), row.word(value)));
        if !end.exact {
            self.inexact.push(at as u32);
        }
        self.outcomes.push(end.leaf);
    }

    /// Notes what is not to be applied. `contended` is there if any cell is.
    fn take_back(&mut self, draft: &mut Draft<'_>, base: &[Word], contended: Option<&CellSet>) {
        let (plan, part) = (self.plan, self.part);
        let to_line = contended.map(|contended| self.name(contended));
        let (mut demands, mut courses, mut room) = (plan.demands(), Courses::default(), Room::default());
        // Those that have to be gone through word by word, with whether they go to the line.
        let mut open = Vec::new();
        let goes = |at: usize| to_line.as_ref().is_some_and(|to_line| to_line[at]);
        let there = if to_line.is_some() { self.rows.len() } else { 0 };
        for (at, row) in self.rows.clone().enumerate().take(there).filter(|(at, _)| goes(*at)) {
            self.outcomes[at] = TO_LINE;
            match courses.of(plan, part, row) {
                Some(course) => draft.row_of(&plan.row(part, base, row), course),
                None => open.push((row, true)),
            }
        }
        let stay = self.inexact.iter().map(|at| *at as usize).filter(|at| !goes(*at));
        open.extend(stay.map(|at| (self.rows.start + at, false)));
        for runs in open.chunk_by(|(row, to_line), next| (row + 1, to_line) == (next.0, &next.1)) {
            let ((first, to_line), rows) = (runs[0], runs.len());
            plan.each(part, base, first..first + rows, &mut room, |row| {
                row.demand(&mut demands);
                let applied = if to_line { &[][..] } else { &row.end().applied };
                for ask in applied {
                    let demand = &mut demands[ask.key][ask.side];
                    *demand = word::sub(*demand, row.sum(&ask.terms));
                }
                draft.row(row, &demands);
            });
        }
    }

    /// Which rows name a contended cell.
    fn name(&self, contended: &CellSet) -> Vec<bool> {
        let mut named = vec![false; self.rows.len()];
        for column in &self.plan.cell_columns {
            let cells = self.part.columns[*column][self.rows.clone()].iter();
            named.iter_mut().zip(cells).for_each(|(named, cell)| *named |= contended.has(*cell));
        }
        named
    }
}

/// How many rows after each other have which bits; `None` where they have more than a column.
fn same_bits<'a>(plan: &Plan, part: &'a Part, rows: Range<usize>) -> Box<dyn Iterator<Item = (Option<u32>, usize)> + 'a> {
    match plan.bit_columns {
        0 => Box::new(iter::once((Some(0), rows.len()))),
        1 => Box::new(part.columns[0][rows].chunk_by(|a, b| a == b).map(|rows| (Some(rows[0]), rows.len()))),
        _ => Box::new(iter::once((None, rows.len()))),
    }
}

/// A verdict for each cell, and the values of those that are solvent, in the room of something `spare`.
pub(super) fn judge(segment: &Segment, pieces: &[Piece<'_>], spare: Cleared) -> Cleared {
    let Cleared { mut values, mut verdicts, .. } = spare;
    values.resize(segment.base.len(), Word::default());
    verdicts.resize(segment.base.len(), 0);
    let ranges = values.par_chunks_mut(RANGE).zip(verdicts.par_chunks_mut(RANGE)).enumerate();
    ranges.for_each_init(Sums::default, |sums, (range, (values, verdicts))| {
        sums.of(pieces.iter().map(|piece| &piece.ledger), range, values.len());
        for (at, (value, verdict)) in values.iter_mut().zip(verdicts).enumerate() {
            let cell = range * RANGE + at;
            let (flags, base) = (segment.flags[cell], &segment.base[cell]);
            (*verdict, *value) = match sums.short(at) {
                Some(sums) => judge_short(flags, base, sums.map(U256::from)),
                None => {
                    let totals = sums.totals(at);
                    let verdict = super::judge(flags, base, totals);
                    (verdict, if verdict == 0 { settle(base, totals) } else { *base })
                }
            };
        }
    });
    Cleared { values, verdicts, outcomes: vec![] }
}

/// The verdict, and the value that the cell has then, where the totals are words.
#[inline]
fn judge_short(flags: u32, base: &Word, [debits, credits]: [U256; 2]) -> (u32, Word) {
    let before = word::from_word(base);
    let falls_short = || debits > before || before.checked_add(credits).is_none();
    match verdict_of(flags, base, falls_short) {
        0 => (0, word::to_word(before.wrapping_sub(debits).wrapping_add(credits))),
        verdict => (verdict, *base),
    }
}

/// Takes back what is not to be applied: all of a row that goes to the line, and what a leaf does not apply of its row's demands.
pub(super) fn retract(segment: &Segment, pieces: &mut [Piece<'_>], cleared: &mut Cleared) {
    let Cleared { values, verdicts, .. } = cleared;
    let contended = CellSet::of(verdicts, |verdict| *verdict != 0);
    let contended = (!contended.is_empty()).then_some(&contended);
    let taken_back =
        pieces.par_iter_mut().filter(|piece| contended.is_some() || piece.runs.iter().any(|rows| !rows.inexact.is_empty())).map(|piece| {
            let mut draft = Draft::default();
            piece.runs.iter_mut().for_each(|rows| rows.take_back(&mut draft, &segment.base, contended));
            draft.sort(segment.base.len())
        });
    let taken_back: Vec<Ledger> = taken_back.collect();
    if taken_back.iter().all(|ledger| ledger.short.changes.is_empty() && ledger.long.changes.is_empty()) {
        return;
    }
    values.par_chunks_mut(RANGE).zip(verdicts.par_chunks(RANGE)).enumerate().for_each(|(range, (values, verdicts))| {
        let mut give_back = |place: u32, amount: U256| {
            let at = place as usize / 2 - range * RANGE;
            if verdicts[at] == 0 {
                let value = word::from_word(&values[at]);
                let is_credit = place & 1 == 1;
                values[at] = word::to_word(if is_credit { value.wrapping_sub(amount) } else { value.wrapping_add(amount) });
            }
        };
        for Ledger { short, long } in &taken_back {
            short.of(range).iter().for_each(|change| give_back(change.place, word_of(&change.amount)));
            long.of(range).iter().for_each(|change| give_back(change.place, word_of(&change.amount)));
        }
    });
}

/// An amount modulo 2^256.
fn word_of(amount: &[u32]) -> U256 {
    let mut word = Word::default();
    word.iter_mut().zip(amount).for_each(|(limb, of_amount)| *limb = *of_amount);
    word::from_word(&word)
}

/// Stores what rows leave in cells of their own, but for those that go to the line.
pub(super) fn store(pieces: &[Piece<'_>], cleared: &mut Cleared) {
    let of_piece = pieces.iter().map(|piece| piece.runs.iter().map(|rows| (&rows.stores, &rows.outcomes[..])).collect());
    stores::apply(of_piece.collect(), &mut cleared.values);
}

/// The outcomes by stream.
pub(super) fn outcomes(segment: &Segment, pieces: Vec<Piece<'_>>) -> Vec<Vec<u32>> {
    let mut outcomes: Vec<Vec<u32>> = segment.streams.iter().map(|stream| Vec::with_capacity(stream.rows)).collect();
    pieces.into_iter().flat_map(|piece| piece.runs).for_each(|rows| outcomes[rows.stream].extend(rows.outcomes));
    outcomes
}
