//! Waves: level after level, the rows of a level side by side. What a level stores in place is stored when all its rows are done, which
//! makes no difference, since none of them uses a cell that another one stores to.

use super::GRAIN;
use super::rows::wide;
use super::tree::Tree;
use crate::exec::segment::{Part, Stream, TO_LINE, verdict};
use crate::ir::access::NO_CELL;
use crate::ir::memo::Memo;
use crate::ir::{Expr, ExprId, KeyId, LeafId, LoadId, Node, eval};
use crate::plan::segment::Waves;
use crate::plan::tape::{Room, SIDE_BY_SIDE};
use crate::prefetch::prefetch;
use crate::word::{self, LIMBS, Word, from_word, to_word};
use alloy_primitives::U256;
use rayon::prelude::*;
use std::ops::Range;

/// What is to be taken from a solvent cell (0) or added to it (1): cell, side, amount.
pub(super) type Change = (u32, usize, Word);

/// Stores that are fetched ahead.
const AHEAD: usize = 8;

/// What became of some rows of a stream.
#[derive(Default)]
struct Done {
    outcomes: Vec<u32>,
    /// Ordered cells with what is stored there.
    stores: Vec<(u32, Word)>,
    changes: Vec<Change>,
}

/// Runs the levels: `verdicts` change, and the cells that are ordered; of solvent ones `change` is told after each level, with all cells. What
/// a solvent cell holds meanwhile makes no difference: nobody falls short of it. Out come the outcomes, by stream and row.
pub(super) fn run(waves: &Waves, cells: &mut [Word], verdicts: &mut [u32], mut change: impl FnMut(&mut [Word], Change)) -> Vec<Vec<u32>> {
    let mut outcomes: Vec<Vec<u32>> = waves.streams.iter().map(|stream| vec![0; stream.rows]).collect();
    let readers: Vec<Reader> = waves.streams.iter().map(Reader::new).collect();
    for (level, parts) in (0..).zip(&waves.levels) {
        let width: usize = parts.iter().map(|(_, rows)| rows.len()).sum();
        let grain = GRAIN.min(width.div_ceil(rayon::current_num_threads())).max(1);
        let pieces = parts.iter().flat_map(|(stream, rows)| {
            let starts = rows.clone().step_by(grain);
            starts.map(|start| (*stream, start as usize..rows.end.min(start + grain as u32) as usize))
        });
        let pieces: Vec<(usize, Range<usize>)> = pieces.collect();
        let run = |(stream, rows): &(usize, Range<usize>)| readers[*stream].run(rows.clone(), level, cells, verdicts);
        // Waking another thread takes longer than a few rows.
        let done: Vec<Done> = if pieces.len() == 1 { pieces.iter().map(run).collect() } else { pieces.par_iter().map(run).collect() };
        for ((stream, rows), done) in pieces.into_iter().zip(done) {
            for (row, _) in rows.clone().zip(&done.outcomes).filter(|(_, outcome)| **outcome == TO_LINE) {
                put_off(readers[stream].row(row).cells(), level, verdicts);
            }
            for (at, (cell, word)) in done.stores.iter().enumerate() {
                done.stores.get(at + AHEAD).into_iter().for_each(|(soon, _)| prefetch(&cells[*soon as usize]));
                cells[*cell as usize] = *word;
            }
            for (at, of_cell) in done.changes.iter().enumerate() {
                done.changes.get(at + AHEAD).into_iter().for_each(|(soon, ..)| prefetch(&cells[*soon as usize]));
                change(cells, *of_cell);
            }
            outcomes[stream][rows].copy_from_slice(&done.outcomes);
        }
    }
    outcomes
}

/// Whether a row that uses the cell has to wait for the line.
fn waits(cell: u32, level: u32, verdicts: &[u32]) -> bool {
    let mark = verdicts.get(cell as usize).copied().unwrap_or_default();
    mark == verdict::SHORT || (verdict::PUT_OFF..verdict::PUT_OFF + level).contains(&mark)
}

