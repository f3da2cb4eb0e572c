//! A batch in segments: each is resolved, classified, cleared, and its line run; then it is committed. Where the line is surprised, the
//! segment is cut before the transaction that surprised it, and done again.

use super::backend::Executor;
use super::clearers::Clearers;
use super::pipeline::{Ahead, Beside};
use super::{Choice, Clock, Engine, Forced, Report, commit, show};
use crate::error::{Error, Result};
use crate::exec::again::Again;
use crate::exec::fallback::Fallback;
use crate::exec::line::{Line, Lined, Stopped, Work};
use crate::exec::segment::{Cleared, Stages, TO_LINE};
use crate::exec::sequence;
use crate::ir::Kernel;
use crate::limits;
use crate::plan::classes::{Parts, Plan, Prediction, classify};
use crate::plan::doomed;
use crate::plan::resolve::{Chunk, resolve};
use crate::plan::waves::Share;
use crate::state::State;
use crate::tx::{BatchRef, Lane, Output, Receipt, Status};
use std::collections::BTreeSet;
use std::mem::take;
use std::ops::Range;
use std::time::Instant;

/// Calls of the line that are fetched while others run.
const AHEAD: usize = 4;

/// Transactions that are to be a segment.
struct Span {
    range: Range<usize>,
    /// It may be cut around writers of what very many read.
    may_fence: bool,
}

/// How far a segment came.
enum Reached {
    Committed,
    /// It has to end here; nothing was committed.
    Cut(usize),
    /// It and those behind it are better cut here, all of it inside the segment; nothing was committed.
    Fenced(Vec<u32>),
}

impl Engine {
    pub(super) fn run_in_segments(&mut self, batch: BatchRef<'_>, beside: &mut Beside<'_>, clock: &mut Clock) -> Result<Report> {
        let mut report = self.report(vec![USUAL; batch.len()]);
        if self.record.outputs {
            report.outputs = vec![Output::default(); batch.len()];
        }
        let mut fallback = Fallback::new(batch.block);
        let (mut start, mut span, mut fences) = (0, limits::SEGMENT, BTreeSet::new());
        // What was resolved for nothing: cuts and fences are worth so much and no more.
        let (mut cuts, mut fenced) = (0, 0);
        while start < batch.len() {
            let end = batch.len().min(start + span);
            let end = fences.range(start + 1..end.max(start + 1)).next().copied().unwrap_or(end);
            let may_fence = fenced <= 2 * batch.len();
            match self.run_segment(batch, Span { range: start..end, may_fence }, &mut fallback, &mut report, beside, clock)? {
                Reached::Committed => {
                    report.segments += 1;
                    (start, cuts) = (end, 0);
                    span = (2 * span).min(limits::SEGMENT);
                }
                Reached::Fenced(more) => {
                    fenced += end - start;
                    fences.extend(more.into_iter().map(|at| at as usize));
                }
                Reached::Cut(at) if at > start => {
                    // Without those behind the cut another may be surprised: each time half is left at most.
                    let most = if cuts == 0 { end - start } else { (end - start) / 2 };
                    (span, cuts) = ((at - start).min(most.max(1)), cuts + 1);
                }
                Reached::Cut(at) => return Err(Error::internal(format_args!("transaction {at} surprises a segment of its own"))),
            }
        }
        report.backend = clearers(&mut self.executor)?.names(&report.choices);
        Ok(report)
    }

    fn run_segment(
        &mut self,
        batch: BatchRef<'_>,
        span: Span,
        fallback: &mut Fallback,
        report: &mut Report,
        beside: &mut Beside<'_>,
        clock: &mut Clock,
    ) -> Result<Reached> {
        let Span { range, may_fence } = span;
        clock.start("resolve");
        let mut chunks = match beside.resolved.take() {
            Some(ahead) => ahead.settle(&self.state, &self.library, batch)?,
            None => resolve(&self.state, &self.library, batch, range.clone())?,
        };
        self.learn(&mut chunks);
        clock.start("foresee");
        let predictions = match self.foresee(batch, &chunks, &range, fallback)? {
            Ok(predictions) => predictions,
            Err(cut) => return Ok(Reached::Cut(cut)),
        };
        clock.start("plan");
        self.numbering.clear(&self.state);
        let mut plan = self.classify(batch, &range, may_fence, chunks, &predictions)?;
        if !plan.fences.is_empty() {
            return Ok(Reached::Fenced(plan.fences));
        }
        if !clearers(&mut self.executor)?.hold(&plan.segment) && range.len() > 1 {
            let half = range.start + range.len() / 2;
            log::info!("a segment of {} transactions is larger than the device binds: it is cut in two", range.len());
            return Ok(Reached::Cut(half));
        }
        clock.stop();
        let (mut cleared, mut stages, choice) = self.clear(&plan, range.end == batch.len(), beside, clock)?;
        report.choices.push(choice);
        clock.start("doomed");
        if self.forced.is_none() && doomed::take(&mut plan, batch, &mut cleared.outcomes) {
            let (more, choice) = self.clear_again(&plan, &mut cleared, clock)?;
            stages.extend(more);
            report.choices.push(choice);
        }
        clock.stop();
        stages.into_iter().for_each(|(stage, spent_ns)| clock.add(stage, spent_ns));
        clock.start("line");
        let work = collect(&plan, &cleared, report)?;
        let mut lined = match self.run_line(batch, &plan, &mut cleared, work, fallback, report)? {
            Ok(lined) => lined,
            Err(cut) => return Ok(Reached::Cut(cut)),
        };
        if self.record.outputs {
            clock.start("outputs");
            show::show(self, batch, &plan, &cleared, lined.as_mut(), report)?;
        }
        clock.start("commit");
        if lined.as_ref().is_some_and(|lined| !lined.contracts.is_empty()) {
            beside.ahead = None;
        }
        // They may be the state's own, which is about to change.
        self.numbering.recycle(take(&mut plan.segment.base));
        commit::commit(self, &plan, &mut cleared, lined, report);
        clearers(&mut self.executor)?.recycle(cleared);
        Ok(Reached::Committed)
    }

