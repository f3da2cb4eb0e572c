//! The Rust twins of the device's passes, on all cores: a backend where there is no device, and the words that the device's buffers are
//! compared with. A pass here may assume what `pass::check` has checked. Nothing depends on the order of threads: totals are sums.

use super::pass::{self, Buffers, Pass};
use super::segment::{Cleared, Clearing, Segment, Stages, Stream, TO_LINE};
use crate::error::Result;
use crate::ir::access::{Effect, NO_CELL, Term, Walk, Walker, flags};
use crate::ir::{Binary, Expr, ExprId, Kernel, Ternary, Unary, eval};
use crate::word::{self, LIMBS, TOTAL_LIMBS, Total, Word};
use alloy_primitives::{U256, keccak256};
use rayon::prelude::*;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Instant;

/// Rows or cells that a thread takes at once: enough to hide the taking, few enough to share out evenly.
const GRAIN: usize = 1 << 12;

/// The backend. Keeps its totals from one segment to the next.
#[derive(Debug, Default)]
pub struct Cpu {
    debits: Totals,
    credits: Totals,
    stages: Stages,
}

impl Clearing for Cpu {
    fn clear(&mut self, segment: &Segment) -> Result<Cleared> {
        let Run { values, verdicts, outcomes } = self.run(segment, Pass::Settle)?;
        Ok(Cleared { values, verdicts, outcomes })
    }

    fn stages(&self) -> Stages {
        self.stages.clone()
    }
}

/// What the passes make, besides the totals.
#[derive(Default)]
struct Run {
    values: Vec<Word>,
    verdicts: Vec<u32>,
    outcomes: Vec<Vec<u32>>,
}

impl Cpu {
    /// The buffers after the passes up to `last`: for tests, and for whoever looks for where a device goes astray.
    pub fn after(&mut self, segment: &Segment, last: Pass) -> Result<Buffers> {
        let Run { values, verdicts, outcomes } = self.run(segment, last)?;
        let base = if last == Pass::Settle { &values } else { &segment.base }.as_flattened().to_vec();
        Ok(Buffers { base, debits: self.debits.words(), credits: self.credits.words(), verdicts, outcomes })
    }

    fn run(&mut self, segment: &Segment, last: Pass) -> Result<Run> {
        self.stages.clear();
        let mut at = Instant::now();
        let mut stages = Stages::new();
        let mut stage = |name| {
            stages.push((name, at.elapsed().as_nanos() as u64));
            at = Instant::now();
        };
        pass::check(segment)?;
        let plans: Vec<Plan> = segment.streams.iter().map(|stream| Plan::new(&stream.program.kernel, &stream.program.walker)).collect();
        self.debits.reset(segment.base.len());
        self.credits.reset(segment.base.len());
        stage("prepare");

        let mut run = Run::default();
        for pass in Pass::ALL.into_iter().filter(|pass| *pass <= last) {
            match pass {
                Pass::Net => plans.iter().zip(&segment.streams).for_each(|(plan, stream)| self.net(plan, stream, &segment.base)),
                Pass::Judge => run.verdicts = self.judge(segment),
                Pass::Retract => {
                    let streams = plans.iter().zip(&segment.streams);
                    run.outcomes = streams.map(|(plan, stream)| self.retract(plan, stream, &segment.base, &run.verdicts)).collect();
                }
                Pass::Settle => run.values = self.settle(&segment.base, &run.verdicts),
            }
            stage(pass.name());
        }
        self.stages = stages;
        Ok(run)
    }

    /// Adds the demands of each row to the totals of its cells.
    fn net(&self, plan: &Plan, stream: &Stream, base: &[Word]) {
        (0..stream.rows.div_ceil(GRAIN)).into_par_iter().for_each(|chunk| {
            let mut row = Row::new(plan, stream, base);
            for r in chunk * GRAIN..stream.rows.min((chunk + 1) * GRAIN) {
                row.walk(r);
                for (key, cell) in row.touched() {
                    let [down, up] = &row.demands[key];
                    self.debits.add(cell, down);
                    self.credits.add(cell, up);
                }
            }
        });
    }

    /// A verdict for each cell.
    fn judge(&self, segment: &Segment) -> Vec<u32> {
        let cells = (0..segment.base.len()).into_par_iter().with_min_len(GRAIN);
        cells
            .map(|cell| u32::from(contended(segment.flags[cell], &segment.base[cell], self.debits.get(cell), self.credits.get(cell))))
            .collect()
    }