fn put_off(cells: impl Iterator<Item = u32>, level: u32, verdicts: &mut [u32]) {
    for cell in cells.filter(|cell| *cell != NO_CELL) {
        let mark = &mut verdicts[cell as usize];
        if *mark == verdict::ORDERED {
            *mark = verdict::PUT_OFF + level;
        }
    }
}

/// A stream, and where the words lie that its rows bring.
pub(super) struct Reader<'a> {
    pub stream: &'a Stream,
    /// By expression its first column.
    pub params: Vec<Option<usize>>,
    /// By expression its bit.
    pub bits: Vec<Option<usize>>,
    tree: Option<Tree>,
}

impl<'a> Reader<'a> {
    fn new(stream: &'a Stream) -> Self {
        let program = &stream.program;
        let none = vec![None; program.kernel.exprs.len()];
        let mut reader = Self { stream, params: none.clone(), bits: none, tree: None };
        program.walker.bits.iter().enumerate().for_each(|(at, id)| reader.bits[id.index()] = Some(at));
        if let Some(waver) = &program.waver {
            waver.params.iter().enumerate().for_each(|(at, id)| reader.params[id.index()] = Some(waver.param_column(at)));
        }
        // A few rows do not make up for it.
        reader.tree = if stream.rows < GRAIN { None } else { Tree::new(&reader) };
        reader
    }

    fn row(&self, row: usize) -> Row<'_> {
        let (part, row) = self.stream.locate(row);
        Row { reader: self, part, row }
    }

    fn rows(&self, rows: Range<usize>) -> impl Iterator<Item = Row<'_>> {
        self.stream.locate_all(rows).map(|(part, row)| Row { reader: self, part, row })
    }

    fn run(&self, rows: Range<usize>, level: u32, cells: &[Word], verdicts: &[u32]) -> Done {
        let mut done = Done { outcomes: vec![TO_LINE; rows.len()], ..Done::default() };
        let (mut room, mut ready, mut places) = (Room::default(), Vec::new(), Vec::new());
        let (mut next, mut soon) = (self.rows(rows.clone()), self.rows(rows).skip(SIDE_BY_SIDE));
        for outcomes in done.outcomes.chunks_mut(SIDE_BY_SIDE) {
            ready.clear();
            places.clear();
            soon.by_ref().take(SIDE_BY_SIDE).for_each(|row| row.fetch(cells, verdicts));
            for (place, row) in next.by_ref().take(outcomes.len()).enumerate() {
                if !row.cells().any(|cell| waits(cell, level, verdicts)) {
                    ready.push(row);
                    places.push(place);
                }
            }
            let mut place = places.iter();
            let mut tell = |leaf: LeafId, stores: &mut dyn Iterator<Item = (u32, Word)>| {
                place.next().into_iter().for_each(|place| outcomes[*place] = leaf.index() as u32);
                for (cell, word) in stores {
                    match cell {
                        NO_CELL => {}
                        _ if verdicts[cell as usize] != 0 => done.stores.push((cell, word)),
                        _ => done.changes.push(difference(cell, &cells[cell as usize], &word)),
                    }
                }
            };
            match &self.tree {
                Some(tree) if !ready.iter().any(|row| tree.is_doubtful(row)) => tree.run(&ready, cells, &mut room, tell),
                _ => self.run_one_by_one(&ready, cells, &mut tell),
            }
        }
        done
    }

    fn run_one_by_one(&self, rows: &[Row<'_>], cells: &[Word], tell: &mut Tell<'_>) {
        let mut memo = Memo::new(self.stream.program.kernel.exprs.len());
        for row in rows {
            memo.forget();
            let mut call = Call { row: *row, cells, memo: &mut memo };
            let leaf = call.leaf();
            tell(leaf, &mut call.stores(leaf).into_iter());
        }
    }
}

/// Takes where a row ends, and what it stores in which cells.
type Tell<'a> = dyn FnMut(LeafId, &mut dyn Iterator<Item = (u32, Word)>) + 'a;

/// What makes `after` of `before`.
fn difference(cell: u32, before: &Word, after: &Word) -> Change {
    let less = word::less(&wide(after), &wide(before));
    let (side, more, less) = if less { (0, before, after) } else { (1, after, before) };
    let mut amount = [0; LIMBS];
    amount.copy_from_slice(&word::sub(wide(more), wide(less))[..LIMBS]);
    (cell, side, amount)
}