    /// Clears a segment, and does what there is to do beside it; behind the last one the next batch is resolved.
    fn clear(&mut self, plan: &Plan, is_last: bool, beside: &mut Beside<'_>, clock: &mut Clock) -> Result<(Cleared, Stages, Choice)> {
        let Self { state, library, executor, .. } = self;
        let clearers = clearers(executor)?;
        let next = beside.next.filter(|_| is_last && beside.ahead.is_none());
        if next.is_none() && !beside.root_is_due {
            return clearers.clear(plan);
        }
        let start = Instant::now();
        // What fails ahead fails again in its own batch, which it belongs to.
        let resolve = |state: &State| next.and_then(|next| Ahead::resolve(state, library, next).ok());
        let mut work = |state: &State| rayon::join(|| clearers.clear(plan), || resolve(state));
        let (cleared, ahead) = if take(&mut beside.root_is_due) {
            let (root, done) = state.root_beside(work);
            beside.root = Some(root);
            done
        } else {
            work(state)
        };
        beside.ahead = beside.ahead.take().or(ahead);
        let cleared = cleared?;
        let clearing_ns: u64 = cleared.1.iter().map(|(_, spent_ns)| spent_ns).sum();
        clock.add("beside", (start.elapsed().as_nanos() as u64).saturating_sub(clearing_ns));
        Ok(cleared)
    }

    /// Clears once more what was sent to the line; all of it where there are waves.
    fn clear_again(&mut self, plan: &Plan, cleared: &mut Cleared, clock: &mut Clock) -> Result<(Stages, Choice)> {
        let clearers = clearers(&mut self.executor)?;
        if !plan.segment.waves.levels.is_empty() {
            clock.stop();
            let (again, stages, choice) = clearers.clear(plan)?;
            *cleared = again;
            return Ok((stages, choice));
        }
        let again = Again::new(plan, &cleared.outcomes);
        clock.stop();
        let (more, stages, choice) = clearers.clear(&again.plan)?;
        clock.start("doomed");
        again.join(&more, cleared);
        clock.stop();
        Ok((stages, choice))
    }

    fn classify(
        &mut self,
        batch: BatchRef<'_>,
        range: &Range<usize>,
        may_fence: bool,
        chunks: Vec<Chunk>,
        predictions: &[Prediction],
    ) -> Result<Plan> {
        let share = match self.forced {
            Some(Forced::Wave) => Share::Waves,
            Some(Forced::Line) => Share::Line,
            None => Share::Measured(clearers(&mut self.executor)?.costs()),
        };
        let transactions = range.start as u32..range.end as u32;
        let no_clearing = self.forced.is_some();
        let parts = Parts { state: &self.state, library: &self.library, batch, transactions, may_fence, share, no_clearing };
        classify(parts, &mut self.numbering, chunks, predictions)
    }

    /// Remembers the paths that resolving had to hash for.
    fn learn(&mut self, chunks: &mut [Chunk]) {
        for chunk in chunks {
            self.state.paths_mut().insert_all(&std::mem::take(&mut chunk.learned));
        }
    }

    /// Runs the fallbacks on the state as it is, to know their cells. Where one changes code, the segment ends behind it.
    fn foresee(
        &self,
        batch: BatchRef<'_>,
        chunks: &[Chunk],
        range: &Range<usize>,
        fallback: &mut Fallback,
    ) -> Result<Result<Vec<Prediction>, usize>> {
        let mut predictions = Vec::new();
        for index in chunks.iter().flat_map(|chunk| &chunk.fallbacks) {
            let foreseen = sequence::foresee(&self.state, fallback, batch.get(*index as usize));
            let (reads, stores, changes_code) = foreseen.map_err(|error| error.within(format_args!("transaction {index}")))?;
            let next = *index as usize + 1;
            if changes_code && next < range.end {
                return Ok(Err(next));
            }
            predictions.push(Prediction { transaction: *index, reads, stores });
        }
        Ok(Ok(predictions))
    }