    /// Takes back what settle must not apply: all of a row that goes to the line, and what a leaf does not apply of its row's demands.
    fn retract(&self, plan: &Plan, stream: &Stream, base: &[Word], verdicts: &[u32]) -> Vec<u32> {
        let mut outcomes = vec![0; stream.rows];
        outcomes.par_chunks_mut(GRAIN).enumerate().for_each(|(chunk, outcomes)| {
            let mut row = Row::new(plan, stream, base);
            for (i, outcome) in outcomes.iter_mut().enumerate() {
                let leaf = row.walk(chunk * GRAIN + i);
                let to_line = row.touched().any(|(_, cell)| verdicts[cell] == 1);
                *outcome = if to_line { TO_LINE } else { leaf };
                for (key, cell) in row.touched() {
                    let [mut down, mut up] = row.demands[key];
                    if !to_line {
                        down = word::sub(down, row.applied[key][0]);
                        up = word::sub(up, row.applied[key][1]);
                    }
                    self.debits.sub(cell, &down);
                    self.credits.sub(cell, &up);
                }
            }
        });
        outcomes
    }

    /// The values of the cells: base - debits + credits, where nobody contends.
    fn settle(&self, base: &[Word], verdicts: &[u32]) -> Vec<Word> {
        let cells = base.par_iter().zip(verdicts).enumerate().with_min_len(GRAIN);
        cells
            .map(|(cell, (base, verdict))| {
                let (debits, credits) = (self.debits.get(cell), self.credits.get(cell));
                if *verdict == 0 { cut(&word::add(word::sub(wide(base), debits), credits)) } else { *base }
            })
            .collect()
    }
}

/// Whether a cell's calls need an order: by how they use it, or because it may fall short of a guard.
fn contended(flags: u32, base: &Word, debits: Total, credits: Total) -> bool {
    let value = wide(base);
    let guarded = flags & (flags::GUARD | flags::SENTINEL) != 0;
    let short = || word::less(&value, &debits) || (credits != NOTHING && word::add(value, credits)[LIMBS] != 0);
    let sentinel = || flags & flags::SENTINEL != 0 && flags & flags::PLAIN_DEBIT != 0 && *base == [u32::MAX; LIMBS];
    flags::ordered(flags) || (guarded && short()) || sentinel()
}

const NOTHING: Total = [0; TOTAL_LIMBS];

fn wide(word: &Word) -> Total {
    let mut total = NOTHING;
    total[..LIMBS].copy_from_slice(word);
    total
}

/// The low 256 bits.
fn cut(total: &Total) -> Word {
    let mut word = [0; LIMBS];
    word.copy_from_slice(&total[..LIMBS]);
    word
}

/// A total for each cell, in the device's layout. Limbs are atomic one by one: a total is whole when its pass has ended.
#[derive(Debug, Default)]
struct Totals(Vec<AtomicU32>);

impl Totals {
    fn reset(&mut self, cells: usize) {
        self.0.resize_with(cells * TOTAL_LIMBS, AtomicU32::default);
        self.0.par_chunks_mut(GRAIN * TOTAL_LIMBS).for_each(|chunk| chunk.iter_mut().for_each(|limb| *limb.get_mut() = 0));
    }

    fn of(&self, cell: usize) -> &[AtomicU32] {
        &self.0[cell * TOTAL_LIMBS..][..TOTAL_LIMBS]
    }

    fn get(&self, cell: usize) -> Total {
        let mut total = NOTHING;
        total.iter_mut().zip(self.of(cell)).for_each(|(to, limb)| *to = limb.load(Relaxed));
        total
    }

    /// A limb's own wrap goes on to the next limb in this thread, so that no carry is lost whoever else adds.
    fn add(&self, cell: usize, amount: &Total) {
        let mut carry = false;
        for (limb, term) in self.of(cell).iter().zip(amount) {
            let (term, wrapped) = term.overflowing_add(u32::from(carry));
            carry = wrapped || (term != 0 && limb.fetch_add(term, Relaxed).overflowing_add(term).1);
        }
    }

    fn sub(&self, cell: usize, amount: &Total) {
        let mut borrow = false;
        for (limb, term) in self.of(cell).iter().zip(amount) {
            let (term, wrapped) = term.overflowing_add(u32::from(borrow));
            borrow = wrapped || (term != 0 && limb.fetch_sub(term, Relaxed) < term);
        }
    }

