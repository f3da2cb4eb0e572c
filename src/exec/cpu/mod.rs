//! The Rust twins of the device's passes, on all cores: a backend where there is no device, and the words that the device's buffers are
//! compared with. A pass here may assume what `pass::check` has checked. Nothing depends on the order of threads: totals are sums.

mod wave;

use super::pass::{self, Buffers, Pass};
use super::segment::{Cleared, Clearing, Part, Segment, Stages, Stream, TO_LINE, verdict};
use crate::error::Result;
use crate::ir::access::{NO_CELL, Term, Walk, Walker, flags};
use crate::ir::{Binary, Expr, ExprId, Kernel, KeyId, Ternary, Unary, eval};
use crate::word::{self, LIMBS, TOTAL_LIMBS, Total, Word};
use alloy_primitives::{U256, keccak256};
use rayon::prelude::*;
use std::hint::black_box;
use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Instant;

/// Rows or cells that a thread takes at once: enough to hide the taking, few enough to share out evenly.
const GRAIN: usize = 1 << 12;
/// Rows whose totals are brought into cache together: for a million cells net takes a third of the time that it takes row by row.
const BLOCK: usize = 64;

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

    /// Rows of a level are handed to threads, which takes as long for few rows as waking them does.
    fn level_ns(&mut self) -> Result<u64> {
        let (levels, start) = (16, Instant::now());
        for level in 0..levels {
            black_box((0..rayon::current_num_threads()).into_par_iter().map(|thread| thread + level).sum::<usize>());
        }
        Ok(start.elapsed().as_nanos() as u64 / levels as u64)
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
        let base = if values.is_empty() { &segment.base } else { &values }.as_flattened().to_vec();
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
                Pass::Wave if segment.waves.levels.is_empty() => {}
                Pass::Wave => {
                    run.values = segment.base.clone();
                    self.wave(&segment.waves, &mut run);
                }
                Pass::Settle => {
                    let values = if run.values.is_empty() { &segment.base } else { &run.values };
                    run.values = self.settle(values, &run.verdicts);
                }
            }
            stage(pass.name());
        }
        self.stages = stages;
        Ok(run)
    }

    /// Adds the demands of each row to the totals of its cells.
    fn net(&self, plan: &Plan, stream: &Stream, base: &[Word]) {
        pieces(stream).into_par_iter().for_each(|(part, rows)| {
            let mut demands = plan.demands();
            for block in rows.clone().step_by(BLOCK) {
                let rows = block..rows.end.min(block + BLOCK);
                self.warm(plan, part, rows.clone());
                for row in rows.map(|row| Row { plan, part, base, row }) {
                    row.demand(&mut demands);
                    self.change(&row, &demands, Totals::add);
                }
            }
        });
    }

    /// Reads what the rows will add to. Reads wait for memory side by side, while each atomic addition waits alone.
    fn warm(&self, plan: &Plan, part: &Part, rows: Range<usize>) {
        let mut all = 0;
        for (column, [down, up]) in plan.cell_columns.iter().zip(&plan.asked) {
            let cells = part.columns[*column].get(rows.clone()).unwrap_or(&[]);
            for cell in cells.iter().filter(|cell| **cell != NO_CELL) {
                all |= if *down { self.debits.touch(*cell as usize) } else { 0 };
                all |= if *up { self.credits.touch(*cell as usize) } else { 0 };
            }
        }
        black_box(all);
    }

    /// Adds amounts to the totals of a row's cells, or takes them.
    fn change(&self, row: &Row<'_>, amounts: &[[Total; 2]], change: impl Fn(&Totals, usize, &Total)) {
        for ((key, cell), [asks_down, asks_up]) in row.cells().zip(&row.plan.asked).filter(|((_, cell), _)| *cell != NO_CELL) {
            let [down, up] = &amounts[key];
            if *asks_down {
                change(&self.debits, cell as usize, down);
            }
            if *asks_up {
                change(&self.credits, cell as usize, up);
            }
        }
    }

    /// A verdict for each cell.
    fn judge(&self, segment: &Segment) -> Vec<u32> {
        let cells = (0..segment.base.len()).into_par_iter().with_min_len(GRAIN);
        cells.map(|cell| judge(segment.flags[cell], &segment.base[cell], self.debits.get(cell), self.credits.get(cell))).collect()
    }

    /// Takes back what settle must not apply: all of a row that goes to the line, and what a leaf does not apply of its row's demands.
    fn retract(&self, plan: &Plan, stream: &Stream, base: &[Word], verdicts: &[u32]) -> Vec<u32> {
        let mut outcomes = vec![0; stream.rows];
        let mut rest = &mut outcomes[..];
        let pieces = pieces(stream).into_iter().map(|(part, rows)| {
            let (of_piece, after) = std::mem::take(&mut rest).split_at_mut(rows.len());
            rest = after;
            (part, rows, of_piece)
        });
        pieces.collect::<Vec<_>>().into_par_iter().for_each(|(part, rows, outcomes)| {
            let mut demands = plan.demands();
            for (row, outcome) in rows.zip(outcomes) {
                let row = Row { plan, part, base, row };
                let end = row.end();
                let to_line = row.cells().any(|(_, cell)| cell != NO_CELL && verdicts[cell as usize] != 0);
                *outcome = if to_line { TO_LINE } else { end.leaf };
                if to_line || !end.exact {
                    row.demand(&mut demands);
                    let applied: &[Ask] = if to_line { &[] } else { &end.applied };
                    for ask in applied {
                        let demand = &mut demands[ask.key][ask.side];
                        *demand = word::sub(*demand, row.sum(&ask.terms));
                    }
                    self.change(&row, &demands, Totals::sub);
                }
            }
        });
        outcomes
    }

    /// The values of the cells: base - debits + credits, where nobody contends.
    fn settle(&self, values: &[Word], verdicts: &[u32]) -> Vec<Word> {
        let cells = values.par_iter().zip(verdicts).enumerate().with_min_len(GRAIN);
        cells
            .map(|(cell, (value, verdict))| {
                let (debits, credits) = (self.debits.get(cell), self.credits.get(cell));
                if *verdict == 0 { cut(&word::add(word::sub(wide(value), debits), credits)) } else { *value }
            })
            .collect()
    }
}