    /// Runs the line on the values of the cleared segment, which are then those after it.
    fn run_line(
        &mut self,
        batch: BatchRef<'_>,
        plan: &Plan,
        cleared: &mut Cleared,
        works: Vec<(u32, Work)>,
        fallback: &mut Fallback,
        report: &mut Report,
    ) -> Result<Result<Option<Lined>, usize>> {
        if works.is_empty() {
            return Ok(Ok(None));
        }
        let values = take(&mut cleared.values);
        let start = Instant::now();
        let mut line = Line::new(&self.state, &mut self.numbering, batch.block, values, plan, &cleared.verdicts);
        if self.record.outputs {
            line.record_fallbacks();
        }
        for (at, (index, work)) in works.iter().enumerate() {
            match works.get(at + 2 * AHEAD) {
                Some((_, Work::Row(stream, row))) => line.fetch_row(*stream, *row),
                Some((index, Work::Kernel(..) | Work::Fallback(_))) => batch.fetch(*index as usize),
                None => {}
            }
            if let Some((index, work)) = works.get(at + AHEAD) {
                line.fetch(batch.get(*index as usize), work);
            }
            match line.run(*index, batch.get(*index as usize), work, fallback, *index + 1 == plan.transactions.end) {
                Ok(receipt) => report.receipts[*index as usize] = receipt,
                Err(Stopped::Surprise(at)) => return Ok(Err(at as usize)),
                Err(Stopped::Failed(error)) => return Err(error.within(format_args!("transaction {index}"))),
            }
        }
        let (values, lined) = line.finish();
        cleared.values = values;
        if !works.iter().any(|(_, work)| matches!(work, Work::Fallback(_))) {
            clearers(&mut self.executor)?.learn_line(works.len(), start.elapsed().as_nanos() as u64);
        }
        Ok(Ok(Some(lined)))
    }
}

fn clearers(executor: &mut Executor) -> Result<&mut Clearers> {
    match executor {
        Executor::Clearing(clearers) => Ok(clearers),
        Executor::Reference | Executor::Revm => Err(Error::internal("segments need a clearing backend")),
    }
}

/// What most transactions come to.
const USUAL: Receipt = Receipt { status: Status::Success, lane: Lane::Clear };

/// Rows of which it is asked together whether anything is unusual about them.
const TOGETHER: usize = 64;

fn receipt(kernel: &Kernel, leaf: usize, transaction: u32, lane: Lane) -> Result<Receipt> {
    let status = kernel.leaves.get(leaf).and_then(|leaf| leaf.outcome.status());
    let wrong = || Error::internal(format_args!("transaction {transaction} ended at leaf {leaf}, which ends nothing"));
    Ok(Receipt { status: status.ok_or_else(wrong)?, lane })
}

/// The receipts of what was cleared, and the work for the line, in order.
fn collect(plan: &Plan, cleared: &Cleared, report: &mut Report) -> Result<Vec<(u32, Work)>> {
    let Range { start, end } = plan.transactions;
    report.receipts[start as usize..end as usize].fill(USUAL);
    let mut work: Vec<(u32, Work)> = Vec::new();
    for call in &plan.ordered {
        let shape = call.kind.hangs.then(|| call.kind.shape.clone());
        work.push((call.transaction, Work::Kernel(call.kind.compiled.clone(), call.cells.to_vec(), shape)));
    }
    work.extend(plan.fallbacks.iter().map(|foreseen| (foreseen.transaction, Work::Fallback(foreseen.clone()))));
    for doomed in &plan.doomed {
        report.receipts[doomed.transaction as usize] = Receipt { status: doomed.status, ..USUAL };
    }
    for (index, compiled, leaf) in &plan.decided {
        report.receipts[*index as usize] = receipt(&compiled.program.kernel, leaf.index(), *index, Lane::Clear)?;
    }
    for (at, (rows, outcomes)) in plan.rows.iter().zip(&cleared.outcomes).enumerate() {
        collect_stream(plan, at, rows, outcomes, report, &mut work)?;
    }
    work.sort_unstable_by_key(|(index, _)| *index);
    Ok(work)
}

/// Those of one stream; `rows` are their transactions.
fn collect_stream(plan: &Plan, at: usize, rows: &[u32], outcomes: &[u32], report: &mut Report, work: &mut Vec<(u32, Work)>) -> Result<()> {
    let Some(stream) = plan.segment.all_streams().nth(at) else { return Ok(()) };
    let lane = if at < plan.segment.streams.len() { Lane::Clear } else { Lane::Wave };
    let mut usual = TO_LINE;
    for (chunk, (rows, outcomes)) in rows.chunks(TOGETHER).zip(outcomes.chunks(TOGETHER)).enumerate() {
        if usual != TO_LINE && outcomes.iter().all(|outcome| *outcome == usual) {
            continue;
        }
        for (row, (outcome, transaction)) in outcomes.iter().zip(rows).enumerate() {
            if *outcome == TO_LINE {
                work.push((*transaction, Work::Row(at, chunk * TOGETHER + row)));
                continue;
            }
            match receipt(&stream.program.kernel, *outcome as usize, *transaction, lane)? {
                USUAL => usual = *outcome,
                unusual => report.receipts[*transaction as usize] = unusual,
            }
        }
    }
    Ok(())
}
