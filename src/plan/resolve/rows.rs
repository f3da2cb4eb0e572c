//! The rows of a kernel's calls in one chunk. What a call is found to need is written here and nowhere read again before the chunk is done.

use super::Found;
use super::search::{Calls, Search};
use crate::ir::KeyId;
use crate::ir::access::NO_CELL;
use crate::limits;
use crate::plan::library::Compiled;
use crate::plan::ordered::Kind;
use crate::plan::segment::remove;
use crate::plan::shapes::Pattern;
use crate::word::LIMBS;
use alloy_primitives::U256;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// Calls of one kernel in one chunk, column by column as `Walker` lays them out; cells are `Found`, encoded.
#[derive(Debug)]
pub struct Rows {
    pub compiled: Arc<Compiled>,
    /// The transaction of each row, its index in the batch.
    pub transactions: Vec<u32>,
    pub columns: Vec<Vec<u32>>,
    /// The kind of each row, an index into `kinds`.
    pub kind_of: Vec<u32>,
    pub kinds: Vec<Arc<Kind>>,
    known: HashMap<Pattern, u32, ahash::RandomState>,
    /// The bits and the kind of the row before, where its keys all named different cells.
    last: Option<(Vec<u32>, u32)>,
    /// By bits and key, whether calls may touch its cell, as far as that has been looked into.
    touched: HashMap<Vec<u32>, Vec<bool>, ahash::RandomState>,
    /// The bits that were asked about last.
    asked: Vec<u32>,
    /// The nodes that may still be gone through for it.
    budget: usize,
}

/// What inputs decide of some calls, a word for each 32 conditions.
#[derive(Debug, Default)]
pub(super) struct Bits {
    /// Column by column.
    words: Vec<u32>,
    calls: usize,
}

impl Bits {
    pub fn gather(&mut self, calls: Calls<'_>) {
        self.calls = calls.transactions.len();
        self.words.clear();
        for (column, conditions) in calls.compiled.bits.chunks(32).enumerate() {
            self.words.resize((column + 1) * self.calls, 0);
            let words = &mut self.words[column * self.calls..];
            conditions.iter().enumerate().for_each(|(bit, condition)| calls.evaluated.gather(*condition, bit, words));
        }
    }

    fn columns(&self) -> std::slice::Chunks<'_, u32> {
        self.words.chunks(self.calls.max(1))
    }

    fn of_call(&self, call: usize) -> impl Iterator<Item = u32> + '_ {
        self.columns().map(move |column| column[call])
    }
}

impl Rows {
    /// The columns of the cells.
    pub fn cells(&self) -> Range<usize> {
        let first = self.compiled.program.walker.cell_column(KeyId::from_index(0));
        first..first + self.compiled.finders.len()
    }

    pub(super) fn new(compiled: Arc<Compiled>) -> Self {
        let columns = vec![vec![]; compiled.program.walker.columns()];
        Self {
            compiled,
            transactions: vec![],
            columns,
            kind_of: vec![],
            kinds: vec![],
            known: HashMap::default(),
            last: None,
            touched: HashMap::default(),
            asked: vec![],
            budget: limits::ANALYSED,
        }
    }

    /// Takes out rows, whose numbers ascend.
    pub(in crate::plan) fn remove(&mut self, rows: &[usize]) {
        let Self { transactions, columns, kind_of, .. } = self;
        columns.iter_mut().chain([transactions, kind_of]).for_each(|list| remove(list, rows));
    }

    /// Whether a call may touch a key's cell, for all that its bits say; `true` too where finding out takes too long.
    pub(super) fn touches(&mut self, call: usize, key: KeyId, bits: &Bits) -> bool {
        let Self { compiled, touched, asked, budget, .. } = self;
        asked.clear();
        asked.extend(bits.of_call(call));
        if let Some(touched) = touched.get(asked) {
            return touched[key.index()];
        }
        let Some(left) = budget.checked_sub(compiled.shapes.size) else { return true };
        *budget = left;
        let found = compiled.shapes.touched(&compiled.program, asked);
        let touches = found[key.index()];
        touched.insert(asked.clone(), found);
        touches
    }