/// The parts of a stream, cut to what a thread takes at once.
fn pieces(stream: &Stream) -> Vec<(&Part, Range<usize>)> {
    let of_part = |part: &Part| (0..part.rows).step_by(GRAIN).map(|row| row..part.rows.min(row + GRAIN)).collect::<Vec<_>>();
    stream.parts.iter().flat_map(|part| of_part(part).into_iter().map(move |rows| (part, rows))).collect()
}

/// Whether a cell's calls need an order: by how they use it, or because it may fall short of a guard.
fn judge(flags: u32, base: &Word, debits: Total, credits: Total) -> u32 {
    let value = wide(base);
    let guarded = flags & (flags::GUARD | flags::SENTINEL) != 0;
    let short = || word::less(&value, &debits) || word::add(value, credits)[LIMBS] != 0;
    let sentinel = || flags & flags::SENTINEL != 0 && flags & flags::PLAIN_DEBIT != 0 && *base == [u32::MAX; LIMBS];
    match flags::ordered(flags) {
        true => verdict::ORDERED,
        false if (guarded && short()) || sentinel() => verdict::SHORT,
        false => 0,
    }
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

    /// Reads both ends, which may lie in two lines of the cache.
    fn touch(&self, cell: usize) -> u32 {
        let limbs = self.of(cell);
        limbs[0].load(Relaxed) | limbs[TOTAL_LIMBS - 1].load(Relaxed)
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
    /// For each key whether anything is demanded of it, down and up.
    asked: Vec<[bool; 2]>,
}

enum Step {
    Choose { choice: Choice, yes: Box<Step>, no: Box<Step> },
    Guard { asks: Vec<Ask>, pass: Box<Step>, fail: Option<Box<Step>> },
    Sentinel { key: usize, equal: Box<Step>, other: Box<Step> },
    End(End),
}

/// What the row, or free cells, decide.
enum Choice {
    Bit(usize),
    Read(Operand),
}

struct End {
    leaf: u32,
    asks: Vec<Ask>,
    applied: Vec<Ask>,
    /// Whoever ends here demands exactly what it applies.
    exact: bool,
}

/// A sum that is demanded of a key, or applied to it; `side` is 0 for down, 1 for up.
#[derive(Clone, PartialEq)]
struct Ask {
    key: usize,
    side: usize,
    terms: Vec<Operand>,
}

#[derive(Clone, PartialEq)]
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
        let builder = Builder { kernel, walker };
        let mut asked = vec![[false; 2]; kernel.keys.len()];
        builder.asks(&walker.root).iter().for_each(|ask| asked[ask.key][ask.side] = true);
        Self {
            root: builder.step(&walker.root, &[], &[]),
            cell_columns: kernel.key_ids().map(|key| walker.cell_column(key)).collect(),
            param_columns: (0..walker.params.len()).map(|param| walker.param_column(param)).collect(),
            asked,
        }
    }

    /// Room for what a row demands, `[down, up]` of each key.
    fn demands(&self) -> Vec<[Total; 2]> {
        vec![[NOTHING; 2]; self.cell_columns.len()]
    }
}

