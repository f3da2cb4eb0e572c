//! Calls that fail whatever the others of the segment do: a guard asks for more than its cell has and all of them could bring it. They change
//! nothing, and so what they would ask of other cells does not count. Without this anybody could put a stranger's account in line by asking
//! for all it has, and more, without being allowed to.

use super::classes::Plan;
use super::demand::{Asking, Demand, Most};
use super::library::Compiled;
use super::segment::{Part, Program, Stream, remove};
use crate::ir::KeyId;
use crate::ir::access::{NO_CELL, Term, Walk, Walker, flags};
use crate::lower::layout::TO_LINE;
use crate::tx::{Batch, Status};
use crate::word::from_word;
use alloy_primitives::U256;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
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
    pub cells: Vec<u32>,
    pub status: Status,
}

/// Clearing again costs all calls of a segment: it pays where one in so many would go to the line.
const SHARE: usize = 32;

/// Takes the doomed among the calls that `outcomes` sends to the line out of the plan's streams; whether there were any.
pub fn take(plan: &mut Plan, batch: &Batch, outcomes: &[Vec<u32>]) -> bool {
    let mut doomed: BTreeMap<(usize, usize), Doomed> = BTreeMap::new();
    let clearing: usize = plan.rows.iter().map(Vec::len).sum();
    let to_line = outcomes.iter().flatten().filter(|outcome| **outcome == TO_LINE).count();
    let mut poorer = None;
    for _ in 0..if to_line * SHARE > clearing { ROUNDS } else { 0 } {
        let search = Search { plan, batch, doomed: &doomed, poorer };
        let found = search.round(outcomes);
        if found.is_empty() {
            break;
        }
        poorer = Some(search.credited(&found));
        doomed.extend(found);
    }
    for (at, rows) in rows_by_stream(doomed.keys()) {
        plan.segment.streams[at].remove(&rows);
        remove(&mut plan.rows[at], &rows);
    }
    let any = !doomed.is_empty();
    for ((at, _), Doomed { cells, .. }) in &doomed {
        let floors = gather(&plan.segment.streams[*at].program.walker, floors);
        plan.relied_on.extend(floors.into_iter().map(|key| cells[key.index()]));
    }
    plan.doomed.extend(doomed.into_values());
    any
}

struct Search<'a> {
    plan: &'a Plan,
    batch: &'a Batch,
    /// Those that are known, by stream and row.
    doomed: &'a BTreeMap<(usize, usize), Doomed>,
    /// Cells that come to hold less than was reckoned with before; `None` where nothing was.
    poorer: Option<HashSet<u32>>,
}

impl Search<'_> {
    fn round(&self, outcomes: &[Vec<u32>]) -> Vec<((usize, usize), Doomed)> {
        let mut places: Vec<(usize, usize)> = Vec::new();
        for (at, rows) in self.plan.rows[..self.plan.segment.streams.len()].iter().enumerate() {
            let to_line = (0..rows.len()).filter(|row| outcomes[at][*row] == TO_LINE && !self.doomed.contains_key(&(at, *row)));
            places.extend(to_line.map(|row| (at, row)));
        }
        let floors: Vec<BTreeSet<KeyId>> = self.plan.segment.streams.iter().map(|stream| gather(&stream.program.walker, floors)).collect();
        let mut candidates: Vec<((usize, usize), Vec<u32>)> =
            places.into_iter().map(|(at, row)| ((at, row), self.plan.segment.streams[at].cells(row))).collect();
        if let Some(poorer) = &self.poorer {
            candidates.retain(|((at, _), cells)| floors[*at].iter().any(|key| poorer.contains(&cells[key.index()])));
        }
        let floors = candidates.iter().flat_map(|((at, _), cells)| floors[*at].iter().map(|key| cells[key.index()]));
        let most = self.most(floors.filter(|cell| *cell != NO_CELL && self.is_bounded(*cell)).collect());
        let fate = |(place, cells): ((usize, usize), Vec<u32>)| {
            let status = self.demand(place, &cells).fate(&most)?;
            let (transaction, compiled) = (self.plan.rows[place.0][place.1], self.plan.compiled[place.0].clone());
            Some((place, Doomed { transaction, compiled, cells, status }))
        };
        candidates.into_par_iter().filter_map(fate).collect()
    }

    /// The cells that calls would have added to.
    fn credited(&self, calls: &[((usize, usize), Doomed)]) -> HashSet<u32> {
        let promised = |stream: &Stream| gather(&stream.program.walker, promises).into_iter().map(|(key, _)| key).collect();
        let keys: Vec<BTreeSet<KeyId>> = self.plan.segment.streams.iter().map(promised).collect();
        calls.iter().flat_map(|((at, _), doomed)| keys[*at].iter().map(|key| doomed.cells[key.index()])).collect()
    }

    fn demand<'d>(&'d self, (at, row): (usize, usize), cells: &'d [u32]) -> Demand<'d> {
        let asking = Asking { compiled: &self.plan.compiled[at], transaction: self.plan.rows[at][row], cells };
        Demand::new(&self.plan.segment, self.batch, asking)
    }

    /// Whether a cell never holds more than it has and is credited: a debit that nobody guards wraps.
    fn is_bounded(&self, cell: u32) -> bool {
        let uses = self.plan.segment.flags[cell as usize];
        !flags::ordered(uses) && uses & flags::UNGUARDED == 0
    }

    /// What rows of a part may add to a key's cells, as far as these are asked about.
    fn promised(&self, at: usize, part: &Part, key: KeyId, terms: &[Term], most: &Most) -> Vec<(u32, U256)> {
        let program = &self.plan.segment.streams[at].program;
        let cells = part.columns[program.walker.cell_column(key)].iter().enumerate();
        let known = cells.filter(|(row, cell)| most.knows(**cell) && !self.doomed.contains_key(&(at, part.first + row)));
        known.flat_map(|(row, cell)| terms.iter().map(move |term| (*cell, amount(program, part, row, term)))).collect()
    }

    /// The most that cells can come to hold; those that might wrap are left out.
    fn most(&self, cells: HashSet<u32>) -> Most {
        let mut most = Most::new(self.plan.segment.base.len());
        cells.iter().for_each(|cell| most.add(*cell, from_word(&self.plan.segment.base[*cell as usize])));
        for (at, stream) in self.plan.segment.streams.iter().enumerate().filter(|(at, _)| !self.plan.rows[*at].is_empty()) {
            for (key, terms) in gather(&stream.program.walker, promises) {
                let promised = |part: &Part| self.promised(at, part, key, &terms, &most);
                let promised: Vec<(u32, U256)> = stream.parts.par_iter().flat_map_iter(promised).collect();
                promised.into_iter().for_each(|(cell, amount)| most.add(cell, amount));
            }
        }
        let held: Vec<_> = self.plan.held_up.iter().filter(|(cell, _)| most.knows(*cell)).collect();
        held.into_iter().for_each(|(cell, up)| most.add(*cell, *up));
        most
    }
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
        (_, Some(param)) => from_word(&std::array::from_fn(|limb| part.word(walker.param_column(param) + limb, row))),
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

/// What a walk says, gathered.
fn gather<T: Default>(walker: &Walker, visit: impl Fn(&Walk, &mut T)) -> T {
    let mut found = T::default();
    visit(&walker.root, &mut found);
    found
}

fn rows_by_stream<'a>(places: impl Iterator<Item = &'a (usize, usize)>) -> HashMap<usize, Vec<usize>> {
    let mut rows: HashMap<usize, Vec<usize>> = HashMap::new();
    places.for_each(|(stream, row)| rows.entry(*stream).or_default().push(*row));
    rows
}
