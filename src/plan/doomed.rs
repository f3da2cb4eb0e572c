//! Calls that fail whatever the others of the segment do: a guard asks for more than its cell has and all of them could bring it. They change
//! nothing, and so what they would ask of other cells does not count. Without this anybody could put a stranger's account in line by asking
//! for all it has, and more, without being allowed to.

use super::classes::Plan;
use super::demand::{Asking, Demand, Most};
use super::library::Compiled;
use super::ordered::Cells;
use super::segment::{Part, Program, Stream, remove};
use crate::ir::KeyId;
use crate::ir::access::{NO_CELL, Term, Walk, flags};
use crate::lower::layout::TO_LINE;
use crate::tx::{BatchRef, Status};
use crate::word::from_word;
use alloy_primitives::U256;
use rayon::prelude::*;
use smallvec::SmallVec;
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

/// Who is gone credits nobody: others may be doomed with him. So often it is looked again.
const ROUNDS: usize = 3;

/// A call that fails for certain.
#[derive(Debug, Clone)]
pub struct Doomed {
    /// Its index in the batch.
    pub transaction: u32,
    pub compiled: Arc<Compiled>,
    /// The numbers of the cells it names, by key.
    pub cells: Cells,
    pub status: Status,
}

/// Looking for them costs a look at all calls of a segment: it pays where one in so many would go to the line.
const SHARE: usize = 32;

/// Takes the doomed among the calls that `outcomes` sends to the line out of the plan's streams, and out of the outcomes; whether there were
/// any.
pub fn take(plan: &mut Plan, batch: BatchRef<'_>, outcomes: &mut [Vec<u32>]) -> bool {
    let clearing: usize = plan.rows.iter().map(Vec::len).sum();
    let to_line = outcomes.par_iter().flatten().filter(|outcome| **outcome == TO_LINE).count();
    if to_line * SHARE <= clearing {
        return false;
    }
    let floors: Vec<BTreeSet<KeyId>> = of_streams(plan, floors);
    let mut doomed = Vec::new();
    let (mut rows, mut relied_on) = (vec![vec![]; outcomes.len()], vec![false; plan.segment.base.len()]);
    for (Candidate { stream, part, row, transaction, cells }, status) in Search::new(plan, batch, outcomes).run() {
        rows[stream].push(part.first + row);
        let reliable = floors[stream].iter().map(|key| cells[key.index()]).filter(|cell| *cell != NO_CELL);
        reliable.for_each(|cell| relied_on[cell as usize] = true);
        doomed.push(Doomed { transaction, compiled: plan.compiled[stream].clone(), cells, status });
    }
    if doomed.is_empty() {
        return false;
    }
    for (at, rows) in rows.iter().enumerate().filter(|(_, rows)| !rows.is_empty()) {
        plan.segment.streams[at].remove(rows);
        [&mut plan.rows[at], &mut outcomes[at]].into_iter().for_each(|list| remove(list, rows));
    }
    (plan.doomed, plan.relied_on) = (doomed, relied_on);
    true
}

/// Candidates that a thread takes at once, and how far ahead it fetches.
const GRAIN: usize = 1 << 8;
const AHEAD: usize = 8;

/// A call that might be doomed.
struct Candidate<'a> {
    stream: usize,
    part: &'a Part,
    /// In its part.
    row: usize,
    transaction: u32,
    cells: Cells,
}

struct Search<'a> {
    plan: &'a Plan,
    batch: BatchRef<'a>,
    /// By stream what its calls may add, and what has to be there for them.
    promises: Vec<BTreeSet<(KeyId, Vec<Term>)>>,
    floors: Vec<BTreeSet<KeyId>>,
    candidates: Vec<Candidate<'a>>,
    /// By candidate how it ends, if that is certain.
    fates: Vec<Option<Status>>,
    /// The most that the cells can come to hold of which something is asked; those that might wrap are left out.
    most: Most,
}