    /// The kind of all these calls, where it is that of the call before them.
    pub(super) fn common_kind(&self, bits: &Bits, search: &Search<'_>) -> Option<u32> {
        let (last, kind) = self.last.as_ref()?;
        let same = bits.columns().zip(last).all(|(column, last)| column.iter().all(|word| word == last));
        (same && search.all_differ()).then_some(*kind)
    }

    /// The index of the kind of a call. Most calls are of the kind of the one before. `None` where finding it takes more than is left of
    /// `budget`.
    pub(super) fn kind(&mut self, call: usize, bits: &Bits, cells: &[Found], budget: &mut usize) -> Option<u32> {
        let distinct = all_differ(cells);
        if let Some((last, kind)) = &self.last
            && distinct
            && bits.of_call(call).eq(last.iter().copied())
        {
            return Some(*kind);
        }
        let pattern = Pattern { bits: bits.of_call(call).collect(), class: if distinct { vec![] } else { classes(cells) } };
        let index = match self.known.get(&pattern) {
            Some(index) => *index,
            None => self.new_kind(&pattern, budget)?,
        };
        if distinct {
            self.last = Some((pattern.bits, index));
        }
        Some(index)
    }

    fn new_kind(&mut self, pattern: &Pattern, budget: &mut usize) -> Option<u32> {
        let Self { compiled, kinds, known, .. } = self;
        let asked = compiled.shapes.asked(&compiled.program, pattern);
        let index = match known.get(&asked) {
            Some(index) => *index,
            None => {
                let shape = compiled.shapes.shape(&compiled.program, &asked, budget)?;
                kinds.push(Arc::new(Kind::new(compiled.clone(), shape, &asked.bits)));
                kinds.len() as u32 - 1
            }
        };
        known.extend([pattern.clone(), asked].map(|pattern| (pattern, index)));
        Some(index)
    }

    /// Adds some of the calls at hand, which are of one kind.
    pub(super) fn push(
        &mut self,
        transactions: &[u32],
        kind: u32,
        which: Range<usize>,
        calls: Calls<'_>,
        bits: &Bits,
        search: &Search<'_>,
    ) {
        let (rows, added, flags) = (self.transactions.len(), which.len(), &self.kinds[kind as usize].shape.flags);
        let (words, rest) = self.columns.split_at_mut(calls.compiled.bits.len().div_ceil(32));
        let (names, params) = rest.split_at_mut(flags.len());
        words.iter_mut().zip(bits.columns()).for_each(|(column, words)| column.extend_from_slice(&words[which.clone()]));
        for (key, (column, flags)) in names.iter_mut().zip(flags).enumerate() {
            match flags {
                0 => column.resize(rows + added, NO_CELL),
                _ => column.extend_from_slice(&search.of_key(key)[which.clone()]),
            }
        }
        for (limbs, param) in params.chunks_exact_mut(LIMBS).zip(&calls.compiled.params) {
            let param = calls.evaluated.column(*param);
            push_words(limbs, rows, which.clone().map(|call| param.word(call)));
        }
        self.transactions.extend_from_slice(&transactions[which]);
        self.kind_of.resize(rows + added, kind);
    }
}

/// Adds words to the columns of their limbs, which have `rows` rows, or none as long as all are 0.
pub(in crate::plan) fn push_words<'w>(limbs: &mut [Vec<u32>], rows: usize, words: impl Iterator<Item = &'w U256> + Clone) {
    let any = words.clone().fold(U256::ZERO, |any, word| any | word);
    for (at, column) in limbs.iter_mut().enumerate() {
        let limb = |word: &U256| (word.as_limbs()[at / 2] >> (32 * (at % 2))) as u32;
        if limb(&any) != 0 || !column.is_empty() {
            column.resize(rows, 0);
            column.extend(words.clone().map(limb));
        }
    }
}

fn all_differ(cells: &[Found]) -> bool {
    cells.iter().enumerate().all(|(i, cell)| *cell == Found::Untouched || !cells[..i].contains(cell))
}

/// For each key the first that names the same cell.
fn classes(cells: &[Found]) -> Vec<usize> {
    let first =
        |(i, cell): (usize, &Found)| if *cell == Found::Untouched { i } else { cells.iter().position(|first| first == cell).unwrap_or(i) };
    cells.iter().enumerate().map(first).collect()
}
