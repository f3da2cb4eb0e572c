//! Courses: the ways through a walk that the bits of a row decide alone, as most do. Rows of one course are gone through column by column,
//! and nothing is decided row by row.

use super::rows::{Ask, Choice, Operand, Plan, Step};
use crate::exec::segment::Part;
use alloy_primitives::U256;

/// What rows with the same bits demand, and where they end.
#[derive(Clone)]
pub(super) struct Course {
    pub demands: Vec<Demand>,
    /// `None` where that hangs on cells.
    pub end: Option<Finish>,
}

/// The leaf that rows end at.
#[derive(Clone)]
pub(super) struct Finish {
    pub leaf: u32,
    /// They demand exactly what they apply.
    pub exact: bool,
    /// What they store, by key.
    pub stores: Vec<(usize, Amount)>,
}

/// An amount that is demanded of a key; the side is 0 for down, 1 for up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Demand {
    pub key: usize,
    pub side: usize,
    pub amount: Amount,
}

/// A word that needs no computing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Amount {
    Param(usize),
    Const(U256),
}

impl Amount {
    fn of(operand: &Operand) -> Option<Self> {
        match operand {
            Operand::Param(param) => Some(Self::Param(*param)),
            Operand::Const(value) => Some(Self::Const(*value)),
            Operand::Word(_) => None,
        }
    }
}

/// The course of one row after another: most have that of the row before.
#[derive(Default)]
pub(super) struct Courses {
    last: Option<(u32, Option<Course>)>,
}

impl Courses {
    pub fn of(&mut self, plan: &Plan, part: &Part, row: usize) -> Option<&Course> {
        let bits = match plan.bit_columns {
            0 => 0,
            1 => part.columns[0][row],
            _ => return None,
        };
        if self.last.as_ref().is_none_or(|(last, _)| *last != bits) {
            self.last = Some((bits, Course::new(plan, bits)));
        }
        self.last.as_ref()?.1.as_ref()
    }
}

impl Course {
    /// The course of rows with these bits; `None` where cells decide what they demand, or where that has to be computed.
    pub fn new(plan: &Plan, bits: u32) -> Option<Self> {
        let mut course = Self { demands: vec![], end: None };
        course.end = course.follow(&plan.root, bits)?;
        Some(course)
    }

    /// Where the walk ends, if that is certain; what it demands on all its ways is noted.
    fn follow(&mut self, mut step: &Step, bits: u32) -> Option<Option<Finish>> {
        loop {
            step = match step {
                Step::Choose { choice: Choice::Bit(bit), yes, no } => {
                    if bits >> bit & 1 == 1 {
                        yes
                    } else {
                        no
                    }
                }
                Step::Choose { .. } => return None,
                Step::Sentinel { equal, other, .. } => {
                    self.follow(equal, bits)?;
                    self.follow(other, bits)?;
                    return Some(None);
                }
                Step::Guard { asks, pass, fail } => {
                    self.note(asks)?;
                    if let Some(fail) = fail {
                        self.follow(fail, bits)?;
                    }
                    pass
                }
                Step::End(end) => {
                    self.note(&end.asks)?;
                    let stores = end.stores.iter().map(|(key, value)| Some((*key, Amount::of(value)?)));
                    return Some(Some(Finish { leaf: end.leaf, exact: end.exact, stores: stores.collect::<Option<_>>()? }));
                }
            };
        }
    }

    fn note(&mut self, asks: &[Ask]) -> Option<()> {
        for ask in asks {
            let [term] = &ask.terms[..] else { return None };
            let demand = Demand { key: ask.key, side: ask.side, amount: Amount::of(term)? };
            let same = |known: &&Demand| (known.key, known.side) == (demand.key, demand.side);
            match self.demands.iter().find(same) {
                None => self.demands.push(demand),
                // Of several amounts the most counts, which only the row knows.
                Some(known) if *known != demand => return None,
                Some(_) => {}
            }
        }
        Some(())
    }
}
