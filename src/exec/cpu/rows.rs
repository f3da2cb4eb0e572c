//! A row of a stream, and the walk that it takes: which leaf it ends at, and what it demands of its cells. Nothing is changed here.

use crate::exec::segment::Part;
use crate::ir::access::{Alike, NO_CELL, Term, Walk, Walker};
use crate::ir::{Expr, ExprId, Kernel, KeyId};
use crate::plan::tape::{Evaluated, Origin, Register, Registers, Room, SIDE_BY_SIDE, Tape, Writer};
use crate::prefetch::prefetch;
use crate::word::{self, LIMBS, TOTAL_LIMBS, Total, Word, from_word, to_word};
use alloy_primitives::U256;
use std::ops::Range;

pub(super) const NOTHING: Total = [0; TOTAL_LIMBS];

pub(super) fn wide(word: &Word) -> Total {
    let mut total = NOTHING;
    total[..LIMBS].copy_from_slice(word);
    total
}

/// A walk with its expressions resolved to what a row holds.
#[derive(Debug)]
pub(super) struct Plan {
    pub root: Step,
    /// What is computed of rows that look at cells, and the words that walks come by.
    tape: Tape<Source>,
    words: Vec<Register>,
    /// The columns of cells whose values rows look at.
    looked_at: Vec<usize>,
    pub bit_columns: usize,
    pub cell_columns: Vec<usize>,
    pub param_columns: Vec<usize>,
    /// For each key whether anything is demanded of it, down and up.
    pub asked: Vec<[bool; 2]>,
}

/// Where a row's words start: the first column of what it brings, or that of a key's cell.
#[derive(Debug, Clone, Copy)]
enum Source {
    Param(usize),
    Load(usize),
}

#[derive(Debug)]
pub(super) enum Step {
    Choose { choice: Choice, yes: Box<Step>, no: Box<Step> },
    Guard { asks: Vec<Ask>, pass: Box<Step>, fail: Option<Box<Step>> },
    Sentinel { key: usize, equal: Box<Step>, other: Box<Step> },
    End(End),
}

/// What the row, or free cells, decide.
#[derive(Debug)]
pub(super) enum Choice {
    Bit(usize),
    Read(Operand),
}

#[derive(Debug)]
pub(super) struct End {
    pub leaf: u32,
    pub asks: Vec<Ask>,
    pub applied: Vec<Ask>,
    /// What is stored to cells of the call's own, by key.
    pub stores: Vec<(usize, Operand)>,
    /// Whoever ends here demands exactly what it applies.
    pub exact: bool,
}

/// A sum that is demanded of a key, or applied to it; `side` is 0 for down, 1 for up.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ask {
    pub key: usize,
    pub side: usize,
    pub terms: Vec<Operand>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operand {
    Param(usize),
    Const(U256),
    Word(Register),
}

impl Plan {
    pub fn new(kernel: &Kernel, walker: &Walker) -> Self {
        let column = |param: &ExprId| walker.params.iter().position(|known| known == param).map(|at| walker.param_column(at));
        let mut writer = Writer::new(&kernel.exprs, |id| match (column(&id), kernel.exprs.get(id)) {
            (Some(first), _) => Origin::Source(Source::Param(first)),
            (None, Expr::Load(load)) => Origin::Source(Source::Load(walker.cell_column(kernel.load(*load).key))),
            (None, _) => Origin::Operation,
        });
        let alike = Alike::new(kernel, &walker.root);
        let mut words = Vec::new();
        gather(&walker.root, &mut words);
        let words: Vec<ExprId> = words.iter().map(|word| alike.first(*word)).filter(|word| kernel.exprs.has_loads(*word)).collect();
        words.iter().for_each(|word| writer.need(*word));
        let (tape, registers) = writer.finish();
        let words = words.into_iter().map(|word| registers.of(word)).collect();
        let mut looked_at = sentinels(walker, &walker.root);
        looked_at.extend(tape.sources().filter_map(|source| if let Source::Load(column) = source { Some(*column) } else { None }));
        looked_at.sort_unstable();
        looked_at.dedup();
        let builder = Builder { kernel, walker, alike, registers };
        let mut asked = vec![[false; 2]; kernel.keys.len()];
        builder.asks(&walker.root).iter().for_each(|ask| asked[ask.key][ask.side] = true);
        Self {
            root: builder.step(&walker.root, &[], &[]),
            tape,
            words,
            looked_at,
            bit_columns: walker.bits.len().div_ceil(32),
            cell_columns: kernel.key_ids().map(|key| walker.cell_column(key)).collect(),
            param_columns: (0..walker.params.len()).map(|param| walker.param_column(param)).collect(),
            asked,
        }
    }