impl<'a> Search<'a> {
    fn new(plan: &'a Plan, batch: BatchRef<'a>, outcomes: &[Vec<u32>]) -> Self {
        let streams = plan.segment.streams.iter().enumerate().filter(|(at, _)| !plan.rows[*at].is_empty());
        let parts: Vec<_> = streams.flat_map(|(at, stream)| stream.parts.iter().map(move |part| (at, stream, part))).collect();
        let candidates = |(at, stream, part): &(usize, &'a Stream, &'a Part)| {
            let (at, stream, part) = (*at, *stream, *part);
            let to_line = (0..part.rows).filter(move |row| outcomes[at][part.first + row] == TO_LINE);
            to_line.map(move |row| {
                let (transaction, cells) = (plan.rows[at][part.first + row], stream.program.cells_of(part, row).collect());
                Candidate { stream: at, part, row, transaction, cells }
            })
        };
        let candidates: Vec<Candidate<'a>> = parts.par_iter().flat_map_iter(candidates).collect();
        let (promises, floors): (_, Vec<BTreeSet<KeyId>>) = (of_streams(plan, promises), of_streams(plan, floors));
        let fates = vec![None; candidates.len()];
        let mut search = Self { plan, batch, promises, floors, candidates, fates, most: Most::new(plan.segment.base.len()) };
        search.reckon();
        search
    }

    /// What cells can come to hold: what they have, and what everybody might bring.
    fn reckon(&mut self) {
        let Self { plan, promises, floors, candidates, most, .. } = self;
        let is_asked = |cell: &u32| *cell != NO_CELL && is_bounded(plan, *cell);
        let asked = |at: usize| {
            candidates.get(at + AHEAD).into_iter().flat_map(|soon| &soon.cells).for_each(|cell| plan.segment.fetch(*cell));
            let call = &candidates[at];
            let cells: SmallVec<[u32; 4]> = floors[call.stream].iter().map(|key| call.cells[key.index()]).filter(is_asked).collect();
            cells.into_iter().map(|cell| (cell, from_word(&plan.segment.base[cell as usize])))
        };
        let asked: Vec<(u32, U256)> = (0..candidates.len()).into_par_iter().with_min_len(GRAIN).flat_map_iter(asked).collect();
        for (at, (cell, value)) in asked.iter().enumerate() {
            asked.get(at + AHEAD).into_iter().for_each(|(soon, _)| most.fetch(*soon));
            if !most.knows(*cell) {
                most.add(*cell, *value);
            }
        }
        for (at, stream) in plan.segment.streams.iter().enumerate().filter(|(at, _)| !plan.rows[*at].is_empty()) {
            for (key, terms) in &promises[at] {
                let promised = |part: &Part| promised(&stream.program, part, *key, terms, most);
                let promised: Vec<(u32, U256)> = stream.parts.par_iter().flat_map_iter(promised).collect();
                for (at, (cell, amount)) in promised.iter().enumerate() {
                    promised.get(at + AHEAD).into_iter().for_each(|(soon, _)| most.fetch(*soon));
                    most.add(*cell, *amount);
                }
            }
        }
        let held: Vec<_> = plan.held_up.iter().filter(|(cell, _)| most.knows(*cell)).collect();
        held.into_iter().for_each(|(cell, up)| most.add(*cell, *up));
    }