struct Builder<'a> {
    kernel: &'a Kernel,
    walker: &'a Walker,
}

impl Builder<'_> {
    /// `made` are the asks that are made on the way here; `others` may be made beside it.
    fn step(&self, walk: &Walk, made: &[Ask], others: &[Ask]) -> Step {
        let step = |walk: &Walk| Box::new(self.step(walk, made, others));
        match walk {
            Walk::Bit { bit, yes, no } => Step::Choose { choice: Choice::Bit(*bit), yes: step(yes), no: step(no) },
            Walk::Read { condition, yes, no } => {
                Step::Choose { choice: Choice::Read(self.operand(*condition)), yes: step(yes), no: step(no) }
            }
            Walk::Guard { pass, fail, .. } => {
                let asks = new(self.own_asks(walk), made);
                let made = [made, &asks].concat();
                let to = |walk, beside| Box::new(self.step(walk, &made, &[others, &self.asks(beside)].concat()));
                let silent = new(self.asks(fail), &made).is_empty();
                Step::Guard { asks, pass: to(pass, fail), fail: (!silent).then(|| to(fail, pass)) }
            }
            Walk::Sentinel { key, equal, other } => {
                let to = |walk, beside| Box::new(self.step(walk, made, &[others, &self.asks(beside)].concat()));
                Step::Sentinel { key: key.index(), equal: to(equal, other), other: to(other, equal) }
            }
            Walk::Leaf { leaf, .. } => {
                let applied = self.own_asks(walk);
                let mut demanded = made.iter().chain(others);
                // What is applied is demanded too, so it is enough that nothing else is.
                let exact = demanded.all(|ask| applied.contains(ask));
                Step::End(End { leaf: leaf.index() as u32, asks: new(applied.clone(), made), applied, exact })
            }
        }
    }
    /// What a node itself asks.
    fn own_asks(&self, walk: &Walk) -> Vec<Ask> {
        let sides = |key: KeyId, down: Vec<Operand>, up: Vec<Operand>| {
            let ask = move |(side, terms)| Ask { key: key.index(), side, terms };
            [down, up].into_iter().enumerate().filter(|(_, terms)| !terms.is_empty()).map(ask)
        };
        let terms = |terms: &[Term]| terms.iter().map(|term| self.term(term)).collect();
        let words = |words: &[ExprId]| words.iter().map(|word| self.operand(*word)).collect();
        match walk {
            Walk::Guard { guard, .. } => sides(guard.key, terms(&guard.down), terms(&guard.up)).collect(),
            Walk::Leaf { effects, .. } => {
                effects.iter().flat_map(|effect| sides(effect.key, words(&effect.debits), words(&effect.credits))).collect()
            }
            Walk::Bit { .. } | Walk::Read { .. } | Walk::Sentinel { .. } => vec![],
        }
    }

    /// What is asked anywhere below.
    fn asks(&self, walk: &Walk) -> Vec<Ask> {
        let mut asks = self.own_asks(walk);
        for ask in walk.below().into_iter().flat_map(|walk| self.asks(walk)) {
            if !asks.contains(&ask) {
                asks.push(ask);
            }
        }
        asks
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

/// Those that have not been made yet.
fn new(asks: Vec<Ask>, made: &[Ask]) -> Vec<Ask> {
    asks.into_iter().filter(|ask| !made.contains(ask)).collect()
}

/// One row of a stream.
struct Row<'a> {
    plan: &'a Plan,
    part: &'a Part,
    base: &'a [Word],
    row: usize,
}