    fn words(&self) -> Vec<u32> {
        self.0.iter().map(|limb| limb.load(Relaxed)).collect()
    }
}

/// A walk with its expressions resolved to what a row holds.
struct Plan {
    root: Step,
    cell_columns: Vec<usize>,
    param_columns: Vec<usize>,
}

enum Step {
    Bit { bit: usize, yes: Box<Step>, no: Box<Step> },
    Read { condition: Operand, yes: Box<Step>, no: Box<Step> },
    Guard { key: usize, down: Vec<Operand>, up: Vec<Operand>, pass: Box<Step>, fail: Box<Step> },
    Sentinel { key: usize, equal: Box<Step>, other: Box<Step> },
    Leaf { leaf: u32, effects: Vec<(usize, Vec<Operand>, Vec<Operand>)> },
}

enum Operand {
    Param(usize),
    Const(U256),
    /// The value of this key's cell.
    Load(usize),
    Unary(Unary, Box<Operand>),
    Binary(Binary, Box<[Operand; 2]>),
    Ternary(Ternary, Box<[Operand; 3]>),
    Keccak(Vec<Operand>, usize),
}

impl Plan {
    fn new(kernel: &Kernel, walker: &Walker) -> Self {
        Self {
            root: Builder { kernel, walker }.step(&walker.root),
            cell_columns: kernel.key_ids().map(|key| walker.cell_column(key)).collect(),
            param_columns: (0..walker.params.len()).map(|param| walker.param_column(param)).collect(),
        }
    }
}

struct Builder<'a> {
    kernel: &'a Kernel,
    walker: &'a Walker,
}

impl Builder<'_> {
    fn step(&self, walk: &Walk) -> Step {
        let child = |walk: &Walk| Box::new(self.step(walk));
        let terms = |terms: &[Term]| terms.iter().map(|term| self.term(term)).collect();
        match walk {
            Walk::Bit { bit, yes, no } => Step::Bit { bit: *bit, yes: child(yes), no: child(no) },
            Walk::Read { condition, yes, no } => Step::Read { condition: self.operand(*condition), yes: child(yes), no: child(no) },
            Walk::Guard { guard, pass, fail } => {
                Step::Guard { key: guard.key.index(), down: terms(&guard.down), up: terms(&guard.up), pass: child(pass), fail: child(fail) }
            }
            Walk::Sentinel { key, equal, other } => Step::Sentinel { key: key.index(), equal: child(equal), other: child(other) },
            Walk::Leaf { leaf, effects } => {
                Step::Leaf { leaf: leaf.index() as u32, effects: effects.iter().map(|effect| self.effect(effect)).collect() }
            }
        }
    }

    fn effect(&self, effect: &Effect) -> (usize, Vec<Operand>, Vec<Operand>) {
        let words = |words: &[ExprId]| words.iter().map(|word| self.operand(*word)).collect();
        (effect.key.index(), words(&effect.debits), words(&effect.credits))
    }

    fn term(&self, term: &Term) -> Operand {
        match term {
            Term::Word(word) => self.operand(*word),
            Term::Const(value) => Operand::Const(*value),
        }
    }

    fn operand(&self, id: ExprId) -> Operand {
        if let Some(param) = self.walker.params.iter().position(|param| *param == id) {
            return Operand::Param(param);
        }
        match self.kernel.exprs.get(id) {
            Expr::Const(value) => Operand::Const(*value),
            Expr::Load(load) => Operand::Load(self.kernel.load(*load).key.index()),
            Expr::Unary(op, a) => Operand::Unary(*op, Box::new(self.operand(*a))),
            Expr::Binary(op, a, b) => Operand::Binary(*op, Box::new([*a, *b].map(|id| self.operand(id)))),
            Expr::Ternary(op, operands) => Operand::Ternary(*op, Box::new(operands.map(|id| self.operand(id)))),
            Expr::Keccak(preimage) => {
                Operand::Keccak(preimage.words.iter().map(|id| self.operand(*id)).collect(), preimage.len_bytes as usize)
            }
            Expr::Input(_) => unreachable!("the walker makes a parameter of what inputs decide"),
        }
    }
}

/// One row at a time: its cells and parameters, and per key what it demands and what its leaf applies, as `[down, up]`.
struct Row<'a> {
    plan: &'a Plan,
    stream: &'a Stream,
    base: &'a [Word],
    row: usize,
    cells: Vec<u32>,
    params: Vec<Word>,
    demands: Vec<[Total; 2]>,
    applied: Vec<[Total; 2]>,
}

