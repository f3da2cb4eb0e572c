//! The outputs of a segment, for engines that record them: who ran what in whichever lane, put in batch order, and shown. It comes before
//! the commit, which starts from the same state.

use super::{Engine, Report};
use crate::error::Result;
use crate::exec::line::Lined;
use crate::exec::outputs::{Outputs, Ran, Turn};
use crate::exec::segment::{Cleared, TO_LINE};
use crate::ir::LeafId;
use crate::plan::classes::Plan;
use crate::tx::BatchRef;
use std::borrow::Cow;
use std::collections::HashSet;

/// Fills the outputs of a segment's transactions; fails where they do not lead to the values that are to be committed.
pub(super) fn show(
    engine: &Engine,
    batch: BatchRef<'_>,
    plan: &Plan,
    cleared: &Cleared,
    lined: Option<&mut Lined>,
    report: &mut Report,
) -> Result<()> {
    let mut turns = kernels(plan, cleared);
    if let Some(lined) = lined {
        // Those that left their kernels in the line were run by revm.
        let by_revm: HashSet<u32> = lined.fallbacks.iter().map(|turn| turn.transaction).collect();
        turns.retain(|turn| !by_revm.contains(&turn.transaction));
        turns.extend(std::mem::take(&mut lined.fallbacks));
    }
    turns.sort_unstable_by_key(|turn| turn.transaction);
    let mut outputs = Outputs::new(&engine.state, &engine.numbering, batch);
    for turn in turns {
        let index = turn.transaction as usize;
        report.outputs[index] = outputs.next(turn)?;
    }
    outputs.finish(&cleared.values)
}

/// The turns of all calls that have a kernel, in no order. What the line ran may have ended at any leaf.
fn kernels<'a>(plan: &'a Plan, cleared: &Cleared) -> Vec<Turn<'a>> {
    let mut turns: Vec<Turn<'a>> = Vec::new();
    for (index, compiled, leaf) in &plan.decided {
        let ran = Ran::Kernel { kernel: &compiled.program.kernel, cells: Cow::Borrowed(&[]), leaf: Some(*leaf) };
        turns.push(Turn { transaction: *index, ran });
    }
    for doomed in &plan.doomed {
        let ran = Ran::Kernel { kernel: &doomed.compiled.program.kernel, cells: Cow::Borrowed(&doomed.cells), leaf: None };
        turns.push(Turn { transaction: doomed.transaction, ran });
    }
    for call in &plan.ordered {
        let ran = Ran::Kernel { kernel: &call.kind.compiled.program.kernel, cells: Cow::Borrowed(&call.cells), leaf: None };
        turns.push(Turn { transaction: call.transaction, ran });
    }
    for ((stream, rows), outcomes) in plan.segment.all_streams().zip(&plan.rows).zip(&cleared.outcomes) {
        turns.extend(outcomes.iter().zip(rows).enumerate().map(|(row, (outcome, transaction))| {
            let leaf = (*outcome != TO_LINE).then(|| LeafId::from_index(*outcome as usize));
            let ran = Ran::Kernel { kernel: &stream.program.kernel, cells: Cow::Owned(stream.cells(row)), leaf };
            Turn { transaction: *transaction, ran }
        }));
    }
    turns
}