impl<'a> Row<'a> {
    fn column(&self, column: usize) -> u32 {
        self.part.word(column, self.row)
    }

    /// The keys with their cells, which may be `NO_CELL`.
    fn cells(&self) -> impl Iterator<Item = (usize, u32)> {
        self.plan.cell_columns.iter().map(|column| self.column(*column)).enumerate()
    }

    fn bit(&self, bit: usize) -> bool {
        self.column(bit / 32) >> (bit % 32) & 1 == 1
    }

    fn holds(&self, choice: &Choice) -> bool {
        match choice {
            Choice::Bit(bit) => self.bit(*bit),
            Choice::Read(condition) => !self.value(condition).is_zero(),
        }
    }

    /// Where the row ends.
    fn end(&self) -> &'a End {
        let mut step = &self.plan.root;
        loop {
            step = match step {
                Step::Choose { choice, yes, no } => {
                    if self.holds(choice) {
                        yes
                    } else {
                        no
                    }
                }
                Step::Guard { pass, .. } => pass,
                Step::Sentinel { key, equal, other } => {
                    if self.load(*key) == [u32::MAX; LIMBS] {
                        equal
                    } else {
                        other
                    }
                }
                Step::End(end) => return end,
            };
        }
    }

    /// What the row demands: of each key and side the most that is asked.
    fn demand(&self, demands: &mut [[Total; 2]]) {
        demands.fill([NOTHING; 2]);
        self.step(&self.plan.root, demands);
    }

    fn step(&self, step: &Step, demands: &mut [[Total; 2]]) {
        let mut step = step;
        loop {
            step = match step {
                Step::Choose { choice, yes, no } => {
                    if self.holds(choice) {
                        yes
                    } else {
                        no
                    }
                }
                Step::Guard { asks, pass, fail } => {
                    self.ask(asks, demands);
                    if let Some(fail) = fail {
                        self.step(fail, demands);
                    }
                    pass
                }
                Step::Sentinel { equal, other, .. } => {
                    self.step(equal, demands);
                    other
                }
                Step::End(end) => return self.ask(&end.asks, demands),
            };
        }
    }

    fn ask(&self, asks: &[Ask], demands: &mut [[Total; 2]]) {
        for ask in asks {
            let asked = self.sum(&ask.terms);
            let most = &mut demands[ask.key][ask.side];
            if word::less(most, &asked) {
                *most = asked;
            }
        }
    }

    fn sum(&self, terms: &[Operand]) -> Total {
        match terms {
            [term] => self.amount(term),
            terms => terms.iter().fold(NOTHING, |sum, term| word::add(sum, self.amount(term))),
        }
    }

    fn amount(&self, term: &Operand) -> Total {
        match term {
            Operand::Param(param) => wide(&self.param(*param)),
            term => word::widen(self.value(term)),
        }
    }

    fn param(&self, param: usize) -> Word {
        let first = self.plan.param_columns[param];
        std::array::from_fn(|limb| self.column(first + limb))
    }

    /// The value that a key's cell had before the segment.
    fn load(&self, key: usize) -> Word {
        match self.column(self.plan.cell_columns[key]) {
            NO_CELL => [0; LIMBS],
            cell => self.base[cell as usize],
        }
    }

    fn value(&self, operand: &Operand) -> U256 {
        match operand {
            Operand::Param(param) => word::from_word(&self.param(*param)),
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