    /// Visits rows of a part in groups, for which what is needed is computed; `room` is for it.
    pub fn groups(&self, part: &Part, base: &[Word], rows: Range<usize>, room: &mut Room, mut visit: impl FnMut(&mut Group<'_>)) {
        for first in rows.clone().step_by(SIDE_BY_SIDE) {
            let of_group = first..rows.end.min(first + SIDE_BY_SIDE);
            self.fetch(part, base, of_group.end..rows.end.min(of_group.end + SIDE_BY_SIDE));
            self.tape.begin(of_group.len(), room);
            visit(&mut Group { plan: self, part, base, rows: of_group, room });
        }
    }

    /// Visits them one by one, with all that any of them may look at.
    pub fn each(&self, part: &Part, base: &[Word], rows: Range<usize>, room: &mut Room, mut visit: impl FnMut(&Row<'_>)) {
        self.groups(part, base, rows, room, |group| {
            group.need_all();
            group.each().for_each(|row| visit(&row));
        });
    }

    /// A row of which nothing is computed.
    pub fn row<'a>(&'a self, part: &'a Part, base: &'a [Word], row: usize) -> Row<'a> {
        Row { plan: self, part, base, row, evaluated: self.tape.evaluated(1, &[]), at: 0 }
    }

    /// Has the cells fetched that rows look at.
    fn fetch(&self, part: &Part, base: &[Word], rows: Range<usize>) {
        for column in &self.looked_at {
            let cells = part.columns[*column][rows.clone()].iter();
            cells.filter_map(|cell| base.get(*cell as usize)).for_each(prefetch);
        }
    }

    /// Room for what a row demands, `[down, up]` of each key.
    pub fn demands(&self) -> Vec<[Total; 2]> {
        vec![[NOTHING; 2]; self.cell_columns.len()]
    }
}

impl Source {
    /// The words of rows from `first` on.
    fn write(self, part: &Part, base: &[Word], first: usize, words: &mut [U256]) {
        match self {
            Self::Param(column) => {
                let limbs: [&[u32]; LIMBS] = std::array::from_fn(|limb| part.columns[column + limb].get(first..).unwrap_or(&[]));
                for (at, word) in words.iter_mut().enumerate() {
                    *word = from_word(&limbs.map(|limb| limb.get(at).copied().unwrap_or(0)));
                }
            }
            Self::Load(column) => {
                let cells = &part.columns[column][first..];
                words.iter_mut().zip(cells).for_each(|(word, cell)| *word = base.get(*cell as usize).map(from_word).unwrap_or_default());
            }
        }
    }
}

/// The words that a walk looks at.
fn gather(walk: &Walk, words: &mut Vec<ExprId>) {
    words.extend(walk.words());
    walk.below().into_iter().for_each(|walk| gather(walk, words));
}

/// The columns of cells that are compared with MAX.
fn sentinels(walker: &Walker, walk: &Walk) -> Vec<usize> {
    let mut columns: Vec<usize> = walk.below().into_iter().flat_map(|walk| sentinels(walker, walk)).collect();
    if let Walk::Sentinel { key, .. } = walk {
        columns.push(walker.cell_column(*key));
    }
    columns
}