impl<'a> Row<'a> {
    fn new(plan: &'a Plan, stream: &'a Stream, base: &'a [Word]) -> Self {
        let keys = plan.cell_columns.len();
        Self {
            plan,
            stream,
            base,
            row: 0,
            cells: vec![NO_CELL; keys],
            params: vec![[0; LIMBS]; plan.param_columns.len()],
            demands: vec![[NOTHING; 2]; keys],
            applied: vec![[NOTHING; 2]; keys],
        }
    }

    fn column(&self, column: usize) -> u32 {
        self.stream.columns[column * self.stream.rows + self.row]
    }

    /// The keys that have a cell, with it.
    fn touched(&self) -> impl Iterator<Item = (usize, usize)> {
        let cells = self.cells.iter().enumerate();
        cells.filter(|(_, cell)| **cell != NO_CELL).map(|(key, cell)| (key, *cell as usize))
    }

    /// Goes down the walk with row `row`, and gives its leaf.
    fn walk(&mut self, row: usize) -> u32 {
        self.row = row;
        for (key, column) in self.plan.cell_columns.iter().enumerate() {
            self.cells[key] = self.column(*column);
        }
        for (param, column) in self.plan.param_columns.iter().enumerate() {
            self.params[param] = std::array::from_fn(|limb| self.column(column + limb));
        }
        self.demands.fill([NOTHING; 2]);
        self.applied.fill([NOTHING; 2]);
        self.step(&self.plan.root, true)
    }

    /// `main` is the way that the row really takes; off it only demands count.
    fn step(&mut self, step: &Step, main: bool) -> u32 {
        match step {
            Step::Bit { bit, yes, no } => {
                let bits = self.column(bit / 32);
                self.step(if bits >> (bit % 32) & 1 == 1 { yes } else { no }, main)
            }
            Step::Read { condition, yes, no } => self.step(if self.value(condition).is_zero() { no } else { yes }, main),
            Step::Guard { key, down, up, pass, fail } => {
                let demand = [self.sum(down), self.sum(up)];
                self.demand(*key, &demand);
                self.step(fail, false);
                self.step(pass, main)
            }
            Step::Sentinel { key, equal, other } => {
                let (taken, left) = if self.load(*key) == [u32::MAX; LIMBS] { (equal, other) } else { (other, equal) };
                self.step(left, false);
                self.step(taken, main)
            }
            Step::Leaf { leaf, effects } => {
                for (key, debits, credits) in effects {
                    let change = [self.sum(debits), self.sum(credits)];
                    self.demand(*key, &change);
                    if main {
                        self.applied[*key] = change;
                    }
                }
                *leaf
            }
        }
    }

    /// The most that any step asks counts.
    fn demand(&mut self, key: usize, demand: &[Total; 2]) {
        for (most, asked) in self.demands[key].iter_mut().zip(demand) {
            if word::less(most, asked) {
                *most = *asked;
            }
        }
    }

    fn sum(&self, terms: &[Operand]) -> Total {
        terms.iter().fold(NOTHING, |sum, term| word::add(sum, self.amount(term)))
    }

    fn amount(&self, term: &Operand) -> Total {
        match term {
            Operand::Param(param) => wide(&self.params[*param]),
            term => word::widen(self.value(term)),
        }
    }

    /// The value that a key's cell had before the segment.
    fn load(&self, key: usize) -> Word {
        match self.cells[key] {
            NO_CELL => [0; LIMBS],
            cell => self.base[cell as usize],
        }
    }

    fn value(&self, operand: &Operand) -> U256 {
        match operand {
            Operand::Param(param) => word::from_word(&self.params[*param]),
            Operand::Const(value) => *value,
            Operand::Load(key) => word::from_word(&self.load(*key)),
            Operand::Unary(op, a) => eval::unary(*op, self.value(a)),
            Operand::Binary(op, operands) => {
                let [a, b] = operands.each_ref().map(|operand| self.value(operand));
                eval::binary(*op, a, b)
            }
            Operand::Ternary(op, operands) => {
                let [a, b, c] = operands.each_ref().map(|operand| self.value(operand));
                eval::ternary(*op, a, b, c)
            }
            Operand::Keccak(words, len) => {
                let bytes: Vec<u8> = words.iter().flat_map(|word| self.value(word).to_be_bytes::<32>()).collect();
                keccak256(&bytes[..*len]).into()
            }
        }
    }
}
