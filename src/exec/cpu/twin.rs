//! The passes' twins, one after another as the device has them, and the totals that they leave: what its buffers are compared with.

use super::rows::{Ask, NOTHING, Plan, Row, wide};
use super::{judge, settle, wave};
use crate::exec::pass::{Buffers, Pass};
use crate::exec::segment::{Segment, Stream, TO_LINE};
use crate::ir::access::NO_CELL;
use crate::plan::tape::Room;
use crate::word::{self, Total, Word, to_word};

/// Debits and credits, a total a cell.
#[derive(Default)]
struct Totals([Vec<Total>; 2]);

impl Totals {
    /// Adds amounts to the totals of a row's cells, or takes them.
    fn change(&mut self, row: &Row<'_>, amounts: &[[Total; 2]], change: impl Fn(Total, Total) -> Total) {
        for (key, cell) in row.cells().filter(|(_, cell)| *cell != NO_CELL) {
            for (totals, amount) in self.0.iter_mut().zip(&amounts[key]) {
                let total = &mut totals[cell as usize];
                *total = change(*total, *amount);
            }
        }
    }

    fn of(&self, cell: usize) -> (Total, Total) {
        (self.0[0][cell], self.0[1][cell])
    }
}

/// The buffers after the passes up to `last`. The segment has been checked.
pub(super) fn after(segment: &Segment, last: Pass) -> Buffers {
    let plans: Vec<Plan> = segment.streams.iter().map(|stream| Plan::new(&stream.program.kernel, &stream.program.walker)).collect();
    let cells = segment.base.len();
    let mut totals = Totals([vec![NOTHING; cells], vec![NOTHING; cells]]);
    let (mut values, mut verdicts, mut outcomes) = (segment.base.to_vec(), vec![], vec![]);
    for pass in Pass::ALL.into_iter().filter(|pass| *pass <= last) {
        match pass {
            Pass::Net => plans.iter().zip(&segment.streams).for_each(|(plan, stream)| net(plan, stream, &segment.base, &mut totals)),
            Pass::Judge => {
                let verdict = |cell: usize| judge(segment.flags[cell], &segment.base[cell], totals.of(cell));
                verdicts = (0..cells).map(verdict).collect();
            }
            Pass::Retract => {
                let streams = plans.iter().zip(&segment.streams);
                outcomes = streams.map(|(plan, stream)| retract(plan, stream, segment, &verdicts, &mut totals, &mut values)).collect();
            }
            Pass::Wave => {
                outcomes.extend(wave::run(&segment.waves, &mut values, &mut verdicts, |_, (cell, side, amount)| {
                    let total = &mut totals.0[side][cell as usize];
                    *total = word::add(*total, wide(&amount));
                }));
            }
            Pass::Settle => {
                let solvent = values.iter_mut().enumerate().filter(|(cell, _)| verdicts[*cell] == 0);
                solvent.for_each(|(cell, value)| *value = settle(value, totals.of(cell)));
            }
        }
    }
    let [debits, credits] = totals.0.map(|totals| totals.into_flattened());
    Buffers { base: values.into_flattened(), debits, credits, verdicts, outcomes }
}

fn each(plan: &Plan, stream: &Stream, base: &[Word], mut visit: impl FnMut(&Row<'_>)) {
    let mut room = Room::default();
    stream.parts.iter().for_each(|part| plan.each(part, base, 0..part.rows, &mut room, &mut visit));
}

/// Adds the demands of each row to the totals of its cells.
fn net(plan: &Plan, stream: &Stream, base: &[Word], totals: &mut Totals) {
    let mut demands = plan.demands();
    each(plan, stream, base, |row| {
        row.demand(&mut demands);
        totals.change(row, &demands, word::add);
    });
}

/// Takes back what settle must not apply: all of a row that goes to the line, and what a leaf does not apply of its row's demands. Others
/// store what their leaf leaves in cells of their own.
fn retract(plan: &Plan, stream: &Stream, segment: &Segment, verdicts: &[u32], totals: &mut Totals, values: &mut [Word]) -> Vec<u32> {
    let (mut demands, mut outcomes) = (plan.demands(), Vec::with_capacity(stream.rows));
    each(plan, stream, &segment.base, |row| {
        let end = row.end();
        let to_line = row.cells().any(|(_, cell)| cell != NO_CELL && verdicts[cell as usize] != 0);
        row.demand(&mut demands);
        let applied: &[Ask] = if to_line { &[] } else { &end.applied };
        for ask in applied {
            let demand = &mut demands[ask.key][ask.side];
            *demand = word::sub(*demand, row.sum(&ask.terms));
        }
        totals.change(row, &demands, word::sub);
        if !to_line {
            let stores = end.stores.iter().map(|(key, value)| (row.cell(*key), row.value(value)));
            stores.filter(|(cell, _)| *cell != NO_CELL).for_each(|(cell, value)| values[cell as usize] = to_word(value));
        }
        outcomes.push(if to_line { TO_LINE } else { end.leaf });
    });
    outcomes
}