    /// The doomed, in the order of streams and rows.
    fn run(mut self) -> Vec<(Candidate<'a>, Status)> {
        let mut poorer: Option<HashSet<u32, ahash::RandomState>> = None;
        for _ in 0..ROUNDS {
            let is_asked = |call: &Candidate<'_>| {
                let mut cells = self.floors[call.stream].iter().map(|key| call.cells[key.index()]);
                poorer.as_ref().is_none_or(|poorer| cells.any(|cell| poorer.contains(&cell)))
            };
            let found = (0..self.candidates.len()).into_par_iter().with_min_len(GRAIN).filter_map(|at| {
                self.candidates.get(at + AHEAD).into_iter().for_each(|soon| self.fetch(soon));
                let call = &self.candidates[at];
                let is_open = self.fates[at].is_none() && is_asked(call);
                Some((at, is_open.then(|| self.fate(call))??))
            });
            let found: Vec<_> = found.collect();
            if found.is_empty() {
                break;
            }
            poorer = Some(found.into_iter().flat_map(|(at, status)| self.doom(at, status)).collect());
        }
        self.candidates.into_iter().zip(self.fates).filter_map(|(call, fate)| Some((call, fate?))).collect()
    }

    /// Has fetched what the fate of a call hangs on.
    fn fetch(&self, call: &Candidate<'_>) {
        self.batch.fetch(call.transaction as usize);
        call.cells.iter().for_each(|cell| self.most.fetch(*cell));
    }

    fn fate(&self, call: &Candidate<'_>) -> Option<Status> {
        let row = Some((call.part, call.row));
        let asking = Asking { compiled: &self.plan.compiled[call.stream], transaction: call.transaction, cells: &call.cells, row };
        Demand::new(&self.plan.segment, self.batch, asking).fate(&self.most)
    }

    /// The call brings nothing to anybody. Out come the cells that come to hold less.
    fn doom(&mut self, at: usize, status: Status) -> Vec<u32> {
        let Self { plan, promises, candidates, fates, most, .. } = self;
        let call = &candidates[at];
        fates[at] = Some(status);
        let program = &plan.segment.streams[call.stream].program;
        let mut poorer = Vec::new();
        for (key, terms) in &promises[call.stream] {
            let cell = call.cells[key.index()];
            if most.knows(cell) {
                terms.iter().for_each(|term| most.take(cell, amount(program, call.part, call.row, term)));
                poorer.push(cell);
            }
        }
        poorer
    }
}

/// Whether a cell never holds more than it has and is credited: a debit that nobody guards wraps.
fn is_bounded(plan: &Plan, cell: u32) -> bool {
    let uses = plan.segment.flags[cell as usize];
    !flags::ordered(uses) && uses & flags::UNGUARDED == 0
}

/// What rows of a part may add to a key's cells, as far as these are asked about.
fn promised(program: &Program, part: &Part, key: KeyId, terms: &[Term], most: &Most) -> Vec<(u32, U256)> {
    let cells = part.columns[program.walker.cell_column(key)].iter().enumerate().filter(|(_, cell)| most.knows(**cell));
    cells.flat_map(|(row, cell)| terms.iter().map(move |term| (*cell, amount(program, part, row, term)))).collect()
}

/// An amount of a row. One that hangs on cells is any at all.
fn amount(program: &Program, part: &Part, row: usize, term: &Term) -> U256 {
    let Program { kernel, walker, .. } = program;
    let word = match *term {
        Term::Word(word) => word,
        Term::Const(value) => return value,
    };
    match (kernel.exprs.as_const(word), walker.params.iter().position(|param| *param == word)) {
        (Some(value), _) => value,
        (_, Some(param)) => program.param(part, row, param),
        _ => U256::MAX,
    }
}

/// What a walk may add to a key's cell, each sum once: more than any one way of it adds.
fn promises(walk: &Walk, sums: &mut BTreeSet<(KeyId, Vec<Term>)>) {
    match walk {
        Walk::Guard { guard, .. } if !guard.up.is_empty() => _ = sums.insert((guard.key, guard.up.clone())),
        Walk::Leaf { effects, .. } => {
            let credits = effects.iter().filter(|effect| !effect.credits.is_empty());
            sums.extend(credits.map(|effect| (effect.key, effect.credits.iter().map(|word| Term::Word(*word)).collect())));
        }
        _ => {}
    }
    walk.below().into_iter().for_each(|walk| promises(walk, sums));
}

/// The keys of which it matters what their cells can come to hold: some have to hold an amount for the call to go on, some are tested for
/// MAX.
fn floors(walk: &Walk, keys: &mut BTreeSet<KeyId>) {
    match walk {
        Walk::Sentinel { key, .. } => _ = keys.insert(*key),
        Walk::Guard { guard, .. } if guard.floor().is_some() => _ = keys.insert(guard.key),
        _ => {}
    }
    walk.below().into_iter().for_each(|walk| floors(walk, keys));
}

/// What the walk of each clearing stream says, gathered.
fn of_streams<T: Default>(plan: &Plan, visit: impl Fn(&Walk, &mut T)) -> Vec<T> {
    let gather = |stream: &Stream| {
        let mut found = T::default();
        visit(&stream.program.walker.root, &mut found);
        found
    };
    plan.segment.streams.iter().map(gather).collect()
}