/// A row of a stream.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    reader: &'a Reader<'a>,
    part: &'a Part,
    row: usize,
}

impl Row<'_> {
    fn column(&self, column: usize) -> u32 {
        self.part.word(column, self.row)
    }

    pub fn cell(&self, key: KeyId) -> u32 {
        self.column(self.reader.stream.program.walker.cell_column(key))
    }

    /// Has its cells fetched, and what is known of them.
    fn fetch(&self, cells: &[Word], verdicts: &[u32]) {
        for cell in self.cells().map(|cell| cell as usize) {
            cells.get(cell).into_iter().for_each(prefetch);
            verdicts.get(cell).into_iter().for_each(prefetch);
        }
    }

    fn cells(&self) -> impl Iterator<Item = u32> {
        self.reader.stream.program.kernel.key_ids().map(|key| self.cell(key))
    }

    pub fn bit(&self, bit: usize) -> bool {
        self.column(bit / 32) >> (bit % 32) & 1 == 1
    }

    /// The word whose limbs lie in the columns from `first` on.
    pub fn param(&self, first: usize) -> U256 {
        from_word(&std::array::from_fn::<u32, LIMBS, _>(|limb| self.column(first + limb)))
    }
}

/// One row on the cells as they are.
struct Call<'a> {
    row: Row<'a>,
    cells: &'a [Word],
    memo: &'a mut Memo,
}

impl Call<'_> {
    fn leaf(&mut self) -> LeafId {
        let program = &self.row.reader.stream.program;
        let mut node = program.kernel.root();
        loop {
            if let Some(leaf) = program.walker.ends[node.index()] {
                return leaf;
            }
            match program.kernel.node(node) {
                Node::Leaf(leaf) => return leaf,
                Node::Branch { condition, yes, no } => node = if self.holds(condition) { yes } else { no },
            }
        }
    }

    fn holds(&mut self, condition: ExprId) -> bool {
        match self.row.reader.bits[condition.index()] {
            Some(bit) => self.row.bit(bit),
            None => !self.word(condition).is_zero(),
        }
    }

    /// Of two stores to one key the later counts.
    fn stores(&mut self, leaf: LeafId) -> Vec<(u32, Word)> {
        let stores = &self.row.reader.stream.program.kernel.leaf(leaf).stores;
        let last = |at: usize| stores[at + 1..].iter().all(|later| later.key != stores[at].key);
        let stores = stores.iter().enumerate().filter(|(at, _)| last(*at));
        stores.map(|(_, store)| (self.row.cell(store.key), to_word(self.word(store.value)))).collect()
    }

    fn word(&mut self, id: ExprId) -> U256 {
        if let Some(value) = self.memo.get(id) {
            return value;
        }
        let kernel = &self.row.reader.stream.program.kernel;
        let value = match (kernel.exprs.get(id), self.row.reader.params[id.index()]) {
            (Expr::Const(value), _) => *value,
            (_, Some(first)) => self.row.param(first),
            (Expr::Load(load), _) => self.load(*load),
            (Expr::Unary(op, a), _) => eval::unary(*op, self.word(*a)),
            (Expr::Binary(op, a, b), _) => eval::binary(*op, self.word(*a), self.word(*b)),
            (Expr::Ternary(op, [a, b, c]), _) => eval::ternary(*op, self.word(*a), self.word(*b), self.word(*c)),
            (Expr::Input(_) | Expr::Keccak(_), None) => unreachable!("a waver brings inputs, and refuses hashes of loaded words"),
        };
        self.memo.set(id, value)
    }

    fn load(&mut self, load: LoadId) -> U256 {
        let kernel = &self.row.reader.stream.program.kernel;
        let key = kernel.load(load).key;
        let cell = self.row.cell(key);
        for store in kernel.visible_shadows(load).iter().rev() {
            if store.key == key || self.row.cell(store.key) == cell {
                return self.word(store.value);
            }
        }
        self.cells.get(cell as usize).map(from_word).unwrap_or_default()
    }
}