struct Builder<'a> {
    kernel: &'a Kernel,
    walker: &'a Walker,
    alike: Alike,
    registers: Registers,
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
            Walk::Leaf { leaf, stores, .. } => {
                let applied = self.own_asks(walk);
                let mut demanded = made.iter().chain(others);
                // What is applied is demanded too, so it is enough that nothing else is.
                let exact = demanded.all(|ask| applied.contains(ask));
                let stores = stores.iter().map(|(key, value)| (key.index(), self.operand(*value))).collect();
                Step::End(End { leaf: leaf.index() as u32, asks: new(applied.clone(), made), applied, stores, exact })
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
        match (self.walker.params.iter().position(|param| *param == id), self.kernel.exprs.get(id)) {
            (Some(param), _) => Operand::Param(param),
            (None, Expr::Const(value)) => Operand::Const(*value),
            (None, _) => Operand::Word(self.registers.of(self.alike.first(id))),
        }
    }
}

/// Those that have not been made yet.
fn new(asks: Vec<Ask>, made: &[Ask]) -> Vec<Ask> {
    asks.into_iter().filter(|ask| !made.contains(ask)).collect()
}

/// Rows that are gone through side by side.
pub(super) struct Group<'a> {
    pub plan: &'a Plan,
    part: &'a Part,
    base: &'a [Word],
    pub rows: Range<usize>,
    room: &'a mut Room,
}

impl<'a> Group<'a> {
    /// Its rows, with what has been computed for them.
    pub fn each(&self) -> impl ExactSizeIterator<Item = Row<'_>> + Clone {
        let Self { plan, part, base, .. } = *self;
        let evaluated = plan.tape.evaluated(self.rows.len(), &self.room.words);
        self.rows.clone().enumerate().map(move |(at, row)| Row { plan, part, base, row, evaluated, at })
    }

    /// Computes a word for all rows.
    pub fn need(&mut self, operand: &Operand) {
        if let Operand::Word(register) = operand {
            let source = |source: &Source, words: &mut [U256]| source.write(self.part, self.base, self.rows.start, words);
            self.plan.tape.need(*register, self.rows.len(), &source, self.room);
        }
    }

    /// Computes all words.
    pub fn need_all(&mut self) {
        self.plan.words.iter().for_each(|register| self.need(&Operand::Word(*register)));
    }

    /// What a choice comes to, where it is the same for all.
    pub fn decides(&mut self, choice: &Choice) -> Option<bool> {
        if let Choice::Read(condition) = choice {
            self.need(condition);
        }
        let mut rows = self.each().map(|row| row.holds(choice));
        let first = rows.next()?;
        rows.fold(true, |same, holds| same & (holds == first)).then_some(first)
    }
}

/// One row of a stream.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    pub plan: &'a Plan,
    part: &'a Part,
    base: &'a [Word],
    row: usize,
    evaluated: Evaluated<'a>,
    /// Its place among those evaluated.
    at: usize,
}

impl<'a> Row<'a> {
    fn column(&self, column: usize) -> u32 {
        self.part.word(column, self.row)
    }

    /// The keys with their cells, which may be `NO_CELL`.
    pub fn cells(&self) -> impl Iterator<Item = (usize, u32)> {
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
    pub fn end(&self) -> &'a End {
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
    pub fn demand(&self, demands: &mut [[Total; 2]]) {
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

    pub fn sum(&self, terms: &[Operand]) -> Total {
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

    /// The cell that a key names, which may be `NO_CELL`.
    pub fn cell(&self, key: usize) -> u32 {
        self.column(self.plan.cell_columns[key])
    }

    pub fn word(&self, operand: &Operand) -> Word {
        match operand {
            Operand::Param(param) => self.param(*param),
            operand => to_word(self.value(operand)),
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

    pub fn value(&self, operand: &Operand) -> U256 {
        match operand {
            Operand::Param(param) => from_word(&self.param(*param)),
            Operand::Const(value) => *value,
            Operand::Word(register) => *self.evaluated.column(*register).word(self.at),
        }
    }
}
