//! A kernel's whole tree for rows of a wave, many at once: a word that the way of one needs is evaluated for all. It
//! knows no rows of which two keys name one cell where one of them is stored to and the other loaded.

use super::wave::{Reader, Row};
use crate::ir::{Expr, Kernel, KeyId, LeafId, Node, NodeId};
use crate::plan::tape::{Origin, Register, Registers, Room, Tape, Writer};
use crate::word::{Word, from_word, to_word};
use alloy_primitives::U256;

/// What a tape may cost for evaluating all of it to beat finding out what is needed, in additions.
const COST: usize = 512;

/// Where a row's words start.
#[derive(Debug, Clone, Copy)]
enum Source {
    /// The first column of what the row brings.
    Param(usize),
    /// The value of the key's cell.
    Load(KeyId),
}

#[derive(Debug)]
pub(super) struct Tree {
    tape: Tape<Source>,
    root: Step,
    /// Loads that would see what another key's store left, if both name one cell.
    doubtful: Vec<[KeyId; 2]>,
}

#[derive(Debug)]
enum Step {
    Bit(usize, Box<[Step; 2]>),
    Word(Register, Box<[Step; 2]>),
    Leaf(LeafId, Vec<(KeyId, Register)>),
}

impl Tree {
    /// `None` where rows are better gone through one by one.
    pub fn new(reader: &Reader<'_>) -> Option<Self> {
        let kernel = &reader.stream.program.kernel;
        let mut writer = Writer::new(&kernel.exprs, |id| match (reader.params[id.index()], kernel.exprs.get(id)) {
            (_, Expr::Const(_)) => Origin::Operation,
            (Some(first), _) => Origin::Source(Source::Param(first)),
            (None, Expr::Load(load)) => match kernel.visible_shadows(*load).first() {
                Some(store) if store.key == kernel.load(*load).key => Origin::Same(store.value),
                _ => Origin::Source(Source::Load(kernel.load(*load).key)),
            },
            (None, _) => Origin::Operation,
        });
        each(reader, kernel.root(), &mut |node| match node {
            Node::Branch { condition, .. } => writer.need(condition),
            Node::Leaf(leaf) => kernel.leaf(leaf).stores.iter().for_each(|store| writer.need(store.value)),
        });
        let (tape, registers) = writer.finish();
        tape.cost().filter(|cost| *cost <= COST)?;
        Some(Self { tape, root: step(reader, &registers, kernel.root()), doubtful: doubtful(kernel) })
    }

    /// Tells `tell` the leaf of each row, and what it stores in which cells.
    pub fn run(
        &self,
        rows: &[Row<'_>],
        cells: &[Word],
        room: &mut Room,
        mut tell: impl FnMut(LeafId, &mut dyn Iterator<Item = (u32, Word)>),
    ) {
        self.tape.begin(rows.len(), room);
        let source = |source: &Source, words: &mut [U256]| source.write(rows, cells, words);
        for (at, row) in rows.iter().enumerate() {
            // What no row's way comes by is not evaluated for any.
            let mut need = |register: Register| {
                self.tape.need(register, rows.len(), &source, room);
                *self.tape.evaluated(rows.len(), &room.words).column(register).word(at)
            };
            let (leaf, stores) = self.end(row, |register| !need(register).is_zero());
            stores.iter().for_each(|(_, register)| _ = need(*register));
            let evaluated = self.tape.evaluated(rows.len(), &room.words);
            let store = |(key, register): &(KeyId, Register)| (row.cell(*key), to_word(*evaluated.column(*register).word(at)));
            tell(leaf, &mut stores.iter().map(store));
        }
    }

    /// Whether two keys of a row name one cell where that matters.
    pub fn is_doubtful(&self, row: &Row<'_>) -> bool {
        self.doubtful.iter().any(|[load, store]| row.cell(*load) == row.cell(*store))
    }

    fn end(&self, row: &Row<'_>, mut holds: impl FnMut(Register) -> bool) -> (LeafId, &[(KeyId, Register)]) {
        let mut step = &self.root;
        loop {
            let (holds, [yes, no]) = match step {
                Step::Leaf(leaf, stores) => return (*leaf, stores),
                Step::Bit(bit, ways) => (row.bit(*bit), &**ways),
                Step::Word(register, ways) => (holds(*register), &**ways),
            };
            step = if holds { yes } else { no };
        }
    }
}

impl Source {
    /// The words of some rows.
    fn write(self, rows: &[Row<'_>], cells: &[Word], words: &mut [U256]) {
        let pairs = words.iter_mut().zip(rows);
        match self {
            Self::Param(first) => pairs.for_each(|(word, row)| *word = row.param(first)),
            Self::Load(key) => {
                pairs.for_each(|(word, row)| *word = cells.get(row.cell(key) as usize).map(from_word).unwrap_or_default());
            }
        }
    }
}

/// The node that a row comes to at `id`: a leaf, or a condition that decides anything.
fn node(reader: &Reader<'_>, id: NodeId) -> Node {
    let program = &reader.stream.program;
    program.walker.ends[id.index()].map_or_else(|| program.kernel.node(id), Node::Leaf)
}

/// Visits the nodes that words are needed for.
fn each(reader: &Reader<'_>, id: NodeId, visit: &mut impl FnMut(Node)) {
    let node = node(reader, id);
    match node {
        Node::Leaf(_) => visit(node),
        Node::Branch { condition, yes, no } => {
            if reader.bits[condition.index()].is_none() {
                visit(node);
            }
            [yes, no].into_iter().for_each(|id| each(reader, id, visit));
        }
    }
}

fn step(reader: &Reader<'_>, registers: &Registers, id: NodeId) -> Step {
    match node(reader, id) {
        Node::Branch { condition, yes, no } => {
            let ways = Box::new([yes, no].map(|id| step(reader, registers, id)));
            match reader.bits[condition.index()] {
                Some(bit) => Step::Bit(bit, ways),
                None => Step::Word(registers.of(condition), ways),
            }
        }
        Node::Leaf(leaf) => {
            // Of two stores to one key the later counts.
            let stores = &reader.stream.program.kernel.leaf(leaf).stores;
            let last = stores.iter().enumerate().filter(|(at, store)| stores[at + 1..].iter().all(|later| later.key != store.key));
            Step::Leaf(leaf, last.map(|(_, store)| (store.key, registers.of(store.value))).collect())
        }
    }
}

fn doubtful(kernel: &Kernel) -> Vec<[KeyId; 2]> {
    let loads = kernel.load_ids().map(|load| (kernel.load(load).key, kernel.visible_shadows(load)));
    let mut pairs: Vec<[KeyId; 2]> = loads.flat_map(|(key, stores)| stores.iter().map(move |store| [key, store.key])).collect();
    pairs.retain(|[load, store]| load != store);
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}
