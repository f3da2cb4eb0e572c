//! The wave's twin: level after level, the rows of a level side by side. What a level stores in place is stored when all its rows are done,
//! which makes no difference, since none of them uses a cell that another one stores to.

use super::{Cpu, GRAIN, Run, Totals, wide};
use crate::exec::segment::{Part, Stream, TO_LINE, verdict};
use crate::ir::access::NO_CELL;
use crate::ir::{Expr, ExprId, KeyId, LeafId, LoadId, Node, eval};
use crate::plan::segment::Waves;
use crate::word::{self, LIMBS, Word, from_word, to_word};
use alloy_primitives::U256;
use rayon::prelude::*;

/// What became of a row.
struct Done {
    outcome: u32,
    /// Ordered cells with what is stored there.
    stores: Vec<(u32, Word)>,
}

impl Cpu {
    /// Runs the levels, and changes values, verdicts and outcomes.
    pub(super) fn wave(&self, waves: &Waves, run: &mut Run) {
        let first = run.outcomes.len();
        run.outcomes.extend(waves.streams.iter().map(|stream| vec![0; stream.rows]));
        let readers: Vec<Reader> = waves.streams.iter().map(Reader::new).collect();
        for (level, parts) in waves.levels.iter().enumerate() {
            let done = parts.iter().flat_map(|(stream, rows)| rows.clone().map(|row| (*stream, row as usize)));
            let done: Vec<(usize, usize)> = done.collect();
            let results: Vec<Done> = done
                .par_chunks(GRAIN.min(done.len().div_ceil(rayon::current_num_threads())).max(1))
                .flat_map_iter(|rows| {
                    let mut values = Vec::new();
                    rows.iter().map(|(stream, row)| self.row(&readers[*stream], *row, level as u32, run, &mut values)).collect::<Vec<_>>()
                })
                .collect();
            for ((stream, row), result) in done.into_iter().zip(results) {
                if result.outcome == TO_LINE {
                    put_off(readers[stream].row(row).cells(), level as u32, &mut run.verdicts);
                }
                result.stores.into_iter().for_each(|(cell, word)| run.values[cell as usize] = word);
                run.outcomes[first + stream][row] = result.outcome;
            }
        }
    }

    fn row(&self, reader: &Reader<'_>, row: usize, level: u32, run: &Run, values: &mut Vec<Option<U256>>) -> Done {
        let row = reader.row(row);
        if row.cells().any(|cell| waits(cell, level, &run.verdicts)) {
            return Done { outcome: TO_LINE, stores: vec![] };
        }
        values.clear();
        values.resize(reader.stream.program.kernel.exprs.len(), None);
        let mut call = Call { row, cells: &run.values, values };
        let leaf = call.leaf();
        let mut stores = Vec::new();
        for (cell, word) in call.stores(leaf) {
            match cell {
                NO_CELL => {}
                _ if run.verdicts[cell as usize] != 0 => stores.push((cell, word)),
                _ => self.differ(cell as usize, &run.values[cell as usize], &word),
            }
        }
        Done { outcome: leaf.index() as u32, stores }
    }

    /// Adds to a cell's totals what makes `after` of `before`.
    fn differ(&self, cell: usize, before: &Word, after: &Word) {
        let (totals, more, less): (&Totals, _, _) =
            if word::less(&wide(after), &wide(before)) { (&self.debits, before, after) } else { (&self.credits, after, before) };
        totals.add(cell, &word::sub(wide(more), wide(less)));
    }
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
struct Reader<'a> {
    stream: &'a Stream,
    /// By expression its first column.
    params: Vec<Option<usize>>,
    /// By expression its bit.
    bits: Vec<Option<usize>>,
}

impl<'a> Reader<'a> {
    fn new(stream: &'a Stream) -> Self {
        let program = &stream.program;
        let none = vec![None; program.kernel.exprs.len()];
        let mut reader = Self { stream, params: none.clone(), bits: none };
        program.walker.bits.iter().enumerate().for_each(|(at, id)| reader.bits[id.index()] = Some(at));
        if let Some(waver) = &program.waver {
            waver.params.iter().enumerate().for_each(|(at, id)| reader.params[id.index()] = Some(waver.param_column(at)));
        }
        reader
    }

    fn row(&self, row: usize) -> Row<'_> {
        let (part, row) = self.stream.locate(row);
        Row { reader: self, part, row }
    }
}

/// A row of a stream.
#[derive(Clone, Copy)]
struct Row<'a> {
    reader: &'a Reader<'a>,
    part: &'a Part,
    row: usize,
}

impl Row<'_> {
    fn column(&self, column: usize) -> u32 {
        self.part.word(column, self.row)
    }

    fn cell(&self, key: KeyId) -> u32 {
        self.column(self.reader.stream.program.walker.cell_column(key))
    }

    fn cells(&self) -> impl Iterator<Item = u32> {
        self.reader.stream.program.kernel.key_ids().map(|key| self.cell(key))
    }
}

/// One row on the cells as they are.
struct Call<'a> {
    row: Row<'a>,
    cells: &'a [Word],
    /// What has been evaluated.
    values: &'a mut Vec<Option<U256>>,
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
            Some(bit) => self.row.column(bit / 32) >> (bit % 32) & 1 == 1,
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
        if let Some(value) = self.values[id.index()] {
            return value;
        }
        let kernel = &self.row.reader.stream.program.kernel;
        let value = match (kernel.exprs.get(id), self.row.reader.params[id.index()]) {
            (Expr::Const(value), _) => *value,
            (_, Some(first)) => self.param(first),
            (Expr::Load(load), _) => self.load(*load),
            (Expr::Unary(op, a), _) => eval::unary(*op, self.word(*a)),
            (Expr::Binary(op, a, b), _) => eval::binary(*op, self.word(*a), self.word(*b)),
            (Expr::Ternary(op, [a, b, c]), _) => eval::ternary(*op, self.word(*a), self.word(*b), self.word(*c)),
            (Expr::Input(_) | Expr::Keccak(_), None) => unreachable!("a waver brings inputs, and refuses hashes of loaded words"),
        };
        self.values[id.index()] = Some(value);
        value
    }

    fn param(&self, first: usize) -> U256 {
        from_word(&std::array::from_fn::<u32, LIMBS, _>(|limb| self.row.column(first + limb)))
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
